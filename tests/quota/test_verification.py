"""Deciding, reviewing, verifying: two people, a reason for every difference, a month counted once."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection

from accounts.identity import decrypt
from accounts.models import User
from accounts.permissions import Role
from audit.errors import DomainError, PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.queries import trail_of
from law.codes import EmploymentForm
from law.counting import Reason
from quota.enums import DecisionReason, NumberKind, ReturnState
from quota.errors import DecisionRefused
from quota.models import (
    DispatchTransfer,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    PlacementCheck,
    WagePayment,
)
from quota.queries.verification import decided_months
from quota.services.checks import check_employers, run_checks
from quota.services.filing import check_return
from quota.services.verification import (
    decide_placement,
    reopen_return,
    review_return,
    send_back,
    verify_return,
)
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    agreement,
    evidence,
    filed_return,
    identity_number,
    placement,
    regional_number,
)

pytestmark = pytest.mark.django_db
COUNTY = "140105"


@pytest.fixture(autouse=True)
def minimum_wage(db: None) -> None:
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")


@pytest.fixture
def first() -> User:
    return officer(Role.VERIFIER, COUNTY)


@pytest.fixture
def second() -> User:
    return officer(Role.VERIFIER, COUNTY)


@pytest.fixture
def employer() -> Employer:
    employer = EmployerFactory()
    filed_return(employer)
    return employer


@pytest.fixture
def half_paid(employer: Employer) -> Placement:
    """An employer with a person paid for six months only, checked."""
    row = placement(employer, months=range(1, 7))
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    return row


def the_return(employer: Employer) -> HeadcountReturn:
    return HeadcountReturn.objects.in_force().get(employer=employer, levy_year=YEAR)


def count_all(row: Placement, actor: User, *, decided: list[int] | None = None) -> None:
    decide_placement(
        placement=row,
        decided=decided or [1] * 12,
        actor=actor,
        reason=DecisionReason.EVIDENCE_ACCEPTED,
        note="银行回单相符",
    )


def test_a_reviewed_and_verified_return_gets_a_numbered_certificate(
    employer: Employer, half_paid: Placement, first: User, second: User
) -> None:
    review_return(headcount_return=the_return(employer), actor=first)
    headcount = verify_return(headcount_return=the_return(employer), actor=second)
    assert (headcount.claimed_months, headcount.computed_months, headcount.credited_months) == (12, 6, 6)
    assert headcount.number == f"认〔{headcount.issued_at.year}〕140105-000001"
    assert (headcount.first_by, headcount.second_by) == (first, second)
    assert the_return(employer).state == ReturnState.VERIFIED


def test_numbers_count_up_per_county(first: User, second: User) -> None:
    numbers = []
    for code in (COUNTY, COUNTY, "140106"):
        employer = EmployerFactory(region=RegionFactory(code=code))
        filed_return(employer)
        check_employers(levy_year=YEAR, employer_ids=[employer.pk])
        review_return(headcount_return=the_return(employer), actor=officer(Role.VERIFIER, code))
        headcount = verify_return(headcount_return=the_return(employer), actor=officer(Role.VERIFIER, code))
        numbers.append(headcount.number[-13:])
    assert numbers == ["140105-000001", "140105-000002", "140106-000001"]


def test_the_first_reviewer_is_not_the_second(employer: Employer, half_paid: Placement, first: User) -> None:
    review_return(headcount_return=the_return(employer), actor=first)
    with pytest.raises(SecondPersonNeeded):
        verify_return(headcount_return=the_return(employer), actor=first)


def test_whoever_decided_months_is_not_the_second_person(
    employer: Employer, half_paid: Placement, first: User, second: User
) -> None:
    count_all(half_paid, second)
    review_return(headcount_return=the_return(employer), actor=first)
    with pytest.raises(SecondPersonNeeded):
        verify_return(headcount_return=the_return(employer), actor=second)


def test_whoever_filed_the_return_takes_no_step_in_deciding_it(employer: Employer, half_paid: Placement) -> None:
    both = officer(Role.VERIFIER, COUNTY)
    HeadcountReturn.objects.filter(employer=employer).update(submitted_by=both)
    with pytest.raises(SecondPersonNeeded):
        review_return(headcount_return=the_return(employer), actor=both)
    with pytest.raises(SecondPersonNeeded):
        count_all(half_paid, both)


def test_a_second_role_of_the_same_person_is_no_second_person(
    employer: Employer, half_paid: Placement, first: User
) -> None:
    review_return(headcount_return=the_return(employer), actor=first)
    same = User.objects.get(pk=first.pk)
    officer_of_city = officer(Role.VERIFIER, "140100")
    officer_of_city.appointments.update(user=same)
    with pytest.raises(SecondPersonNeeded):
        verify_return(headcount_return=the_return(employer), actor=same)


def test_an_officer_of_another_county_decides_nothing(employer: Employer, half_paid: Placement) -> None:
    stranger = officer(Role.VERIFIER, "140106")
    with pytest.raises(PermissionMissing):
        count_all(half_paid, stranger)
    with pytest.raises(PermissionMissing):
        review_return(headcount_return=the_return(employer), actor=stranger)


def test_a_decision_counts_is_recorded_and_stays_through_later_checks(
    employer: Employer, half_paid: Placement, first: User, second: User
) -> None:
    count_all(half_paid, first)
    entry = trail_of(the_return(employer))[0]
    assert (entry.reason, entry.details["code"], entry.details["to"]) == ("银行回单相符", "R01", [1] * 12)
    evidence(employer, decrypt(half_paid.identity_encrypted), months=[7])
    run_checks(levy_year=YEAR, region_code="140000")
    half_paid.check_result.refresh_from_db()
    assert half_paid.check_result.computed == [1] * 7 + [0] * 5
    review_return(headcount_return=the_return(employer), actor=first)
    assert verify_return(headcount_return=the_return(employer), actor=second).credited_months == 12


def test_a_difference_needs_a_listed_reason(half_paid: Placement, first: User) -> None:
    for reason in ("", "R99"):
        with pytest.raises(ReasonMissing):
            decide_placement(placement=half_paid, decided=[1] * 12, actor=first, reason=reason)


def test_the_computed_months_take_a_decision_back(employer: Employer, half_paid: Placement, first: User) -> None:
    count_all(half_paid, first)
    result = decide_placement(placement=half_paid, decided=[1] * 6 + [0] * 6, actor=first)
    result.refresh_from_db()
    assert (result.decision_reason, result.decided_by, decided_months(the_return(employer))) == ("", None, 6)


@pytest.mark.parametrize("decided", [[2] * 12, [1] * 11, [3] + [0] * 11, [-1] + [0] * 11])
def test_a_month_is_worth_nothing_or_its_weight(half_paid: Placement, first: User, decided: list[int]) -> None:
    with pytest.raises(DecisionRefused):
        count_all(half_paid, first, decided=decided)


def test_a_month_outside_the_contract_cannot_be_decided(employer: Employer, first: User) -> None:
    row = placement(employer, contract=(date(YEAR, 2, 1), None), months=[])
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    with pytest.raises(DecisionRefused, match="1月不在合同期内"):
        count_all(row, first)


def test_a_late_return_cannot_be_decided_into_counting(first: User) -> None:
    employer = EmployerFactory()
    filed_return(employer, filed_on=date(YEAR + 1, 11, 1))
    row = placement(employer)
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    with pytest.raises(DecisionRefused, match="逾期"):
        count_all(row, first)


def test_a_return_that_turns_out_late_is_credited_none(
    employer: Employer, half_paid: Placement, first: User, second: User
) -> None:
    """The region's deadline was corrected after the months had been decided."""
    count_all(half_paid, first)
    review_return(headcount_return=the_return(employer), actor=first)
    HeadcountReturn.objects.filter(employer=employer).update(is_late=True)
    assert verify_return(headcount_return=the_return(employer), actor=second).credited_months == 0


def test_nothing_is_decided_for_an_employer_that_filed_nothing(first: User) -> None:
    employer = EmployerFactory()
    row = placement(employer)
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    with pytest.raises(DecisionRefused, match="没有申报"):
        count_all(row, first)


def test_decisions_are_part_of_the_first_review(employer: Employer, half_paid: Placement, first: User) -> None:
    review_return(headcount_return=the_return(employer), actor=first)
    with pytest.raises(TransitionNotAllowed):
        count_all(half_paid, first)


@pytest.fixture
def rivals(employer: Employer) -> tuple[Placement, Placement]:
    """One person claimed by two employers for the whole year, checked."""
    other, identity = EmployerFactory(), identity_number()
    filed_return(other)
    rows = placement(employer, identity=identity), placement(other, identity=identity)
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    check_employers(levy_year=YEAR, employer_ids=[other.pk])
    return rows


def test_a_doubly_claimed_month_is_decided_for_one_employer_only(
    rivals: tuple[Placement, Placement], first: User
) -> None:
    here, there = rivals
    count_all(here, first)
    with pytest.raises(DecisionRefused, match="只能计入一次"):
        count_all(there, first)
    count_all(there, first, decided=[0] * 12)


def test_a_decided_month_counts_nowhere_else_whatever_the_registers_say_later(employer: Employer, first: User) -> None:
    """Nobody could count it; an officer gave it to one employer; then the other's wages arrived."""
    other, identity = EmployerFactory(), identity_number()
    filed_return(other)
    here = placement(employer, identity=identity, months=[])
    there = placement(other, identity=identity, months=[])
    run_checks(levy_year=YEAR, region_code="140000")
    count_all(here, first, decided=[1] * 3 + [0] * 9)
    evidence(other, identity)
    run_checks(levy_year=YEAR, region_code="140000")
    there.refresh_from_db()
    assert there.check_result.decided == [0] * 3 + [1] * 9
    assert there.check_result.reasons[:3] == [Reason.TWO_EMPLOYERS] * 3


def test_a_verified_month_is_not_taken_away_by_a_later_claim(
    employer: Employer, half_paid: Placement, first: User, second: User
) -> None:
    review_return(headcount_return=the_return(employer), actor=first)
    verify_return(headcount_return=the_return(employer), actor=second)
    before = half_paid.check_result
    other = EmployerFactory()
    filed_return(other)
    late_claim = Placement.objects.get(pk=half_paid.pk)
    late_claim.pk, late_claim.employer = None, other
    late_claim.save()
    for month in range(1, 7):
        evidence_copy(half_paid, other, month)
    run_checks(levy_year=YEAR, region_code="140000")
    before.refresh_from_db()
    assert before.decided == before.computed == [1] * 6 + [0] * 6
    assert Placement.objects.get(pk=late_claim.pk).check_result.decided == [0] * 12


def evidence_copy(row: Placement, employer: Employer, month: int) -> None:
    """The same person's wages and insurance at another employer, by look-up key."""
    for model in (WagePayment, InsuranceMonth):
        copy = model.objects.get(employer=row.employer, person_key=row.person_key, month=date(YEAR, month, 1))
        fields = {f.attname: getattr(copy, f.attname) for f in model._meta.concrete_fields}
        model.objects.create(**fields | {"employer_id": employer.pk})


def test_a_return_sent_back_says_why_and_can_be_filled_in_again(
    employer: Employer, half_paid: Placement, first: User
) -> None:
    with pytest.raises(ReasonMissing):
        send_back(headcount_return=the_return(employer), reason="  ", actor=first)
    filed = send_back(headcount_return=the_return(employer), reason="请补正工资凭证", actor=first)
    assert (filed.state, filed.sent_back_reason, filed.sent_back_by) == (
        ReturnState.SENT_BACK,
        "请补正工资凭证",
        first,
    )
    assert filed.draft_placements.count() == 1


def test_a_reopened_return_loses_its_certificate_and_starts_at_the_first_review(
    employer: Employer, half_paid: Placement, first: User, second: User
) -> None:
    review_return(headcount_return=the_return(employer), actor=first)
    headcount = verify_return(headcount_return=the_return(employer), actor=second)
    reopen_return(headcount_return=the_return(employer), reason="工资凭证补齐", actor=first)
    headcount.refresh_from_db()
    assert headcount.withdrawn_at is not None
    check_return(return_id=the_return(employer).pk)
    assert the_return(employer).state == ReturnState.CHECKED
    review_return(headcount_return=the_return(employer), actor=second)
    assert verify_return(headcount_return=the_return(employer), actor=first).number.endswith("-000002")


def test_decided_months_move_to_the_host(employer: Employer, first: User, second: User) -> None:
    host, identity = EmployerFactory(), identity_number()
    filed_return(host)
    row = placement(employer, identity=identity, form=EmploymentForm.DISPATCH, months=range(1, 7))
    agreement(employer, host, identity, since=date(YEAR, 4, 1))
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    assert moved() == [(3, 3, 3)]
    count_all(row, first, decided=[1] * 10 + [0] * 2)
    review_return(headcount_return=the_return(employer), actor=first)
    verify_return(headcount_return=the_return(employer), actor=second)
    assert moved() == [(7, 7, 7)]
    run_checks(levy_year=YEAR, region_code="140000")
    assert moved() == [(7, 7, 7)]


def moved() -> list[tuple[int, int, int]]:
    return list(DispatchTransfer.objects.values_list("weight_months", "credited_months", "staff_months"))


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.VERIFIER, Role.EMPLOYER)])
def test_no_other_role_takes_a_step(employer: Employer, half_paid: Placement, role: Role) -> None:
    stranger = officer(role, "140000")
    for step in (
        lambda: review_return(headcount_return=the_return(employer), actor=stranger),
        lambda: send_back(headcount_return=the_return(employer), reason="补正", actor=stranger),
        lambda: count_all(half_paid, stranger),
    ):
        with pytest.raises(DomainError):
            step()
    assert the_return(employer).state == ReturnState.CHECKED


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_cannot_give_one_month_to_two_employers(rivals: tuple[Placement, Placement]) -> None:
    """Each decides for another employer; the person's rows are the lock, so the second sees the first one's word."""
    officers = [officer(Role.VERIFIER, COUNTY) for _ in rivals]
    for _round in range(5):
        PlacementCheck.objects.update(decided=[0] * 12, decision_reason="")
        outcomes: list[str] = []
        barrier = threading.Barrier(2)
        works = [decider(row, who, barrier, outcomes) for row, who in zip(rivals, officers, strict=True)]
        threads = [threading.Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["decided", "refused"]


def decider(row: Placement, who: User, barrier: threading.Barrier, outcomes: list[str]) -> Callable[[], None]:
    def work() -> None:
        try:
            barrier.wait(10)
            count_all(row, who)
            outcomes.append("decided")
        except DecisionRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    return work
