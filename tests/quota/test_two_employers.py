"""One person is on the returns of two employers, and one of them removes the person."""

import threading
from contextlib import suppress
from datetime import date

import pytest
from django.db import connection

from accounts.permissions import Role
from law.counting import Reason
from quota.enums import ReturnState
from quota.models import DraftPlacement, Employer, HeadcountReturn
from quota.services import filing
from quota.services.checks import check_employers
from quota.services.verification import review_return
from quota.tasks import check_return, check_waiting
from tests.accounts.factories import officer
from tests.quota.factories import (
    EmployerFactory,
    employer_account,
    employer_never_late,
    filed_return,
    identity_number,
    placement,
)
from tests.quota.test_filing import YEAR, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer(db: None) -> Employer:
    return employer_never_late()


@pytest.mark.parametrize("is_decided", [False, True])
def test_whom_one_employer_takes_off_counts_at_the_other_unless_that_was_decided(
    employer: Employer, is_decided: bool
) -> None:
    other, identity = EmployerFactory(region=employer.region), identity_number()
    returns = [filed_return(each, filed_on=date(YEAR + 1, 1, 1), year=YEAR) for each in (employer, other)]
    there = [placement(each, identity=identity, year=YEAR) for each in (employer, other)][1]
    check_employers(levy_year=YEAR, employer_ids=[employer.pk, other.pk])
    assert set(there.check_result.reasons) == {Reason.TWO_EMPLOYERS}
    if is_decided:
        review_return(headcount_return=returns[1], actor=officer(Role.VERIFIER, "140105"))
    clerk = employer_account(employer)
    correction = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    correction.draft_placements.all().delete()
    check_return(submit(correction, clerk).pk)
    check_waiting()
    there.check_result.refresh_from_db()
    assert set(there.check_result.reasons) == {Reason.TWO_EMPLOYERS if is_decided else Reason.COUNTED}
    returns[1].refresh_from_db()
    assert (returns[1].state, returns[1].computed_months) == (
        (ReturnState.REVIEWED, 0) if is_decided else (ReturnState.CHECKED, 12)
    )


@pytest.mark.django_db(transaction=True)
def test_two_who_take_off_whom_both_claim_do_not_block_each_other(
    employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each locks its own return; then each would wait for the other's."""
    other, identity = EmployerFactory(region=employer.region), identity_number()
    for each in (employer, other):
        filed_return(each, filed_on=date(YEAR + 1, 1, 1), year=YEAR)
        placement(each, identity=identity, year=YEAR)
    check_employers(levy_year=YEAR, employer_ids=[employer.pk, other.pk])
    clerks = {each: employer_account(each) for each in (employer, other)}
    drafts = [filing.open_return(employer=each, levy_year=YEAR, actor=clerks[each]) for each in clerks]
    DraftPlacement.objects.all().delete()
    both_locked, refuse_closed = threading.Barrier(2), filing._refuse_closed

    def meet(draft: HeadcountReturn) -> None:
        refuse_closed(draft)
        with suppress(threading.BrokenBarrierError):
            both_locked.wait(1)

    def work(draft: HeadcountReturn) -> None:
        try:
            submit(draft, clerks[draft.employer])
        finally:
            connection.close()

    monkeypatch.setattr(filing, "_refuse_closed", meet)
    threads = [threading.Thread(target=work, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {HeadcountReturn.objects.get(pk=draft.pk).state for draft in drafts} == {ReturnState.SUBMITTED}
