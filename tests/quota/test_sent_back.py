"""A return that was sent back: the declared values count until its edits are submitted."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.identity import look_up_key
from accounts.models import User
from accounts.permissions import Role
from audit.queries import trail_of
from casework.desk import all_lines
from levy.queries.facts import facts_today
from quota.enums import ReturnSource, ReturnState
from quota.errors import ReturnChanged, ReturnIncomplete
from quota.kinds import PLACEMENTS
from quota.models import Employer, HeadcountReturn, RegionalSetting
from quota.queries.returns import day_in_china
from quota.services import filing
from quota.services.verification import review_return, send_back
from quota.tasks import check_return, check_waiting
from tests.accounts.factories import officer
from tests.exchange.files import load
from tests.exchange.test_loading import CODES, placed
from tests.quota.factories import (
    EmployerFactory,
    employer_account,
    employer_never_late,
    filed_return,
    identity_number,
)
from tests.quota.test_filing import YEAR, save, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(db: None) -> HeadcountReturn:
    """100 staff and 6,000,000.00 yuan of wages, sent back to the employer."""
    filed = filed_return(employer_never_late(), year=YEAR, filed_on=date(YEAR + 1, 1, 1), staff=100)
    return sent_back(filed)


@pytest.fixture
def clerk(filed: HeadcountReturn) -> User:
    return employer_account(filed.employer)


def sent_back(filed: HeadcountReturn) -> HeadcountReturn:
    check_return(filed.pk)
    filed.refresh_from_db()
    return send_back(headcount_return=filed, reason="请补正", actor=officer(Role.VERIFIER, "140105"))


def levied_on(filed: HeadcountReturn) -> tuple[int | None, Decimal | None]:
    facts = facts_today(filed.employer, YEAR)
    return facts.staff_months, facts.total_wages


def test_numbers_that_were_only_saved_reach_the_levy_once_they_are_submitted(
    filed: HeadcountReturn, clerk: User
) -> None:
    save(filed, clerk, staff_by_month=[90] * 12, total_wages=Decimal("5000000.00"))
    assert levied_on(filed) == (1200, Decimal("6000000.00"))
    submit(filed, clerk)
    assert levied_on(filed) == (1080, Decimal("5000000.00"))


def test_the_numbers_that_a_submission_replaces_stay_in_the_trail(filed: HeadcountReturn, clerk: User) -> None:
    save(filed, clerk)
    submit(filed, clerk)
    details = trail_of(filed).filter(action="quota.headcountreturn.submit").get().details
    assert (details["replaced_staff_by_month"], details["replaced_total_wages"]) == ([100] * 12, "6000000.00")


def test_numbers_taken_away_are_not_submitted(filed: HeadcountReturn, clerk: User) -> None:
    save(filed, clerk, staff_by_month=[0] * 12)
    with pytest.raises(ReturnIncomplete):
        submit(filed, clerk)


def test_a_loaded_return_that_was_mended_is_checked_even_if_the_message_is_lost(
    filed: HeadcountReturn, clerk: User
) -> None:
    assert filed.source == ReturnSource.FILE
    submit(filed, clerk)
    check_waiting()
    filed.refresh_from_db()
    assert filed.state == ReturnState.CHECKED


def test_every_page_of_the_writer_shows_what_was_typed(
    filed: HeadcountReturn, clerk: User, signed_in: Callable[..., Client]
) -> None:
    save(filed, clerk, staff_by_month=[90] * 12, total_wages=Decimal("5000000.00"))
    session = signed_in(clerk)
    form = session.get(reverse("quota:return", args=[filed.pk])).content.decode()
    assert 'value="90"' in form
    assert "已保存的合计1,080人月" in form
    assert "5000000.00" in form
    assert "12个月共1,080人月" in session.get(reverse("quota:return_submit", args=[filed.pk])).content.decode()
    year = session.get(reverse("portal:employer_year", args=[filed.employer.uscc, YEAR])).content.decode()
    assert "12个月共1,080人月" in year
    assert "5,000,000.00" in year
    assert "6,000,000.00" in year  # declared, and what the forecast stands on


def test_what_was_sent_back_goes_before_a_draft_that_was_opened_earlier(
    clerk: User, signed_in: Callable[..., Client]
) -> None:
    employer = EmployerFactory()
    clerk.memberships.create(employer=employer)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    filed = sent_back(filed_return(employer, year=YEAR, filed_on=date(YEAR + 1, 1, 1)))
    mine = signed_in(clerk).get(reverse("quota:my_employers")).content.decode()
    assert reverse("quota:return", args=[filed.pk]) in mine
    assert reverse("quota:return", args=[draft.pk]) not in mine
    assert filing.open_return(employer=employer, levy_year=YEAR, actor=clerk) == filed


def test_a_draft_does_not_hide_that_the_year_is_decided(clerk: User, signed_in: Callable[..., Client]) -> None:
    employer = EmployerFactory()
    clerk.memberships.create(employer=employer)
    decided = filed_return(employer, year=YEAR, filed_on=date(YEAR + 1, 1, 1))
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    check_return(decided.pk)
    review_return(headcount_return=decided, actor=officer(Role.VERIFIER, "140105"))
    mine = signed_in(clerk).get(reverse("quota:my_employers")).content.decode()
    assert reverse("quota:receipt", args=[decided.pk]) in mine
    assert reverse("quota:return", args=[draft.pk]) not in mine


def test_the_receipt_of_a_return_sent_back_still_proves_the_day(
    filed: HeadcountReturn, clerk: User, signed_in: Callable[..., Client]
) -> None:
    shown = signed_in(clerk).get(reverse("quota:receipt", args=[filed.pk]))
    assert shown.status_code == 200
    text = shown.content.decode()
    assert filed.receipt_number in text
    assert reverse("quota:return", args=[filed.pk]) in text


def test_a_return_that_is_sent_back_again_starts_from_what_is_declared(filed: HeadcountReturn, clerk: User) -> None:
    save(filed, clerk)
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.SUBMITTED)  # as a corrected file leaves it
    again = sent_back(filed)
    assert (again.typed_staff_months, again.typed_total_wages) == (1200, Decimal("6000000.00"))


@pytest.mark.parametrize("is_sent_back", [True, False])
def test_a_file_s_new_people_come_into_what_the_employer_is_writing(
    filed: HeadcountReturn, clerk: User, is_sent_back: bool
) -> None:
    """Whom the file repeats stays off if the employer took the person off."""
    if not is_sent_back:
        HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.CHECKED)
    Employer.objects.filter(pk=filed.employer_id).update(uscc=CODES[0])
    known, new = identity_number(), identity_number()
    in_file = {"year": str(YEAR)}
    load(PLACEMENTS, [placed(known, **in_file)])
    draft = filing.open_return(employer=filed.employer, levy_year=YEAR, actor=clerk)
    draft.draft_placements.all().delete()
    seen = draft.version
    load(PLACEMENTS, [placed(known, **in_file), placed(new, **in_file)])
    with pytest.raises(ReturnChanged):
        save(draft, clerk, version=seen)
    draft.refresh_from_db()
    save(draft, clerk)
    submit(draft, clerk)
    assert [row.person_key for row in filed.employer.placements.all()] == [look_up_key(new)]
    load(PLACEMENTS, [placed(new, **in_file)])
    draft.refresh_from_db()
    assert not draft.draft_placements.exists()


@pytest.mark.parametrize(("days", "keeps"), [(15, True), (16, False)])
def test_a_placeholder_keeps_its_day_only_if_it_is_answered_in_time(
    filed: HeadcountReturn, clerk: User, days: int, keeps: bool
) -> None:
    HeadcountReturn.objects.filter(pk=filed.pk).update(sent_back_at=timezone.now() - timedelta(days=days))
    submit(filed, clerk)
    filed.refresh_from_db()
    assert filed.filed_on == (date(YEAR + 1, 1, 1) if keeps else day_in_china())


def test_a_return_that_replaced_another_keeps_its_day(filed: HeadcountReturn, clerk: User) -> None:
    """Otherwise the former one would be in force again, whose people are gone."""
    returns = HeadcountReturn.objects.filter(pk=filed.pk)
    late = timezone.now() - timedelta(days=16)
    returns.update(sent_back_at=late, filed_on=date(YEAR + 1, 1, 2), is_in_force=False)
    former = filed_return(filed.employer, year=YEAR, filed_on=date(YEAR + 1, 1, 1), staff=90)
    HeadcountReturn.objects.filter(pk=former.pk).update(is_in_force=False, state=ReturnState.REPLACED)
    returns.update(is_in_force=True)
    RegionalSetting.objects.update(value="01-03")
    submit(filed, clerk)
    filed.refresh_from_db()
    assert (filed.filed_on, filed.is_in_force, filed.is_late) == (date(YEAR + 1, 1, 2), True, False)


def test_an_answer_that_comes_too_late_after_the_deadline_makes_the_return_late(
    filed: HeadcountReturn, clerk: User
) -> None:
    RegionalSetting.objects.update(value="01-02")
    HeadcountReturn.objects.filter(pk=filed.pk).update(sent_back_at=timezone.now() - timedelta(days=16))
    submit(filed, clerk)
    filed.refresh_from_db()
    assert (filed.filed_on, filed.is_late) == (day_in_china(), True)


def test_the_employer_is_told_the_last_day(
    filed: HeadcountReturn, clerk: User, signed_in: Callable[..., Client]
) -> None:
    page = signed_in(clerk).get(reverse("quota:return", args=[filed.pk])).content.decode()
    assert "此后提交的，以重新提交之日为申报日期" in page
    (line,) = [line for line in all_lines(clerk) if line.label == "申报待补正"]
    assert line.due.day == filed.answer_by
