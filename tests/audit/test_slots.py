"""Periodic tasks run once in each slot of the database's clock, however often any scheduler sends them."""

import threading
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection

from audit.models import PeriodicSlot
from audit.slots import take_slot
from audit.tasks import seal
from config.tasks import SLOT

LONG = 10**9  # one slot for the whole test


def taken_by(people: int) -> int:
    """`people` schedulers at the same moment. Returns the number that got the slot."""
    barrier, won = threading.Barrier(people), []

    def attempt() -> None:
        barrier.wait()
        won.append(take_slot("a task", LONG))
        connection.close()

    threads = [threading.Thread(target=attempt) for _person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(won)


def test_of_eight_schedulers_at_once_one_gets_the_slot(transactional_db: None) -> None:
    assert taken_by(8) == 1
    assert taken_by(8) == 0


@pytest.mark.django_db
def test_the_next_slot_is_free_again_and_an_earlier_one_is_not() -> None:
    assert take_slot("a task", LONG)
    PeriodicSlot.objects.update(slot=-1)
    assert take_slot("a task", LONG)
    PeriodicSlot.objects.update(slot=10**6)  # a clock that was an hour ahead
    assert not take_slot("a task", LONG)
    assert PeriodicSlot.objects.get().taken == 2


def test_every_scheduled_task_carries_its_slot() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        if entry["task"].startswith("operations."):  # these only look, so that twice is as good as once
            continue
        assert entry["options"]["headers"] == {SLOT: entry["schedule"]}


def test_two_schedulers_have_it_done_once(
    transactional_db: None, celery_worker: object, eventually: Callable[..., None]
) -> None:
    for _scheduler in range(2):
        seal.apply_async(headers={SLOT: LONG}, retry=False)
    eventually(lambda: PeriodicSlot.objects.filter(task="audit.tasks.seal").exists(), "nothing was done")
    wait_for_the_second()
    assert PeriodicSlot.objects.get().taken == 1


def wait_for_the_second() -> None:
    """The queue keeps its order: a task sent now is done after the two earlier ones."""
    seal.apply_async(headers={SLOT: LONG + 1}, retry=False)
    time.sleep(1)


@pytest.mark.django_db
def test_what_somebody_asks_for_is_always_done() -> None:
    for _time in range(2):
        seal()
    assert not PeriodicSlot.objects.exists()
