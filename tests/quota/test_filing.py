"""Filing on the portal: drafts, corrections, the day that counts, and no typed text lost."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing, TransitionNotAllowed
from audit.queries import trail_of
from law.codes import CertificateKind, EmploymentForm
from quota.enums import ReturnState
from quota.errors import ReturnChanged, ReturnClosed, ReturnIncomplete, YearNotOver
from quota.models import DraftPlacement, Employer, HeadcountReturn, Placement, RegionalSetting
from quota.queries.returns import day_in_china
from quota.services import filing
from quota.services.verification import review_return, send_back, verify_return
from quota.tasks import check_return, check_waiting
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import (
    EmployerFactory,
    certificate,
    employer_account,
    employer_never_late,
    evidence,
    filed_return,
    identity_number,
    placement,
)

pytestmark = pytest.mark.django_db
YEAR = datetime.now(ZoneInfo("Asia/Shanghai")).year - 1  # what may be filed today


@pytest.fixture
def employer(db: None) -> Employer:
    return employer_never_late()


@pytest.fixture
def clerk(employer: Employer) -> User:
    return employer_account(employer)


@pytest.fixture
def draft(employer: Employer, clerk: User) -> HeadcountReturn:
    return filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)


def save(draft: HeadcountReturn, clerk: User, **changes: Any) -> HeadcountReturn:
    typed = {"staff_by_month": [50] * 12, "total_wages": Decimal("3000000.00"), "version": draft.version} | changes
    return filing.save_return(headcount_return=draft, actor=clerk, **typed)


def typed_person(identity: str, **changes: Any) -> filing.PlacementInput:
    typed = {
        "name": "郭秀兰",
        "identity_number": identity,
        "certificate_kind": CertificateKind.DISABLED_PERSON,
        "certificate_number": certificate(identity),
        "form": EmploymentForm.CONTRACT,
        "contract_start": date(2024, 1, 1),
        "contract_end": None,
        "post": "质检",
    }
    return filing.PlacementInput(**(typed | changes))


def add(draft: HeadcountReturn, clerk: User, identity: str, **changes: Any) -> DraftPlacement:
    draft.refresh_from_db()
    return filing.save_placement(
        headcount_return=draft, version=draft.version, typed=typed_person(identity, **changes), actor=clerk
    )


def submit(draft: HeadcountReturn, clerk: User) -> HeadcountReturn:
    draft.refresh_from_db()
    return filing.submit_return(headcount_return=draft, version=draft.version, actor=clerk)


def test_a_year_has_one_draft_however_often_it_is_opened(employer: Employer, clerk: User) -> None:
    first = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    assert filing.open_return(employer=employer, levy_year=YEAR, actor=clerk) == first
    assert first.state == ReturnState.DRAFT


def test_nobody_opens_another_employer_s_return(employer: Employer) -> None:
    stranger = employer_account(EmployerFactory())
    with pytest.raises(PermissionMissing):
        filing.open_return(employer=employer, levy_year=YEAR, actor=stranger)


def test_a_year_is_filed_after_its_end(employer: Employer, clerk: User) -> None:
    with pytest.raises(YearNotOver):
        filing.open_return(employer=employer, levy_year=day_in_china().year, actor=clerk)


def test_a_draft_is_saved_with_its_sum(draft: HeadcountReturn, clerk: User) -> None:
    save(draft, clerk, staff_by_month=[*range(1, 13)])
    draft.refresh_from_db()
    assert (draft.staff_months, draft.total_wages) == (78, Decimal("3000000.00"))


def test_numbers_out_of_bounds_are_refused_with_a_message(draft: HeadcountReturn, clerk: User) -> None:
    with pytest.raises(ValidationError):
        save(draft, clerk, total_wages=Decimal(10**13 + 1))
    with pytest.raises(ValueError, match="12个月"):
        save(draft, clerk, staff_by_month=[1] * 11)


def test_the_second_of_two_savers_is_told_and_overwrites_nothing(draft: HeadcountReturn, clerk: User) -> None:
    seen = draft.version
    save(draft, clerk, version=seen)
    with pytest.raises(ReturnChanged):
        save(draft, clerk, version=seen, total_wages=Decimal("1.00"))
    draft.refresh_from_db()
    assert draft.total_wages == Decimal("3000000.00")


def test_people_are_added_changed_and_removed(draft: HeadcountReturn, clerk: User) -> None:
    row = add(draft, clerk, identity_number(born="19900301", female=True))
    assert (row.born_on, row.is_female) == (date(1990, 3, 1), True)
    draft.refresh_from_db()
    kept = typed_person("", identity_number="", certificate_number="", post="按摩师")
    filing.save_placement(headcount_return=draft, version=draft.version, typed=kept, actor=clerk, placement=row)
    row.refresh_from_db()
    assert (row.post, row.born_on) == ("按摩师", date(1990, 3, 1))
    draft.refresh_from_db()
    filing.remove_placement(headcount_return=draft, version=draft.version, placement=row, actor=clerk)
    assert not draft.draft_placements.exists()


def test_the_same_contract_twice_is_refused(draft: HeadcountReturn, clerk: User) -> None:
    identity = identity_number()
    add(draft, clerk, identity)
    with pytest.raises(ValidationError, match="已填写"):
        add(draft, clerk, identity)


def test_only_the_numbers_key_and_cipher_are_stored(draft: HeadcountReturn, clerk: User) -> None:
    identity = identity_number()
    row = add(draft, clerk, identity)
    stored = DraftPlacement.objects.filter(pk=row.pk).values_list().get()
    assert not any(identity.encode() in bytes(value) for value in stored if isinstance(value, bytes | memoryview))
    assert row.masked_identity == f"{identity[:3]}{'*' * 13}{identity[-2:]}"


def test_last_year_s_people_are_taken_over_unless_their_contract_ended(
    draft: HeadcountReturn, employer: Employer, clerk: User
) -> None:
    placement(employer, year=YEAR - 1, months=[])
    placement(employer, year=YEAR - 1, months=[], contract=(date(2023, 1, 1), date(YEAR - 1, 12, 31)))
    for expected in (1, 0):  # the second time there is nobody left to take over
        draft.refresh_from_db()
        assert filing.copy_last_year(headcount_return=draft, version=draft.version, actor=clerk) == expected
    assert draft.draft_placements.count() == 1


def test_an_empty_return_is_not_submitted(draft: HeadcountReturn, clerk: User) -> None:
    with pytest.raises(ReturnIncomplete):
        submit(draft, clerk)


def test_a_draft_s_people_count_only_once_it_is_submitted(
    draft: HeadcountReturn, employer: Employer, clerk: User
) -> None:
    save(draft, clerk)
    identity = identity_number()
    add(draft, clerk, identity)
    evidence(employer, identity, year=YEAR)
    assert not Placement.objects.exists()
    filed = submit(draft, clerk)
    assert (filed.state, filed.is_in_force, filed.submitted_by) == (ReturnState.SUBMITTED, True, clerk)
    assert employer.placements.get(levy_year=YEAR).post == "质检"
    assert not DraftPlacement.objects.exists()
    check_return(filed.pk)
    filed.refresh_from_db()
    assert (filed.state, filed.computed_months) == (ReturnState.CHECKED, 12)
    assert [entry.action.rsplit(".")[-1] for entry in trail_of(filed)] == ["check", "submit"]


def test_the_sweeper_checks_what_the_broker_lost(draft: HeadcountReturn, clerk: User) -> None:
    save(draft, clerk)
    filed = submit(draft, clerk)
    check_waiting()
    filed.refresh_from_db()
    assert filed.state == ReturnState.CHECKED
    entries = trail_of(filed).count()
    check_waiting()
    check_return(filed.pk)
    assert trail_of(filed).count() == entries


def test_a_return_that_cannot_be_checked_stops_none_behind_it(
    draft: HeadcountReturn, clerk: User, caplog: pytest.LogCaptureFixture
) -> None:
    save(draft, clerk)
    beyond = {"contract_start": date(9999, 1, 1), "contract_end": date(9999, 12, 31)}  # no form takes it
    add(draft, clerk, identity_number(), **beyond)
    poisoned = submit(draft, clerk)
    other = EmployerFactory(region=draft.employer.region)
    their_clerk = employer_account(other)
    theirs = filing.open_return(employer=other, levy_year=YEAR, actor=their_clerk)
    save(theirs, their_clerk)
    submit(theirs, their_clerk)
    check_waiting()
    theirs.refresh_from_db()
    assert theirs.state == ReturnState.CHECKED
    assert caplog.messages == [f"return {poisoned.pk} could not be checked: ValueError"]


def test_a_correction_replaces_the_filed_return_when_it_is_submitted(employer: Employer, clerk: User) -> None:
    first = filed_return(employer, staff=30, filed_on=date(YEAR + 1, 1, 1), year=YEAR)
    gone, kept = placement(employer, year=YEAR, months=[]), placement(employer, year=YEAR, months=[])
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    assert draft.pk != first.pk
    assert (draft.staff_months, draft.draft_placements.count()) == (360, 2)
    save(draft, clerk)
    draft.refresh_from_db()
    row = draft.draft_placements.get(person_key=gone.person_key)
    filing.remove_placement(headcount_return=draft, version=draft.version, placement=row, actor=clerk)
    assert employer.placements.count() == 2
    submit(draft, clerk)
    first.refresh_from_db()
    assert (first.state, first.is_in_force) == (ReturnState.REPLACED, False)
    assert list(employer.placements.all()) == [kept]  # the very row, with what was decided about it


def test_a_late_correction_leaves_the_people_of_the_return_in_time_where_they_are(
    employer: Employer, clerk: User
) -> None:
    RegionalSetting.objects.update(value="01-01")
    first = filed_return(employer, filed_on=date(YEAR + 1, 1, 1), year=YEAR)
    kept = placement(employer, year=YEAR, months=[])
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    draft.draft_placements.all().delete()
    save(draft, clerk)
    declared = add(draft, clerk, identity_number())
    late = submit(draft, clerk)
    assert (late.state, late.is_late, late.is_in_force) == (ReturnState.REPLACED, True, False)
    assert list(employer.placements.all()) == [kept]
    assert list(late.draft_placements.all()) == [declared]
    first.refresh_from_db()
    assert first.is_in_force


@pytest.mark.parametrize("steps", [1, 2])
def test_what_is_being_decided_is_closed_to_the_employer(employer: Employer, clerk: User, steps: int) -> None:
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    save(draft, clerk)
    filed = submit(draft, clerk)
    correction = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    check_return(filed.pk)
    filed.refresh_from_db()
    review_return(headcount_return=filed, actor=officer(Role.VERIFIER, "140105"))
    if steps == 2:
        verify_return(headcount_return=filed, actor=officer(Role.VERIFIER, "140105"))
    with pytest.raises(ReturnClosed):
        submit(correction, clerk)
    correction.delete()
    with pytest.raises(ReturnClosed):
        filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)


def test_a_return_sent_back_is_corrected_under_its_first_date(employer: Employer, clerk: User) -> None:
    filed = filed_return(employer, year=YEAR, filed_on=date(YEAR + 1, 1, 1))
    placement(employer, year=YEAR, months=[])
    check_return(filed.pk)
    filed.refresh_from_db()
    send_back(headcount_return=filed, reason="请补正合同", actor=officer(Role.VERIFIER, "140105"))
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    assert draft == filed
    assert draft.draft_placements.count() == 1
    add(draft, clerk, identity_number())
    again = submit(draft, clerk)
    assert (again.state, again.filed_on, again.is_late) == (ReturnState.SUBMITTED, date(YEAR + 1, 1, 1), False)
    assert employer.placements.count() == 2


def test_an_employer_that_moved_files_from_the_same_account(
    draft: HeadcountReturn, employer: Employer, clerk: User
) -> None:
    save(draft, clerk)
    Employer.objects.filter(pk=employer.pk).update(region=RegionFactory(code="140106"))
    filed = filing.submit_return(
        headcount_return=HeadcountReturn.objects.get(pk=draft.pk), version=2, actor=User.objects.get(pk=clerk.pk)
    )
    assert filed.state == ReturnState.SUBMITTED
    assert trail_of(filed)[0].region_code == "140106"


def test_a_filed_return_is_no_draft_any_more(draft: HeadcountReturn, clerk: User) -> None:
    save(draft, clerk)
    filed = submit(draft, clerk)
    with pytest.raises(TransitionNotAllowed):
        save(filed, clerk, version=filed.version)


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(days=400)])
def test_the_database_s_clock_dates_the_filing(draft: HeadcountReturn, clerk: User, shift: timedelta) -> None:
    save(draft, clerk)
    real = day_in_china()
    with time_machine.travel(datetime.now(UTC) + shift), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
        assert submit(draft, clerk).filed_on == real


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-10-31T15:59:59.999999+00:00", date(2026, 10, 31)),
        ("2026-10-31T16:00:00+00:00", date(2026, 11, 1)),
        ("2024-02-28T16:00:00+00:00", date(2024, 2, 29)),
        ("2025-12-31T15:59:59.999999+00:00", date(2025, 12, 31)),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_day_ends_at_midnight_in_china(moment: str, day: date, zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE %s", [zone])
    assert day_in_china(datetime.fromisoformat(moment)) == day


@pytest.mark.django_db(transaction=True)
def test_of_two_savers_at_once_one_is_told(draft: HeadcountReturn, clerk: User) -> None:
    """Both read the same version; the row's lock lets one through and shows the other what happened."""
    for round_number in range(1, 11):
        outcomes: list[str] = []
        draft.refresh_from_db()
        seen, barrier = draft.version, threading.Barrier(2)
        threads = [threading.Thread(target=saver(draft, clerk, seen, barrier, outcomes)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["saved", "told"], f"round {round_number}"


def saver(
    draft: HeadcountReturn, clerk: User, version: int, barrier: threading.Barrier, outcomes: list[str]
) -> Callable[[], None]:
    def work() -> None:
        try:
            barrier.wait(10)
            save(HeadcountReturn.objects.get(pk=draft.pk), clerk, version=version)
            outcomes.append("saved")
        except ReturnChanged:
            outcomes.append("told")
        finally:
            connection.close()

    return work
