"""The annual run: computed once, by the pinned policy, confirmed by two people, frozen afterwards."""

from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from collection.queries.account import ledger_of
from law.codes import EntityType
from law.policy import PolicyYearMissing
from levy.errors import (
    AssessedElsewhere,
    ParametersMissing,
    RunAlreadyConfirmed,
    RunAlreadyLive,
    RunIncomplete,
    TotalsDisagree,
)
from levy.models import Assessment, AssessmentRun, AssessmentSlice, RunState, SliceState
from levy.queries.explanations import explain
from levy.queries.totals import largest_changes, outcome_totals, region_totals, regions_of_run, run_sums
from levy.services import runs
from levy.tasks import send_slices, sweep
from quota.enums import NumberKind
from quota.models import Employer, RegionalNumber
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tools.roles import as_owner

YEAR = 2025
COUNTIES = ("140105", "140106", "140202")


@pytest.fixture
def province(db: None) -> None:
    for code in ("140000", "140100", "140200", *COUNTIES):
        RegionFactory(code=code)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "84876.00")


@pytest.fixture
def employers(province: None) -> None:
    """One of every outcome, spread over three counties."""
    for number, code in enumerate(COUNTIES):
        region = RegionFactory(code=code)
        verified_year(EmployerFactory(region=region), staff=100 + number, credited=0)
        verified_year(EmployerFactory(region=region), staff=100, credited=12)
        verified_year(EmployerFactory(region=region), staff=100, credited=24)
        verified_year(EmployerFactory(region=region), staff=30, credited=0)
        EmployerFactory(region=region)
        EmployerFactory(region=region, entity_type=EntityType.SOLE_TRADER)
        EmployerFactory(region=region, registered_staff=Decimal("45.5"), registered_wages=Decimal("3000000.00"))


def levy_officer(code: str = "140000") -> User:
    return officer(Role.LEVY_OFFICER, code)


def finished_run(*, slice_employers: int = 4, region: str = "140000", year: int = YEAR) -> AssessmentRun:
    run = runs.start_run(
        levy_year=year, region=RegionFactory(code=region), actor=levy_officer(region), slice_employers=slice_employers
    )
    for _progress in runs.work_off(run):
        pass
    run.refresh_from_db()
    return run


def confirmed_run(**options: object) -> AssessmentRun:
    run = finished_run(**options)
    runs.check_run(run=run, actor=levy_officer(run.region_id))
    return runs.confirm_run(run=run, actor=levy_officer(run.region_id))


def rows_of(run: AssessmentRun) -> list[tuple]:
    return list(run.assessments.order_by("employer").values_list("employer", "outcome", "gross", "relief", "payable"))


def test_every_employer_of_the_region_is_assessed_once(employers: None) -> None:
    run = finished_run()
    assert run.state == RunState.DRAFT
    assert run.employer_count == run.assessments.values("employer").distinct().count() == 21
    assert {row.code: row.employers for row in outcome_totals(run_sums(run))} == {
        "met": 3, "exempt": 3, "half": 3, "ninety": 6, "missing": 3, "not_liable": 3,
    }  # fmt: skip


def test_the_result_does_not_depend_on_how_the_run_was_cut(employers: None) -> None:
    first = finished_run(slice_employers=1)
    rows = rows_of(first)
    runs.discard_run(run=first, actor=levy_officer(), reason="重算")
    second = finished_run(slice_employers=1000)
    assert (rows_of(second), second.digest, second.payable_total) == (rows, first.digest, first.payable_total)


def test_explaining_a_stored_assessment_gives_the_stored_figures(employers: None) -> None:
    for assessment in finished_run().assessments.select_related("run__policy_version"):
        explained = explain(assessment)
        stored = (assessment.outcome, assessment.gross, assessment.relief, assessment.payable)
        assert (explained.outcome, explained.gross, explained.relief, explained.payable) == stored
        assert explained.steps


def test_totals_of_a_region_are_the_sums_of_what_lies_below(employers: None) -> None:
    run = finished_run()
    lines = {row.code: row.payable for row in region_totals(run_sums(run), regions_of_run(run))}
    assert lines["140000"] == run.payable_total
    assert lines["140000"] == lines["140100"] + lines["140200"]
    assert lines["140100"] == lines["140105"] + lines["140106"]


def test_a_slice_done_twice_changes_nothing(employers: None) -> None:
    run = finished_run()
    before = rows_of(run)
    runs.assess_slice(run_id=run.pk, number=0)
    AssessmentRun.objects.filter(pk=run.pk).update(state=RunState.COMPUTING)
    runs.assess_slice(run_id=run.pk, number=0)
    assert rows_of(run) == before


def test_the_database_refuses_a_second_assessment_of_one_employer(employers: None) -> None:
    run = finished_run()
    AssessmentRun.objects.filter(pk=run.pk).update(state=RunState.COMPUTING)
    run.slices.filter(number=0).update(state=SliceState.TODO)
    with pytest.raises(DatabaseError, match="one_assessment_per_run"):
        runs.assess_slice(run_id=run.pk, number=0)


def test_parameters_changed_during_a_run_touch_only_later_runs(employers: None) -> None:
    run = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140000"), actor=None, slice_employers=4)
    runs.assess_slice(run_id=run.pk, number=0)
    RegionalNumber.objects.filter(kind=NumberKind.REQUIRED_RATIO).update(value=Decimal("0.017"))
    for _progress in runs.work_off(run):
        pass
    ratios = {step.formula for a in run.assessments.filter(outcome="ninety") for step in explain(a).steps}
    assert any("1.5%" in formula for formula in ratios)
    assert not any("1.7%" in formula for formula in ratios)
    run.refresh_from_db()
    runs.discard_run(run=run, actor=levy_officer(), reason="参数更正")
    assert finished_run().digest != run.digest


def test_a_run_of_a_region_above_or_below_a_live_one_is_refused(employers: None) -> None:
    live = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140105"), actor=None)
    for code in ("140105", "140100", "140000"):
        with pytest.raises(RunAlreadyLive) as refusal:
            runs.start_run(levy_year=YEAR, region=RegionFactory(code=code), actor=None)
        assert refusal.value.run_id == live.pk
    assert runs.start_run(levy_year=YEAR, region=RegionFactory(code="140106"), actor=None).pk


def test_a_year_that_is_confirmed_is_not_said_to_be_in_progress(employers: None) -> None:
    run = confirmed(finished_run(region="140105"))
    for code in ("140105", "140000"):
        with pytest.raises(RunAlreadyConfirmed, match=rf"已核定（批次{run}）.*更正") as refusal:
            runs.start_run(levy_year=YEAR, region=RegionFactory(code=code), actor=None)
        assert refusal.value.run_id == run.pk


def confirmed(run: AssessmentRun) -> AssessmentRun:
    runs.check_run(run=run, actor=levy_officer())
    return runs.confirm_run(run=run, actor=levy_officer())


def test_an_employer_that_moved_after_the_confirmation_owes_the_year_once(employers: None) -> None:
    first = confirmed(finished_run(region="140105"))
    mover = first.assessments.filter(payable__gt=0).first().employer
    Employer.objects.filter(pk=mover.pk).update(region="140106")
    second = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140106"), actor=None)
    assert second.employer_count == 7
    for _progress in runs.work_off(second):
        pass
    second.refresh_from_db()
    assert confirmed(second).employer_count == 7
    due = Assessment.objects.current().get(employer=mover, levy_year=YEAR)
    assert due.run_id == first.pk
    assert ledger_of(mover).balance == due.payable
    assert confirmed(finished_run(region="140106", year=YEAR - 1)).assessments.filter(employer=mover).exists()


def test_an_employer_that_moved_between_two_open_runs_is_confirmed_in_one(employers: None) -> None:
    first = finished_run(region="140105")
    mover = first.assessments.filter(payable__gt=0).first().employer
    Employer.objects.filter(pk=mover.pk).update(region="140106", name="迁址机械厂")
    second = finished_run(region="140106")
    confirmed(first)
    with pytest.raises(AssessedElsewhere, match=r"1户.*迁址机械厂"):
        confirmed(second)
    runs.discard_run(run=second, actor=levy_officer(), reason="单位迁入")
    assert confirmed(finished_run(region="140106")).employer_count == 7


def test_a_year_without_national_rules_is_refused(employers: None) -> None:
    with pytest.raises(PolicyYearMissing):
        finished_run(year=2027)


def test_a_region_without_parameters_is_named_before_anything_is_computed(province: None) -> None:
    EmployerFactory(region=RegionFactory(code="150102"))
    with pytest.raises(ParametersMissing, match="150102"):
        runs.start_run(levy_year=YEAR, region=RegionFactory(code="150000"), actor=None)


def test_an_officer_of_another_province_cannot_start_a_run(employers: None) -> None:
    with pytest.raises(PermissionMissing):
        runs.start_run(levy_year=YEAR, region=RegionFactory(code="140000"), actor=levy_officer("150000"))


def test_whoever_checked_a_run_does_not_confirm_it(employers: None) -> None:
    run, person = finished_run(), levy_officer()
    runs.check_run(run=run, actor=person)
    with pytest.raises(SecondPersonNeeded):
        runs.confirm_run(run=run, actor=person)
    run.refresh_from_db()
    assert run.state == RunState.CHECKED


def test_a_run_is_not_confirmed_unchecked(employers: None) -> None:
    with pytest.raises(TransitionNotAllowed):
        runs.confirm_run(run=finished_run(), actor=levy_officer())


def test_a_confirmed_run_leaves_its_steps_in_the_trail(employers: None) -> None:
    run = confirmed_run()
    actions = list(AuditEntry.objects.filter(object_id=str(run.pk)).order_by("id").values_list("action", flat=True))
    assert actions == ["levy.assessmentrun.start", "levy.assessmentrun.check", "levy.assessmentrun.confirm"]


def test_a_fen_too_much_anywhere_stops_the_confirmation(employers: None) -> None:
    run = finished_run()
    runs.check_run(run=run, actor=levy_officer())
    part = run.slices.filter(payable_total__gt=0).first()
    AssessmentSlice.objects.filter(pk=part.pk).update(payable_total=part.payable_total + Decimal("0.01"))
    with pytest.raises(TotalsDisagree):
        runs.confirm_run(run=run, actor=levy_officer())


@pytest.mark.django_db(transaction=True)
def test_a_row_changed_behind_the_systems_back_stops_the_confirmation(employers: None) -> None:
    run = finished_run()
    runs.check_run(run=run, actor=levy_officer())
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE levy_assessment DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE levy_assessment SET gross = gross + 0.01, payable = payable + 0.01 "
            "WHERE id = (SELECT id FROM levy_assessment WHERE outcome = 'ninety' LIMIT 1)"
        )
        cursor.execute("ALTER TABLE levy_assessment ENABLE TRIGGER USER")
    with pytest.raises(TotalsDisagree):
        runs.confirm_run(run=run, actor=levy_officer())


WRITE_PATHS = [
    lambda row: row.save(),
    lambda row: row.delete(),
    lambda row: Assessment.objects.filter(pk=row.pk).update(payable=0),
    lambda row: Assessment.objects.bulk_update([row], ["payable"]),
    lambda row: Assessment.objects.filter(pk=row.pk).delete(),
    lambda row: execute(f"UPDATE levy_assessment SET payable = 0, relief = gross WHERE id = {row.pk}"),
    lambda row: execute(f"DELETE FROM levy_assessment WHERE id = {row.pk}"),
    lambda row: execute(
        "INSERT INTO levy_assessment (run_id, employer_id, levy_year, region_id, entity_type, outcome,"
        f" transferred_staff_months, is_registered_staff) SELECT {row.run_id}, max(employer_id) + 1, 2025, '140105',"
        " 'enterprise', 'missing', 0, false FROM levy_assessment"
    ),
]


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("number", range(len(WRITE_PATHS)))
def test_no_path_edits_a_confirmed_assessment(employers: None, number: int) -> None:
    run = confirmed_run()
    before = rows_of(run)
    row = run.assessments.filter(outcome="ninety").first()
    row.payable = Decimal(0)
    for who in (nullcontext, as_owner):
        with who(), pytest.raises(DatabaseError), transaction.atomic():
            WRITE_PATHS[number](row)
    assert rows_of(run) == before


def test_discarding_needs_a_reason_and_is_refused_once_confirmed(employers: None) -> None:
    run = finished_run()
    with pytest.raises(ReasonMissing):
        runs.discard_run(run=run, actor=levy_officer(), reason=" ")
    runs.discard_run(run=run, actor=levy_officer(), reason="数据补正后重算")
    assert not run.assessments.exists()
    with pytest.raises(TransitionNotAllowed):
        runs.discard_run(run=confirmed_run(), actor=levy_officer(), reason="不可")


def test_what_changed_most_against_last_year_comes_with_its_reason(employers: None) -> None:
    employer = EmployerFactory(region=RegionFactory(code="140105"))
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "150000", region="150000")
    verified_year(employer, levy_year=2024, staff=1000, wages="60000000.00", credited=180)
    verified_year(employer, levy_year=2025, staff=1000, wages="60000000.00", credited=0)
    confirmed_run(year=2024)
    top = largest_changes(finished_run())[0]
    assert top.assessment.employer == employer
    assert top.difference == Decimal("810000.00")
    assert "安排人月由180变为0" in top.reasons


def test_a_slice_that_fails_three_times_is_put_aside_and_the_run_cannot_be_confirmed(employers: None) -> None:
    run = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140000"), actor=None, slice_employers=7)
    poison = run.policy_version
    broken = dict(poison.content["regions"]["140105"], settings={"staff_rounding": {"value": "?", "document": ""}})
    type(poison).objects.filter(pk=poison.pk).update(
        content=poison.content | {"regions": poison.content["regions"] | {"140105": broken}}
    )
    for _attempt in range(3):
        with pytest.raises(ValueError, match="staff_rounding"):
            runs.assess_slice(run_id=run.pk, number=0)
    assert run.slices.get(number=0).state == SliceState.QUARANTINED
    run.slices.filter(state=SliceState.TODO).update(state=SliceState.QUARANTINED)
    runs.finish_if_complete(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PARTIAL
    with pytest.raises(RunIncomplete):
        runs.refuse_disagreement(run)


@pytest.mark.django_db(transaction=True)
def test_a_run_through_the_broker_equals_one_in_this_process(
    employers: None, celery_worker: object, eventually: Callable[..., None]
) -> None:
    here = finished_run()
    runs.discard_run(run=here, actor=levy_officer(), reason="重算")
    run = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140000"), actor=None, slice_employers=2)
    send_slices(run.pk)
    eventually(lambda: AssessmentRun.objects.get(pk=run.pk).state == RunState.DRAFT, "the run did not finish")
    run.refresh_from_db()
    assert (run.digest, run.payable_total) == (here.digest, here.payable_total)


@pytest.mark.django_db(transaction=True)
def test_what_the_broker_lost_is_swept_up(
    employers: None, celery_worker: object, eventually: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices marked as sent, with no message in the queue: only the sweeper can finish the run."""
    run = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140000"), actor=None, slice_employers=2)
    runs.due_slices(run.pk)
    sweep()
    assert run.slices.filter(state=SliceState.TODO).count() == run.slices.count()
    run.slices.update(sent_at="2026-01-01T00:00:00Z")
    sweep()
    eventually(lambda: AssessmentRun.objects.get(pk=run.pk).state == RunState.DRAFT, "the sweeper did not send")
