"""Several returns of a year: the rules choose the one that counts, a decided one is not undone, each region has its
own deadline."""

from datetime import date

import pytest

from accounts.permissions import Role
from quota.enums import NumberKind, ReturnSource, ReturnState
from quota.models import Employer, HeadcountReturn, RegionalSetting
from quota.services import settle_returns_in_force
from quota.services.batches import verify_region
from quota.services.checks import run_checks
from quota.services.filing import copy_to_draft
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import YEAR, EmployerFactory, filed_return, placement, regional_number, verified_year

pytestmark = pytest.mark.django_db
IN_TIME, LATER, LATE, LATEST = (date(YEAR + 1, *day) for day in ((5, 1), (10, 31), (11, 1), (12, 1)))


def filed(employer: Employer, day: date, source: ReturnSource = ReturnSource.FILE) -> HeadcountReturn:
    return HeadcountReturn.objects.create(
        employer=employer,
        levy_year=YEAR,
        filed_on=day,
        source=source,
        staff_by_month=[10] * 12,
        staff_months=120,
        total_wages=600_000,
        state=ReturnState.SUBMITTED,
    )


def settle(*employers: Employer) -> list[int]:
    return settle_returns_in_force(employer_ids=[employer.pk for employer in employers], levy_year=YEAR)


def stands(employer: Employer) -> list[tuple[date, bool, bool, str]]:
    rows = employer.returns.filter(levy_year=YEAR).order_by("filed_on", "pk")
    return list(rows.values_list("filed_on", "is_in_force", "is_late", "state"))


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory()


def test_an_only_return_is_in_force_and_late_if_it_is(employer: Employer) -> None:
    other = EmployerFactory()
    filed(employer, LATER)
    filed(other, LATE)
    assert settle(employer, other) == []
    assert stands(employer) == [(LATER, True, False, ReturnState.SUBMITTED)]
    assert stands(other) == [(LATE, True, True, ReturnState.SUBMITTED)]


@pytest.mark.parametrize(
    ("days", "winner"),
    [
        ([IN_TIME, LATER], LATER),
        ([LATER, IN_TIME], LATER),
        ([IN_TIME, LATE], IN_TIME),
        ([LATE, LATEST], LATE),
        ([LATEST, LATE, IN_TIME], IN_TIME),
    ],
    ids=str,
)
def test_the_later_of_those_in_time_replaces_the_earlier(employer: Employer, days: list[date], winner: date) -> None:
    for day in days:
        filed(employer, day)
        settle(employer)
    for day, is_in_force, is_late, state in stands(employer):
        assert is_in_force == (day == winner)
        assert is_late == (day > LATER)
        assert state == (ReturnState.SUBMITTED if day == winner else ReturnState.REPLACED)


def test_of_one_day_the_last_received_stands(employer: Employer) -> None:
    filed(employer, LATER)
    last = filed(employer, LATER, ReturnSource.WINDOW)
    settle(employer)
    assert HeadcountReturn.objects.in_force().get(employer=employer) == last


@pytest.mark.parametrize("state", [ReturnState.REVIEWED, ReturnState.VERIFIED])
def test_what_was_decided_stays_in_force_and_is_named(employer: Employer, state: ReturnState) -> None:
    decided = verified_year(employer, filed_on=IN_TIME).headcount_return
    HeadcountReturn.objects.filter(pk=decided.pk).update(state=state)
    filed(employer, LATER)
    assert settle(employer) == [employer.pk]
    assert [row[1] for row in stands(employer)] == [True, False]
    decided.refresh_from_db()
    assert decided.state == state


def test_a_late_return_beside_a_decided_one_is_nothing_to_report(employer: Employer) -> None:
    verified_year(employer, filed_on=IN_TIME)
    filed(employer, LATE)
    assert settle(employer) == []


def test_drafts_and_other_years_are_not_looked_at(employer: Employer) -> None:
    draft = filed(employer, LATER)
    HeadcountReturn.objects.filter(pk=draft.pk).update(state=ReturnState.DRAFT)
    other_year = filed(employer, IN_TIME)
    HeadcountReturn.objects.filter(pk=other_year.pk).update(levy_year=YEAR - 1)
    settle(employer)
    assert not HeadcountReturn.objects.in_force().exists()


def test_each_region_has_its_own_deadline(employer: Employer) -> None:
    put_off("140200")
    other = EmployerFactory(region=RegionFactory(code="140202"))
    for each in (employer, other):
        filed(each, LATE)
    settle(employer, other)
    assert stands(employer)[0][2] is True
    assert stands(other)[0][2] is False


def test_settling_again_changes_nothing(employer: Employer) -> None:
    for day in (IN_TIME, LATER, LATE):
        filed(employer, day)
    settle(employer)
    before = list(HeadcountReturn.objects.order_by("pk").values())
    settle(employer)
    assert list(HeadcountReturn.objects.order_by("pk").values()) == before


def test_nobody_to_settle_is_fine() -> None:
    assert settle_returns_in_force(employer_ids=[], levy_year=YEAR) == []


@pytest.mark.parametrize("moves", [False, True])
def test_a_deadline_put_off_after_the_filing_holds_for_the_headcount_too(moves: bool) -> None:
    """So does that of the region where the employer is when its return is checked."""
    RegionFactory(code="140000")
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    employer = EmployerFactory(region=RegionFactory(code="140105"))
    late = filed_return(employer, filed_on=LATE)
    row = placement(employer)
    people = {"first": officer(Role.VERIFIER, "140000"), "second": officer(Role.VERIFIER, "140000")}
    run_checks(levy_year=YEAR, region_code="140000")
    late.refresh_from_db()
    assert (late.is_late, late.computed_months) == (True, 0)
    put_off("140202" if moves else "140100")
    if moves:
        Employer.objects.update(region="140202")
    run_checks(levy_year=YEAR, region_code="140000")
    verify_region(levy_year=YEAR, region=RegionFactory(code="140000"), **people)
    late.refresh_from_db()
    assert (late.is_late, row.check_result.weight) == (False, 1)
    assert late.verified_headcounts.get().credited_months == 12


@pytest.mark.parametrize("by_a_file", [False, True])
def test_a_late_correction_that_a_later_deadline_brings_into_force_brings_its_people(
    employer: Employer, by_a_file: bool
) -> None:
    """Of those of the return that it corrects, who is not declared any more leaves."""
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    first = filed_return(employer, filed_on=IN_TIME)
    gone, kept = placement(employer), placement(employer)
    late = filed(employer, LATE, ReturnSource.PORTAL)
    new = placement(employer)
    copy_to_draft(late, [kept, new])
    new.delete()
    settle(employer)
    run_checks(levy_year=YEAR, region_code=employer.region_id)
    assert {row.person_key for row in employer.placements.all()} == {gone.person_key, kept.person_key}
    put_off("140100")
    if by_a_file:
        filed(employer, LATER)
        settle(employer)
    run_checks(levy_year=YEAR, region_code=employer.region_id)
    late.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, late.state, late.is_in_force, late.is_late) == ("replaced", "checked", True, False)
    assert [row.person_key for row in employer.placements.all()] == [kept.person_key, new.person_key]
    assert (late.claimed_months, late.computed_months) == (24, 24)


def put_off(code: str) -> None:
    RegionalSetting.objects.create(
        region=RegionFactory(code=code),
        name="filing_deadline",
        value="11-30",
        valid_from=date(2020, 1, 1),
        document_number="测试〔2020〕1号",
    )
