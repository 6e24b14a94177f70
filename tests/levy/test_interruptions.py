"""A run that an outside cause stops pauses, names the cause and continues; a slice that kills its workers is put
aside."""

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import AdminShutdown, DiskFull

from accounts.models import Region
from accounts.permissions import Role
from levy.models import AssessmentRun, RunState, SliceState
from levy.models.runs import PauseReason
from levy.services import interruptions, runs
from quota.models import Employer
from tests.accounts.factories import RegionFactory
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tools.roles import as_owner

YEAR = 2025


@pytest.fixture
def run(transactional_db: None) -> AssessmentRun:
    for kind, value in (("required_ratio", "0.015"), ("social_average_wage", "84876.00")):
        regional_number(kind, value)
    for _employer in range(4):
        verified_year(EmployerFactory(region=RegionFactory(code="140105")))
    province = Region.objects.get(code="140000")
    return runs.start_run(levy_year=YEAR, region=province, actor=None, slice_employers=2)


def interrupted(run: AssessmentRun, cause: type[Exception] = AdminShutdown) -> AssessmentRun:
    failure = OperationalError()
    failure.__cause__ = cause()
    interruptions.note_interruption(run.pk, 0, failure)
    run.refresh_from_db()
    return run


def work_off(run: AssessmentRun) -> None:
    for _progress in runs.work_off(run):
        pass


def the_rest_is_over(run: AssessmentRun) -> None:
    AssessmentRun.objects.filter(pk=run.pk).update(paused_until="2026-01-01T00:00:00Z")


def test_a_full_disk_lets_the_run_rest_at_once_and_the_page_says_why(
    run: AssessmentRun, signed_in: Callable[..., Client]
) -> None:
    assert interrupted(run, DiskFull).paused_until is not None
    assert runs.due_slices(run.pk) == []
    runs.assess_slice(run_id=run.pk, number=0)
    assert run.slices.get(number=0).state == SliceState.TODO
    page = signed_in(Role.LEVY_OFFICER, "140000").get(run.get_absolute_url()).content.decode()
    assert "试算暂停：数据库存储空间不足" in page


def test_after_the_rest_the_run_goes_on_by_itself_and_forgets(run: AssessmentRun) -> None:
    interrupted(run, DiskFull)
    the_rest_is_over(run)
    assert len(runs.due_slices(run.pk)) == 2
    work_off(run)
    run.refresh_from_db()
    assert (run.state, run.interruptions, run.pause_reason, run.paused_until) == (RunState.DRAFT, 0, "", None)


def test_lost_connections_let_it_rest_after_twenty_in_a_row(run: AssessmentRun) -> None:
    for _time in range(interruptions.MAX_IN_A_ROW - 1):
        assert interrupted(run).paused_until is None
    interrupted(run)
    assert (run.paused_until is not None, run.pause_reason) == (True, PauseReason.NO_DATABASE)


def test_one_slice_done_ends_the_row(run: AssessmentRun) -> None:
    for _time in range(interruptions.MAX_IN_A_ROW - 1):
        interrupted(run)
    runs.assess_slice(run_id=run.pk, number=0)
    assert interrupted(run).paused_until is None


def test_a_lost_connection_in_the_middle_of_a_slice_is_noted_and_costs_no_attempt(run: AssessmentRun) -> None:
    """The database ends the session between the count of the start and the rows."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;"
            "CREATE TRIGGER end_session BEFORE INSERT ON levy_assessment FOR EACH ROW EXECUTE FUNCTION end_session()"
        )
    try:
        with pytest.raises(OperationalError):
            runs.assess_slice(run_id=run.pk, number=0)
        connection.close()
        run.refresh_from_db()
        part = run.slices.get(number=0)
        assert (run.interruptions, run.pause_reason) == (1, PauseReason.NO_DATABASE)
        assert (part.state, part.attempts, part.unended_starts) == (SliceState.TODO, 0, 0)
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER end_session ON levy_assessment; DROP FUNCTION end_session")


def test_a_slice_that_takes_its_workers_along_is_put_aside(
    run: AssessmentRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_given: object) -> None:
        raise SystemExit  # what follows a kill: no handler of ours runs

    with monkeypatch.context() as deadly:
        deadly.setattr(runs, "_do_slice", killed)
        for _worker in range(runs.MAX_UNENDED_STARTS):
            with pytest.raises(SystemExit):
                runs.assess_slice(run_id=run.pk, number=0)
    assert run.slices.get(number=0).state == SliceState.TODO
    runs.assess_slice(run_id=run.pk, number=0)
    part = run.slices.get(number=0)
    assert (part.state, part.error) == (SliceState.QUARANTINED, "WorkerLost")
    work_off(run)
    run.refresh_from_db()
    assert run.state == RunState.PARTIAL


def test_a_worker_killed_as_soon_as_it_counted_the_third_failure_has_put_the_slice_aside(
    run: AssessmentRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise ValueError

    def killed_after_counting(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith('UPDATE "levy_assessmentslice"') and '"attempts"' in sql:
            raise SystemExit
        return result

    with monkeypatch.context() as deadly, connection.execute_wrapper(killed_after_counting):
        deadly.setattr(runs, "_do_slice", fails)
        for _attempt in range(runs.MAX_ATTEMPTS):
            with pytest.raises(SystemExit):
                runs.assess_slice(run_id=run.pk, number=0)
    assert run.slices.get(number=0).state == SliceState.QUARANTINED


def test_a_start_that_ended_well_leaves_nothing(run: AssessmentRun) -> None:
    work_off(run)
    assert set(run.slices.values_list("unended_starts", flat=True)) == {0}


def test_the_page_says_when_nothing_has_moved_for_minutes(
    run: AssessmentRun, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.LEVY_OFFICER, "140000")
    assert "没有进展" not in client.get(run.get_absolute_url()).content.decode()
    AssessmentRun.objects.filter(pk=run.pk).update(started_at="2026-01-01T00:00:00Z")
    assert "没有进展" in client.get(run.get_absolute_url()).content.decode()
    runs.assess_slice(run_id=run.pk, number=0)
    assert "没有进展" not in client.get(run.get_absolute_url()).content.decode()


def test_a_slice_that_was_put_aside_names_its_employers_and_what_to_do(
    run: AssessmentRun, signed_in: Callable[..., Client]
) -> None:
    run.slices.filter(number=0).update(state=SliceState.QUARANTINED, error="WorkerLost")
    run.slices.filter(number=1).update(state=SliceState.QUARANTINED, error="ValueError")
    runs.finish_if_complete(run.pk)
    page = signed_in(Role.LEVY_OFFICER, "140000").get(run.get_absolute_url()).content.decode()
    for employer in Employer.objects.all():
        assert employer.uscc in page
    assert "计算进程多次意外中止" in page
    assert "连续计算失败" in page
    assert "ValueError" in page
