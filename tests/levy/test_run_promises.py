"""The promises of the run under any disturbance, each with a twin that lacks the guard and must fail.

A2 a re-run is identical, A3 nobody is assessed twice, A4 one live run per year and region, A11 is in test_runs.
"""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction

from accounts.models import Region
from accounts.permissions import Role
from levy.errors import RunAlreadyLive
from levy.models import AssessmentRun, AssessmentSlice, RunState, SliceState
from levy.queries.policy import terms_by_region
from levy.services import runs
from levy.services.slices import write_slice
from levy.tasks import assess_slice
from quota.enums import NumberKind
from tests.accounts.factories import RegionFactory, officer
from tests.conftest import test_database_url
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tools.roles import as_owner

ROOT = Path(__file__).resolve().parents[2]
YEAR = 2025
COUNTIES = ("140105", "140106", "140202")


@pytest.fixture
def province(transactional_db: None) -> Region:
    """Thirty employers of very different sizes in three counties."""
    chance = random.Random(72)
    for code in ("140100", "140200"):
        RegionFactory(code=code)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "84876.00")
    for number in range(30):
        staff = chance.choice((3, 29, 31, 67, 230, 1999))
        verified_year(
            EmployerFactory(region=RegionFactory(code=COUNTIES[number % 3])),
            staff=staff,
            wages=f"{staff * chance.randint(20_000, 180_000)}.{chance.randint(0, 99):02d}",
            credited=chance.randint(0, 24),
        )
    return Region.objects.get(code="140000")


def start(province: Region, slice_employers: int) -> AssessmentRun:
    return runs.start_run(levy_year=YEAR, region=province, actor=None, slice_employers=slice_employers)


def discard(run: AssessmentRun) -> None:
    AssessmentRun.objects.filter(pk=run.pk).update(state=RunState.DISCARDED)


def doubled(run: AssessmentRun) -> int:
    """Employers with more than one row in the run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT employer_id FROM levy_assessment WHERE run_id = %s"
            " GROUP BY employer_id HAVING count(*) > 1) twice",
            [run.pk],
        )
        return int(cursor.fetchone()[0])


# A2


def digest_elsewhere(slice_employers: int, environment: dict[str, str]) -> str:
    """Start and work off a run in a separate process; prints the digest."""
    code = (
        "import django; django.setup()\n"
        "from accounts.models import Region\n"
        "from levy.services import runs\n"
        f"run = runs.start_run(levy_year={YEAR}, region=Region.objects.get(code='140000'), actor=None,"
        f" slice_employers={slice_employers})\n"
        "list(runs.work_off(run)); run.refresh_from_db(); print(run.pk, run.digest, run.payable_total)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | {"DATABASE_URL": test_database_url()} | environment,
    )  # fmt: skip
    run_id, digest = done.stdout.strip().split(" ", 1)
    discard(AssessmentRun(pk=int(run_id)))
    return digest


def test_a_rerun_is_identical_whatever_the_slices_time_zone_and_hash_seed(province: Region) -> None:
    digests = {
        digest_elsewhere(1, {"TZ": "UTC", "PYTHONHASHSEED": "1"}),
        digest_elsewhere(7, {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "2"}),
        digest_elsewhere(1000, {"TZ": "America/New_York", "PYTHONHASHSEED": "random"}),
    }
    assert len(digests) == 1


def test_twin_a_run_over_other_facts_has_another_digest(province: Region) -> None:
    before = digest_elsewhere(7, {})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE quota_headcountreturn SET total_wages = total_wages + 1200 WHERE id ="
            " (SELECT max(id) FROM quota_headcountreturn WHERE staff_months > 12000)"
        )
    assert digest_elsewhere(7, {}) != before


# A3


def test_messages_sent_three_times_and_shuffled_assess_nobody_twice(
    province: Region, celery_worker: object, eventually: Callable[..., None]
) -> None:
    run = start(province, 3)
    messages = [number for number in run.slices.values_list("number", flat=True) for _copy in range(3)]
    random.Random(26).shuffle(messages)
    for number in messages:
        assess_slice.delay(run.pk, number)
    eventually(lambda: AssessmentRun.objects.get(pk=run.pk).state == RunState.DRAFT, "the run did not finish")
    assert doubled(run) == 0
    assert run.assessments.count() == 30


def naive_slice(run: AssessmentRun, number: int) -> None:
    """The slice without its guards: no lock, no check of the state, no unique key."""
    part = AssessmentSlice.objects.get(run=run, number=number)
    write_slice(part.run, part, terms_by_region(run.policy_version))


def test_twin_without_the_guards_employers_are_doubled(province: Region) -> None:
    run = start(province, 3)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE levy_assessment DROP CONSTRAINT one_assessment_per_run")
        try:
            for number in [0, 0, 1]:
                naive_slice(run, number)
            assert doubled(run) == 3
        finally:
            cursor.execute("DELETE FROM levy_assessment")
            cursor.execute(
                "ALTER TABLE levy_assessment ADD CONSTRAINT one_assessment_per_run UNIQUE (run_id, employer_id)"
            )


def test_two_workers_at_one_slice_write_it_once(province: Region) -> None:
    run = start(province, 1000)
    at_once(lambda: runs.assess_slice(run_id=run.pk, number=0), 4)
    assert run.slices.get().state == SliceState.DONE
    assert (doubled(run), run.assessments.count()) == (0, 30)


def discarded_while(run: AssessmentRun, work: Callable[[Callable[[], object]], None]) -> None:
    """Discard the run when the work, in a separate thread, calls the given function."""
    written, may_go_on = threading.Event(), threading.Event()

    def pause() -> None:
        written.set()
        may_go_on.wait(1)

    def worker() -> None:
        try:
            work(pause)
        finally:
            connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    assert written.wait(20)
    runs.discard_run(run=run, actor=officer(Role.LEVY_OFFICER, "140000"), reason="参数更正")
    may_go_on.set()
    thread.join()


def test_a_slice_written_while_its_run_is_discarded_leaves_no_rows(
    province: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(province, 15)

    def interrupted(pause: Callable[[], object]) -> None:
        monkeypatch.setattr(runs, "write_slice", lambda *given: (write_slice(*given), pause())[0])
        runs.assess_slice(run_id=run.pk, number=0)

    discarded_while(run, interrupted)
    assert run.assessments.count() == 0
    assert run.slices.get(number=0).state == SliceState.TODO


def test_a_run_that_is_discarded_waits_for_rows_on_their_way(province: Region) -> None:
    run = start(province, 15)

    def committed_late(pause: Callable[[], object]) -> None:
        with transaction.atomic():
            runs._do_slice(run.pk, 0)
            pause()

    discarded_while(run, committed_late)
    assert run.assessments.count() == 0


# A4


def at_once(act: Callable[[], object], people: int) -> list[Exception]:
    """Run one function in `people` threads at the same moment. Returns the refusals."""
    barrier, refusals = threading.Barrier(people), []

    def attempt() -> None:
        barrier.wait()
        try:
            act()
        except Exception as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


def start_anywhere(chance: random.Random) -> None:
    code = chance.choice(("140000", "140100", "140105"))
    runs.start_run(levy_year=YEAR, region=Region.objects.get(code=code), actor=None)


@pytest.mark.parametrize("round_number", range(3))
def test_of_ten_simultaneous_starts_above_and_below_each_other_one_wins(province: Region, round_number: int) -> None:
    chance = random.Random(round_number)
    refusals = at_once(lambda: start_anywhere(chance), 10)
    live = AssessmentRun.objects.filter(state=RunState.COMPUTING)
    assert live.count() == 1
    assert [type(refusal) for refusal in refusals] == [RunAlreadyLive] * 9
    assert {refusal.run_id for refusal in refusals} == {live.get().pk}


def test_twin_without_the_provinces_lock_a_county_runs_beside_its_province(
    province: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_refuse_overlap", lambda *_given, **_options: None)
    for code in ("140000", "140105"):
        runs.start_run(levy_year=YEAR, region=Region.objects.get(code=code), actor=None)
    assert AssessmentRun.objects.filter(state=RunState.COMPUTING).count() == 2
