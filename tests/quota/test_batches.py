"""Whole regions at once: the command, and the quick lane of the pages."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing
from audit.models import AuditEntry
from law.codes import CertificateState
from quota.enums import DecisionReason, NumberKind, ReturnState
from quota.models import Certificate, Employer, HeadcountReturn, Placement, VerifiedHeadcount
from quota.services import checks
from quota.services.batches import agreeing, review_agreeing, verify_agreeing
from quota.services.checks import run_checks
from quota.services.verification import decide_placement, review_return, send_back
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    certificate,
    filed_return,
    identity_number,
    placement,
    regional_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def minimum_wage(db: None) -> None:
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    for code in ("140100", "140105", "140106"):
        RegionFactory(code=code)


@pytest.fixture
def first() -> User:
    return officer(Role.VERIFIER, "140000")


@pytest.fixture
def second() -> User:
    return officer(Role.VERIFIER, "140000")


def employer_with(*rows: range, code: str = "140105") -> Employer:
    """An employer that filed in time, with one person per range of paid months."""
    employer = EmployerFactory(region_id=code)
    filed_return(employer)
    for months in rows:
        placement(employer, months=months)
    return employer


SOUND, HALF = range(1, 13), range(1, 7)


def verify(first: User, second: User, *options: str, region: str = "140000") -> str:
    out = StringIO()
    people = f"--as={first.username}", f"--second-as={second.username}"
    call_command("verify", f"--year={YEAR}", f"--region={region}", *people, *options, stdout=out)
    return out.getvalue()


def credited() -> dict[int, int]:
    return dict(VerifiedHeadcount.objects.current().values_list("employer", "credited_months"))


def test_only_claims_that_the_registers_bear_out_are_accepted(first: User, second: User) -> None:
    sound, nobody, doubtful = employer_with(SOUND), employer_with(), employer_with(SOUND, HALF)
    printed = verify(first, second)
    assert credited() == {sound.pk: 12, nobody.pk: 0}
    assert "认定：2户，申报12人月，认定12人月" in printed
    assert "待初审：1户" in printed
    assert HeadcountReturn.objects.get(employer=doubtful).state == ReturnState.CHECKED


def test_a_certificate_that_the_register_gives_to_somebody_else_is_left_to_people(first: User, second: User) -> None:
    employer = employer_with(SOUND)
    row = placement(employer, number=certificate(identity_number()))
    place = {"levy_year": YEAR, "region": RegionFactory(code="140105")}
    verify(first, second)
    assert HeadcountReturn.objects.get().has_findings
    assert review_agreeing(**place, actor=first).returns == 0
    assert credited() == {}
    Certificate.objects.filter(number_key=row.certificate_key).update(person_key=row.person_key)
    verify(first, second)
    assert credited() == {employer.pk: 24}


def test_accepting_the_computed_count_verifies_every_return(first: User, second: User) -> None:
    sound, doubtful, late = employer_with(SOUND), employer_with(SOUND, HALF), EmployerFactory(region_id="140105")
    filed_return(late, filed_on=date(YEAR + 1, 11, 1))
    placement(late)
    verify(first, second, "--accept-computed")
    assert credited() == {sound.pk: 12, doubtful.pk: 18, late.pk: 0}
    headcount = VerifiedHeadcount.objects.get(employer=doubtful)
    assert (headcount.claimed_months, headcount.first_by, headcount.second_by) == (24, first, second)


def test_doing_it_again_changes_nothing(first: User, second: User) -> None:
    employer_with(SOUND, HALF)
    verify(first, second, "--accept-computed")
    before = list(VerifiedHeadcount.objects.values())
    assert "认定：0户" in verify(first, second, "--accept-computed")
    assert list(VerifiedHeadcount.objects.values()) == before


def test_each_county_counts_its_numbers_and_gets_one_entry(first: User, second: User) -> None:
    for code in ("140105", "140105", "140106"):
        employer_with(SOUND, code=code)
    verify(first, second)
    numbers = sorted(VerifiedHeadcount.objects.values_list("number", flat=True))
    assert [number[-13:] for number in numbers] == ["140105-000001", "140105-000002", "140106-000001"]
    entries = AuditEntry.objects.filter(action="quota.headcountreturn.verify_batch").order_by("region_code")
    assert [(e.region_code, e.details["returns"]) for e in entries] == [("140105", 2), ("140106", 1)]
    assert entries[0].details["first_by"] == first.username
    assert entries[0].actor == second


def test_numbers_go_on_where_the_last_batch_ended(first: User, second: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SLICE_RETURNS", 2)
    for _ in range(3):
        employer_with()
    verify(first, second)
    employer_with()
    verify(first, second)
    serials = sorted(number[-6:] for number in VerifiedHeadcount.objects.values_list("number", flat=True))
    assert serials == ["000001", "000002", "000003", "000004"]


def test_another_region_is_left_alone(first: User, second: User) -> None:
    inside, outside = employer_with(code="140105"), employer_with(code="140106")
    verify(first, second, region="140105")
    assert set(credited()) == {inside.pk}
    assert HeadcountReturn.objects.get(employer=outside).state == ReturnState.SUBMITTED


def test_one_person_cannot_stand_for_two(first: User) -> None:
    employer_with()
    with pytest.raises(CommandError, match="两人"):
        verify(first, first)
    assert credited() == {}


@pytest.mark.parametrize("who", [(Role.VERIFIER, "140105"), (Role.LEVY_OFFICER, "140000"), None])
def test_both_people_need_the_right_in_the_whole_region(first: User, who: tuple[Role, str] | None) -> None:
    employer_with()
    unfit = officer(*who) if who else UserFactory()
    for people in ((first, unfit), (unfit, first)):
        with pytest.raises(CommandError, match="审核权限"):
            verify(*people, "--accept-computed")
    assert credited() == {}
    assert not HeadcountReturn.objects.exclude(state=ReturnState.SUBMITTED).exists()


def test_unknown_names_and_regions_are_told_before_anything_happens(first: User, second: User) -> None:
    for arguments in (
        {"region": "149999", "first": first.username, "second": second.username},
        {"region": "140000", "first": "nobody", "second": second.username},
        {"region": "140000", "first": first.username, "second": "nobody"},
    ):
        with pytest.raises(CommandError, match="没有"):
            call_command("verify", f"--year={YEAR}", "--region", arguments["region"], "--as", arguments["first"],
                         "--second-as", arguments["second"])  # fmt: skip


def decided_row(employer: Employer, actor: User) -> Placement:
    run_checks(levy_year=YEAR, region_code="140000")
    row = employer.placements.get()
    decide_placement(
        placement=row, decided=[1] * 12, actor=actor, reason=DecisionReason.EVIDENCE_ACCEPTED, note="回单相符"
    )
    return row


def test_an_officer_s_decision_stands_and_is_not_accepted_without_being_asked(first: User, second: User) -> None:
    employer = employer_with(HALF)
    decided_row(employer, first)
    verify(first, second)
    assert credited() == {}
    verify(first, second, "--accept-computed")
    assert credited() == {employer.pk: 12}


def test_a_return_that_turns_out_late_is_credited_none_whatever_was_decided(first: User, second: User) -> None:
    employer = employer_with(HALF)
    decided_row(employer, first)
    HeadcountReturn.objects.filter(employer=employer).update(is_late=True, filed_on=date(YEAR + 1, 11, 1))
    verify(first, second, "--accept-computed")
    assert credited() == {employer.pk: 0}


def test_a_return_that_agrees_but_has_a_decision_is_not_accepted_without_being_asked(
    first: User, second: User
) -> None:
    employer = employer_with(SOUND)
    run_checks(levy_year=YEAR, region_code="140000")
    decide_placement(
        placement=employer.placements.get(), decided=[0] * 12, actor=first, reason=DecisionReason.EVIDENCE_REJECTED
    )
    verify(first, second)
    assert credited() == {}


def test_whoever_decided_months_is_not_the_second_person_of_a_batch(first: User, second: User) -> None:
    employer = employer_with(HALF)
    decided_row(employer, second)
    verify(first, second, "--accept-computed")
    assert credited() == {}
    verify(second, first, "--accept-computed")
    assert credited() == {employer.pk: 12}


@pytest.mark.parametrize("place", [0, 1])
def test_whoever_filed_a_return_takes_no_part_in_its_batch(first: User, second: User, place: int) -> None:
    employer = employer_with(SOUND)
    HeadcountReturn.objects.filter(employer=employer).update(submitted_by=(first, second)[place])
    verify(first, second, "--accept-computed")
    assert credited() == {}


def test_what_people_are_working_on_is_left_to_them(first: User, second: User) -> None:
    reviewed, returned = employer_with(SOUND), employer_with(SOUND)
    run_checks(levy_year=YEAR, region_code="140000")
    review_return(headcount_return=reviewed.returns.get(), actor=first)
    send_back(headcount_return=returned.returns.get(), reason="请补正", actor=first)
    printed = verify(first, second, "--accept-computed")
    assert credited() == {}
    assert "待复审：1户" in printed
    assert "待补正：1户" in printed


def test_the_quick_lane_takes_two_people_too(first: User, second: User) -> None:
    sound, doubtful = employer_with(SOUND), employer_with(HALF)
    run_checks(levy_year=YEAR, region_code="140000")
    place = {"levy_year": YEAR, "region": RegionFactory(code="140105")}
    assert agreeing(**place, actor=first, source=ReturnState.CHECKED).returns == 1
    assert review_agreeing(**place, actor=first).returns == 1
    assert agreeing(**place, actor=first, source=ReturnState.REVIEWED).returns == 0
    assert verify_agreeing(**place, actor=first).returns == 0
    assert verify_agreeing(**place, actor=second).returns == 1
    assert credited() == {sound.pk: 12}
    headcount = VerifiedHeadcount.objects.get()
    assert (headcount.first_by, headcount.second_by) == (first, second)
    assert HeadcountReturn.objects.get(employer=doubtful).state == ReturnState.CHECKED


def test_the_quick_lane_needs_the_right(first: User) -> None:
    place = {"levy_year": YEAR, "region": RegionFactory(code="140105")}
    for act in (review_agreeing, verify_agreeing):
        with pytest.raises(PermissionMissing):
            act(**place, actor=officer(Role.VERIFIER, "140106"))


def test_a_return_whose_people_were_checked_and_whose_totals_were_not_is_left_out(
    first: User, second: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that dies after its slices, or that a batch comes between."""
    employer_with(SOUND)
    run_checks(levy_year=YEAR, region_code="140000")
    Certificate.objects.update(state=CertificateState.CANCELLED)
    with monkeypatch.context() as patch:
        patch.setattr(checks, "_settle_totals", lambda *scope: 0)
        run_checks(levy_year=YEAR, region_code="140000")
    place = {"levy_year": YEAR, "region": RegionFactory(code="140105")}
    assert agreeing(**place, actor=first, source=ReturnState.CHECKED).returns == 0
    assert review_agreeing(**place, actor=first).returns == 0
    verify(first, second, "--accept-computed")
    assert list(credited().values()) == [0]
