"""A confirmed assessment is replaced, never edited, and only by two people."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db.models.functions import Now
from django.test import Client

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from collection.queries import lists
from levy.errors import CorrectionPending, HeadcountReopened
from levy.models import Assessment, Supersession
from levy.queries.explanations import explain
from levy.services import corrections
from quota.enums import ReturnState
from quota.models import Employer, HeadcountReturn, VerifiedHeadcount
from quota.services.verification import reopen_return
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, verified_year

COUNTY = "140105"


@pytest.fixture
def employer(db: None) -> Employer:
    found = EmployerFactory(region=RegionFactory(code=COUNTY))
    RegionFactory(code="140000")
    verified_year(found, staff=100, wages="6000000.00", credited=0)
    return found


def levy_officer() -> User:
    return officer(Role.LEVY_OFFICER, COUNTY)


def proposed(employer: Employer, actor: User | None = None) -> Supersession:
    """The federation found six more person-months after the confirmation."""
    confirmed_run()
    VerifiedHeadcount.objects.update(credited_months=12)
    return corrections.propose_correction(
        assessment=employer.assessments.get(),
        ground="objection",
        reason="复核多认定12人月",
        actor=actor or levy_officer(),
    )


def test_the_new_assessment_counts_once_a_second_person_has_approved(employer: Employer) -> None:
    correction = proposed(employer)
    assert Assessment.objects.current().get().payable == Decimal("81000.00")
    corrections.CORRECTIONS.approve(correction, actor=levy_officer())
    assert Assessment.objects.current().get().payable == Decimal("15000.00")
    assert employer.assessments.count() == 2


def test_the_corrected_amount_explains_itself_under_the_same_policy_version(employer: Employer) -> None:
    correction = proposed(employer)
    assert correction.new.run.policy_version == correction.old.run.policy_version
    assert explain(correction.new).payable == correction.new.payable


def test_whoever_proposed_a_correction_does_not_approve_it(employer: Employer) -> None:
    person = levy_officer()
    with pytest.raises(SecondPersonNeeded):
        corrections.CORRECTIONS.approve(proposed(employer, person), actor=person)
    assert Assessment.objects.current().get().payable == Decimal("81000.00")


def test_a_second_correction_waits_for_the_first(employer: Employer) -> None:
    correction = proposed(employer)
    with pytest.raises(CorrectionPending):
        corrections.propose_correction(
            assessment=correction.old, ground="audit", reason="检查发现", actor=levy_officer()
        )


def test_nobody_is_corrected_to_no_heads_while_the_federation_decides_anew(
    employer: Employer, signed_in: Callable[..., Client]
) -> None:
    VerifiedHeadcount.objects.update(credited_months=12)
    confirmed_run()
    filed, verifier = HeadcountReturn.objects.get(), officer(Role.VERIFIER, COUNTY)
    reopen_return(headcount_return=filed, reason="补充材料", actor=verifier)
    with pytest.raises(HeadcountReopened):
        corrections.propose_correction(
            assessment=employer.assessments.get(), ground="audit", reason="检查发现", actor=levy_officer()
        )
    page = signed_in(levy_officer()).get(f"/employers/{employer.uscc}/2025/correct/", follow=True)
    assert "请等重新认定后再提出" in page.content.decode()
    # Sent back it is the employer's turn, who may never take it: that stops nobody.
    sent_back = {"sent_back_reason": "补充材料", "sent_back_at": Now(), "sent_back_by": verifier}
    HeadcountReturn.objects.update(state=ReturnState.SENT_BACK, **sent_back)
    corrections.propose_correction(
        assessment=employer.assessments.get(), ground="audit", reason="检查发现", actor=levy_officer()
    )


def test_a_rejected_correction_leaves_the_old_assessment_and_the_way_free(employer: Employer) -> None:
    correction = proposed(employer)
    corrections.CORRECTIONS.reject(correction, actor=levy_officer(), reason="证据不足")
    assert Assessment.objects.get() == correction.old
    again = corrections.propose_correction(
        assessment=correction.old, ground="audit", reason="补充证据", actor=levy_officer()
    )
    corrections.CORRECTIONS.approve(again, actor=levy_officer())


def test_the_list_holds_the_corrected_amount_once(employer: Employer) -> None:
    corrections.CORRECTIONS.approve(proposed(employer), actor=levy_officer())
    chosen = lists.levy_list(levy_year=2025, region=employer.region)
    assert chosen.totals() == (1, Decimal("15000.00"))
    assert b"".join(lists.csv_chunks(chosen)).count(employer.uscc.encode()) == 1


def test_a_correction_needs_a_reason_a_right_and_a_confirmed_assessment(employer: Employer) -> None:
    draft_run()
    waiting = employer.assessments.get()
    with pytest.raises(TransitionNotAllowed):
        corrections.propose_correction(assessment=waiting, ground="audit", reason="更正", actor=levy_officer())
    with pytest.raises(ReasonMissing):
        corrections.propose_correction(assessment=waiting, ground="audit", reason=" ", actor=levy_officer())
    with pytest.raises(PermissionMissing):
        corrections.propose_correction(
            assessment=waiting, ground="audit", reason="更正", actor=officer(Role.TAX_OFFICER, COUNTY)
        )
