"""The limits of a worker's processes.

One that asks for too much memory fails alone, and its worker continues (promise B7); people's pages have priority
(promise G2).
"""

import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from django.db import connection

from accounts.models import Region
from levy.models import AssessmentRun, AssessmentSlice, SliceState
from levy.services import runs
from levy.tasks import assess_slice
from tests.accounts.factories import RegionFactory
from tests.conftest import running_worker
from tests.quota.factories import EmployerFactory, regional_number, verified_year

pytestmark = pytest.mark.system
MANY = 40_000  # employers of the slice that asks for too much
ROOM = 4 * 1024 * 1024
QUEUE = "bounded"  # that no other worker takes from


@pytest.fixture
def run(transactional_db: None) -> AssessmentRun:
    regional_number("required_ratio", "0.015")
    regional_number("social_average_wage", "84876.00")
    county = RegionFactory(code="140105")
    verified_year(EmployerFactory(region=county))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO quota_employer (uscc, name, region_id, entity_type, is_school, ownership, status)"
            " SELECT 'T' || lpad(n::text, 17, '0'), 'n', '140105', 'enterprise', false, '', ''"
            f" FROM generate_series(1, {MANY}) n"
        )
    province = Region.objects.get(code="140000")
    return runs.start_run(levy_year=2025, region=province, actor=None, slice_employers=MANY)


@pytest.fixture
def new_worker(django_db_setup: None) -> Iterator[Popen[bytes]]:
    """A separate worker: the suite's worker replaces a process after so many tasks, and the new one would have no
    bound."""
    with running_worker("new", QUEUE) as process:
        yield process


def test_a_slice_without_memory_is_put_aside_and_the_worker_goes_on(
    run: AssessmentRun, new_worker: Popen[bytes], eventually: Callable[..., None]
) -> None:
    for attempt in range(1, runs.MAX_ATTEMPTS + 1):
        bound(new_worker)
        assess_slice.apply_async((run.pk, 0), queue=QUEUE)
        eventually(lambda attempt=attempt: first(run).attempts == attempt, "the failure was not counted")
    assert (first(run).state, first(run).error) == (SliceState.QUARANTINED, "MemoryError")
    assert new_worker.poll() is None
    free(new_worker)
    assess_slice.apply_async((run.pk, 1), queue=QUEUE)
    eventually(lambda: run.slices.get(number=1).state == SliceState.DONE, "the worker does nothing any more")


def test_people_go_before_a_worker(celery_worker: Popen[bytes]) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert min(os.getpriority(os.PRIO_PROCESS, pid) for pid in children(celery_worker)) > ours


def first(run: AssessmentRun) -> AssessmentSlice:
    return run.slices.get(number=0)


def children(worker: Popen[bytes]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]


def bound(worker: Popen[bytes]) -> None:
    """Leave each of the worker's processes little more memory than it has."""
    for pid in children(worker):
        status = Path(f"/proc/{pid}/status").read_text().split("VmData:")[1]
        resource.prlimit(pid, resource.RLIMIT_DATA, (int(status.split()[0]) * 1024 + ROOM, -1))


def free(worker: Popen[bytes]) -> None:
    for pid in children(worker):
        resource.prlimit(pid, resource.RLIMIT_DATA, (-1, -1))
