"""The employer's year board: the one thing to do, its deadline, its documents, and the history."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import User
from accounts.permissions import Role
from collection.models import Payment
from law.codes import EntityType
from levy.queries.facts import FactsBasis
from levy.services.notices import issue_notice
from portal.queries.dates import deadlines
from portal.queries.history import history
from portal.queries.years import employer_year
from quota.enums import NumberKind
from quota.models import Employer, HeadcountReturn, Membership
from quota.services import filing
from quota.services.checks import check_employers
from quota.services.verification import send_back
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import (
    EmployerFactory,
    employer_account,
    filed_return,
    placement,
    regional_number,
    verified_year,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


@pytest.fixture
def employer() -> Employer:
    RegionFactory(code="140000")
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    return EmployerFactory(region=RegionFactory(code="140105", name="小店区"))


@pytest.fixture
def clerk(employer: Employer) -> User:
    return employer_account(employer)


@pytest.fixture
def client(clerk: User, signed_in: SignIn) -> Client:
    return signed_in(clerk)


def board(client: Client, employer: Employer, year: int = 2025) -> str:
    response = client.get(reverse("portal:employer_year", args=[employer.uscc, year]))
    assert response.status_code == 200
    return response.content.decode()


def test_before_anything_is_filed_the_board_offers_the_form_and_says_how_long(
    client: Client, employer: Employer
) -> None:
    text = board(client, employer)
    assert "2025年度尚未申报" in text
    assert "申报截止2026年10月31日" in strip_tags(text)
    assert reverse("quota:return_open", args=[employer.uscc, 2025]) in text


def test_the_days_left_are_counted_to_the_deadline(employer: Employer) -> None:
    (filing_day,) = deadlines(2025, employer_year(employer, 2025), date(2026, 10, 22))
    assert (filing_day.day, filing_day.days_left, filing_day.is_met) == (date(2026, 10, 31), 9, False)


def test_a_draft_shows_what_is_missing(client: Client, employer: Employer, clerk: User) -> None:
    draft = filing.open_return(employer=employer, levy_year=2025, actor=clerk)
    text = board(client, employer)
    assert "12个月的人数还没有填写" in text
    assert reverse("quota:return", args=[draft.pk]) in text
    HeadcountReturn.objects.filter(pk=draft.pk).update(staff_by_month=[9] * 11 + [0], staff_months=99)
    assert "12月 为0人" in " ".join(strip_tags(board(client, employer)).split())


def sent_back_return(employer: Employer) -> HeadcountReturn:
    """One person without any wages, checked and sent back."""
    placement(employer, paid=None)
    filed = filed_return(employer)
    check_employers(levy_year=2025, employer_ids=[employer.pk])
    filed.refresh_from_db()
    return send_back(headcount_return=filed, reason="请补充材料。", actor=officer(Role.VERIFIER, "140105"))


def test_what_was_sent_back_is_told_at_each_person_with_article_and_cure(client: Client, employer: Employer) -> None:
    filed = sent_back_return(employer)
    form = client.get(reverse("quota:return", args=[filed.pk])).content.decode()
    for text in (board(client, employer), form):
        assert "请补充材料。" in text
        assert "无工资记录（财税〔2015〕72号第七条第一款）" in text
        assert "向残联提交工资发放凭证" in text


def test_a_paid_year_a_year_to_pay_and_a_year_without_anything_due_say_so(client: Client, employer: Employer) -> None:
    verified_year(employer, staff=100, wages="6000000.00", credited=12)
    run = confirmed_run()
    notice = issue_notice(
        assessment=run.assessments.get(employer=employer), actor=officer(Role.LEVY_OFFICER, "140105")
    )
    text = board(client, employer)
    assert "待缴15,000.00元" in text
    assert reverse("levy:notice_file", args=[notice.number]) in text
    Payment.objects.create(
        receipt_number="1", employer=employer, levy_year=2025, amount="15000", received_on="2026-12-01"
    )
    text = board(client, employer)
    assert "本年度费额已缴清" in text
    assert "多缴" not in text
    Payment.objects.create(
        receipt_number="2", employer=employer, levy_year=2025, amount="20.5", received_on="2026-12-02"
    )
    assert "多缴20.50元。" in board(client, employer)


def test_who_owes_nothing_by_law_is_not_told_to_file_or_to_hurry(client: Client, employer: Employer) -> None:
    Employer.objects.update(entity_type=EntityType.SOLE_TRADER)
    text = board(client, employer)
    assert "不是征收对象，本年度无需申报缴纳" in text
    assert "尚未申报" not in text
    assert "申报截止" not in text
    assert reverse("portal:what_if", args=[employer.uscc, 2025]) not in text


def test_an_exempt_enterprise_is_shown_no_next_step_down(client: Client, employer: Employer) -> None:
    verified_year(employer, staff=20, wages="1200000.00", credited=0)
    confirmed_run()
    text = board(client, employer)
    assert "免征，本年度无需缴纳" in text
    assert "下一档" not in text


def test_the_history_names_offices_and_no_people(client: Client, employer: Employer) -> None:
    verified_year(employer, staff=100, wages="6000000.00")
    run = confirmed_run()
    events = history(employer, 2025)
    assert [(event.who, event.title) for event in events] == [("费额核定部门", "核定")]
    text = board(client, employer)
    for person in (run.confirmed_by, run.checked_by):
        assert person.name not in text


def test_another_employer_s_history_and_papers_stay_its_own(employer: Employer) -> None:
    verified_year(employer)
    confirmed_run()
    assert history(EmployerFactory(region=employer.region), 2025) == []


def test_last_year_stands_beside_this_one(client: Client, employer: Employer) -> None:
    for year, credited in ((2024, 0), (2025, 12)):
        verified_year(employer, levy_year=year, credited=credited)
        confirmed_run(year)
    text = board(client, employer)
    assert "与上年比较" in text
    assert "1.00%" in text


def test_the_calendar_holds_the_days_and_no_line_is_too_long(client: Client, employer: Employer) -> None:
    Employer.objects.filter(pk=employer.pk).update(name="清和，有限;公司\r\nATTENDEE:x" * 4)
    answer = client.get(reverse("portal:employer_dates", args=[employer.uscc, 2025]))
    assert answer["Content-Type"] == "text/calendar"
    assert b"DTSTART;VALUE=DATE:20261031\r\n" in answer.content
    lines = answer.content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not any(line.startswith(b"ATTENDEE") for line in lines)
    assert answer.content.replace(b"\r\n ", b"").decode().startswith("BEGIN:VCALENDAR")


def test_one_s_documents_are_listed_for_every_employer_of_the_account(
    client: Client, clerk: User, employer: Employer
) -> None:
    second, foreign = EmployerFactory(region=employer.region), EmployerFactory(region=employer.region)
    Membership.objects.create(user=clerk, employer=second)
    numbers = [verified_year(unit).number for unit in (employer, second, foreign)]
    text = client.get(reverse("portal:my_documents"), {"levy_year": "2025"}).content.decode()
    assert [number in text for number in numbers] == [True, True, False]
    assert client.get(reverse("portal:my_documents"), {"levy_year": "x"}).status_code == 200


@pytest.mark.parametrize("is_assessed", [False, True])
def test_the_board_costs_the_same_for_two_and_twenty_people(
    client: Client, employer: Employer, queries: Callable[[Client, str], int], is_assessed: bool
) -> None:
    verified_year(employer)
    if is_assessed:
        confirmed_run()

    def cost_of(people: int) -> int:
        while employer.placements.count() < people:
            placement(employer)
        check_employers(levy_year=2025, employer_ids=[employer.pk])
        return queries(client, reverse("portal:employer_year", args=[employer.uscc, 2025]))

    assert cost_of(2) == cost_of(20) <= 12


def typed(draft: HeadcountReturn, **changes: str) -> dict[str, str]:
    staff = {f"staff_{month}": "100" for month in range(1, 13)}
    return {"version": str(draft.version), "total_wages": "6,000,000.00", **staff} | changes


@pytest.fixture
def draft(employer: Employer, clerk: User) -> HeadcountReturn:
    return filing.open_return(employer=employer, levy_year=2025, actor=clerk)


def test_the_amount_of_what_is_being_typed_comes_with_its_steps_and_saves_nothing(
    client: Client, employer: Employer, draft: HeadcountReturn
) -> None:
    filing.copy_to_draft(draft, [placement(employer)])
    answer = client.post(reverse("portal:return_amount", args=[draft.pk]), typed(draft))
    text = answer.content.decode()
    assert "预计应缴15,000.00元" in text  # (18 − 12) × 60,000 ÷ 12 × 50 %: the person claims twelve months
    assert "财税〔2015〕72号第八条第一款" in text
    draft.refresh_from_db()
    assert draft.staff_months == 0


def test_a_figure_that_is_not_final_says_what_it_rests_on_in_the_same_words(
    client: Client, employer: Employer, draft: HeadcountReturn
) -> None:
    def said(*pages: str) -> set[str]:
        texts = [strip_tags(page) for page in pages]
        return {basis.label for basis in FactsBasis if all(str(basis.note) in text for text in texts)}

    def pages() -> tuple[str, str]:
        return board(client, employer), client.get(
            reverse("portal:what_if", args=[employer.uscc, 2025])
        ).content.decode()

    assert said(client.post(reverse("portal:return_amount", args=[draft.pk]), typed(draft)).content.decode()) == {
        "申报数"
    }
    assert said(*pages()) == {"登记数"}
    filing.copy_to_draft(draft, [placement(employer)])
    filed_return(employer)
    check_employers(levy_year=2025, employer_ids=[employer.pk])
    assert said(*pages()) == {"申报数"}  # what the checks found is told with an officer's decision
    HeadcountReturn.objects.filter(employer=employer, is_in_force=True).update(
        state="sent_back", sent_back_at=timezone.now(), sent_back_reason="请核对。"
    )
    assert said(*pages()) == {"核对数"}
    HeadcountReturn.objects.filter(employer=employer).delete()
    verified_year(employer)
    assert said(*pages()) == {"认定数"}
    confirmed_run()
    assert not any(str(basis.note) in page for basis in FactsBasis for page in pages())


def test_gaps_are_told_without_losing_the_rest(client: Client, draft: HeadcountReturn) -> None:
    answer = client.post(reverse("portal:return_amount", args=[draft.pk]), typed(draft, staff_3=""))
    assert "还没有填全" in answer.content.decode()
    back = client.post(reverse("quota:return", args=[draft.pk]), typed(draft, staff_3="", edit="1"))
    assert back.context["form"]["staff_4"].value() == "100"
    assert not back.context["form"].is_bound


def test_the_amount_of_another_employer_s_draft_does_not_exist(draft: HeadcountReturn, signed_in: SignIn) -> None:
    stranger = signed_in(employer_account(EmployerFactory(region=draft.employer.region)))
    assert stranger.post(reverse("portal:return_amount", args=[draft.pk]), typed(draft)).status_code == 404


def test_one_number_fills_the_twelve_months_and_nothing_is_saved(client: Client, draft: HeadcountReturn) -> None:
    answer = client.post(reverse("quota:return", args=[draft.pk]), typed(draft, staff_1="7", same_staff="55"))
    form = answer.context["form"]
    assert {form[f"staff_{month}"].value() for month in range(1, 13)} == {"55"}
    assert form["total_wages"].value() == "6,000,000.00"
    draft.refresh_from_db()
    assert draft.staff_months == 0


def test_last_year_s_numbers_stand_at_each_box(client: Client, employer: Employer, draft: HeadcountReturn) -> None:
    verified_year(employer, levy_year=2024, staff=88, wages="5000000.00")
    text = client.get(reverse("quota:return", args=[draft.pk])).content.decode()
    assert text.count("上年88人") == 12
    assert "上年5,000,000.00元" in text


def test_a_return_without_disabled_people_is_filed_in_two_clicks(client: Client, draft: HeadcountReturn) -> None:
    asked = client.post(reverse("quota:return", args=[draft.pk]), typed(draft, submit="1"), follow=True)
    assert "按未安排残疾人就业申报" in asked.content.decode()
    draft.refresh_from_db()
    page, whole = reverse("quota:return_submit", args=[draft.pk]), {"version": draft.version, "is_true": "on"}
    assert "受理号" in client.post(page, whole, follow=True).content.decode()
