"""The page of a computing run agrees with the ledger at every moment (promise B8, short)."""

import random
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import Error, connection
from django.test import Client

from accounts.models import Region
from accounts.permissions import Role
from levy.models import AssessmentRun, RunState
from levy.services import runs
from tests.accounts.factories import RegionFactory
from tests.quota.factories import EmployerFactory, regional_number, verified_year

EMPLOYERS = 24
POLLS = 200
SEED = 20261122
COUNT = re.compile(r"已计算([\d,]+)户")
DONE = "明细摘要"  # stands only on the page of a run that is through


@pytest.fixture
def run(transactional_db: None) -> AssessmentRun:
    for kind, value in (("required_ratio", "0.015"), ("social_average_wage", "84876.00")):
        regional_number(kind, value)
    for _employer in range(EMPLOYERS):
        verified_year(EmployerFactory(region=RegionFactory(code="140105")))
    province = Region.objects.get(code="140000")
    return runs.start_run(levy_year=2025, region=province, actor=None, slice_employers=1)


@pytest.fixture
def page(run: AssessmentRun, signed_in: Callable[..., Client]) -> Callable[[], str]:
    reader = signed_in(Role.LEVY_OFFICER, "140000")
    return lambda: reader.get(run.get_absolute_url()).content.decode()


class Worker(threading.Thread):
    """Does a slice on each signal, over its own connection."""

    def __init__(self, run: AssessmentRun) -> None:
        super().__init__(daemon=True)
        self.work, self.turns, self.pid = run, threading.Semaphore(0), 0

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.pid = cursor.fetchone()[0]
            for part in self.work.slices.order_by("number"):
                self.turns.acquire()
                runs.assess_slice(run_id=self.work.pk, number=part.number)
        except Error:
            return  # its connection was killed
        finally:
            connection.close()


@pytest.fixture
def worker(run: AssessmentRun) -> Iterator[Worker]:
    thread = Worker(run)
    thread.start()
    yield thread
    thread.turns.release(EMPLOYERS)
    thread.join()


def counted(run: AssessmentRun) -> int:
    """Counts of rows, not the sums that the page adds up."""
    return run.assessments.count()


def faults_of(page: str, before: int, after: int, *, is_over: bool) -> str:
    """The fault of a page that was requested between two counts; "" if none."""
    shown = COUNT.search(page)
    if shown is None:
        return "" if is_over and DONE in page else "no count"
    number = int(shown[1].replace(",", ""))
    return "" if before <= number <= after and DONE not in page else f"shown {number}, stored {before} to {after}"


def polled(run: AssessmentRun, page: Callable[[], str]) -> str:
    before, shown, after = counted(run), page(), counted(run)
    run.refresh_from_db()
    return faults_of(shown, before, after, is_over=run.state != RunState.COMPUTING)


def test_at_each_of_200_random_polls_the_shown_count_is_the_stored_one(
    run: AssessmentRun, worker: Worker, page: Callable[[], str]
) -> None:
    moments = random.Random(SEED)
    turns = set(moments.sample(range(POLLS - 20), EMPLOYERS))
    for poll in range(POLLS):
        if poll in turns:
            worker.turns.release()
        assert polled(run, page) == "", f"poll {poll}"
    worker.join()
    assert polled(run, page) == ""
    assert DONE in page()


def test_a_killed_run_never_shows_as_done(run: AssessmentRun, worker: Worker, page: Callable[[], str]) -> None:
    worker.turns.release(EMPLOYERS // 3)
    while counted(run) < EMPLOYERS // 3:
        assert polled(run, page) == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [worker.pid])
    worker.turns.release(EMPLOYERS)
    worker.join()
    left = counted(run)
    assert left < EMPLOYERS
    for _poll in range(10):
        assert polled(run, page) == ""
        assert DONE not in page()
    for _progress in runs.work_off(run):
        pass
    assert DONE in page()


@pytest.mark.parametrize("page", ["已计算5户，共9户", "已计算3户，共9户", "", f"已计算4户{DONE}", DONE])
def test_twin_a_page_that_tells_something_else_is_found(page: str) -> None:
    assert faults_of("已计算4户，共9户", 4, 4, is_over=False) == ""
    assert faults_of(page, 4, 4, is_over=False) != ""
