"""The employer's pages: only its own, no typed text lost, a number and a time for each filing."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Role
from law.codes import CertificateKind, EmploymentForm
from quota.enums import ReturnState
from quota.models import Employer, HeadcountReturn, Membership, RegionalSetting
from quota.services import filing
from tests.accounts.factories import officer
from tests.quota.factories import (
    EmployerFactory,
    certificate,
    employer_account,
    filed_return,
    identity_number,
    placement,
)

pytestmark = pytest.mark.django_db
YEAR = datetime.now(ZoneInfo("Asia/Shanghai")).year - 1
SignIn = Callable[..., Client]


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory()


@pytest.fixture
def clerk(employer: Employer) -> User:
    return employer_account(employer)


@pytest.fixture
def client(clerk: User, signed_in: SignIn) -> Client:
    return signed_in(clerk)


@pytest.fixture
def draft(employer: Employer, clerk: User) -> HeadcountReturn:
    return filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)


def numbers(draft: HeadcountReturn, **changes: Any) -> dict[str, Any]:
    draft.refresh_from_db()
    staff = {f"staff_{month}": "50" for month in range(1, 13)}
    return {"version": draft.version, "total_wages": "3,000,000.00", **staff} | changes


def person(draft: HeadcountReturn, identity: str, **changes: Any) -> dict[str, Any]:
    draft.refresh_from_db()
    return {
        "version": draft.version,
        "name": "郭秀兰",
        "identity_number": identity,
        "certificate_kind": "disabled_person",
        "certificate_number": certificate(identity),
        "form": "contract",
        "contract_start": "2024/1/1",
        "contract_end": "",
        "post": "质检",
    } | changes


def page(client: Client, name: str, *arguments: Any) -> str:
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def test_a_return_is_opened_filled_in_submitted_and_receipted(client: Client, employer: Employer) -> None:
    assert "填写申报" in page(client, "quota:my_employers")
    opened = client.post(reverse("quota:return_open", args=[employer.uscc, YEAR]))
    draft = HeadcountReturn.objects.get(employer=employer)
    assert opened.url == reverse("quota:return", args=[draft.pk])
    client.post(opened.url, numbers(draft, staff_1="１００"))
    client.post(reverse("quota:placement_add", args=[draft.pk]), person(draft, identity_number()))
    shown = page(client, "quota:return", draft.pk)
    assert "已保存的合计650人月" in shown
    draft.refresh_from_db()
    filed = client.post(
        reverse("quota:return_submit", args=[draft.pk]), {"version": draft.version, "is_true": "on"}, follow=True
    )
    text = filed.content.decode()
    draft.refresh_from_db()
    assert draft.state == ReturnState.SUBMITTED
    again = client.get(reverse("quota:return_submit", args=[draft.pk]))
    assert again["Location"] == reverse("quota:receipt", args=[draft.pk])
    assert f"SB-{employer.region_id}-{YEAR + 1}-{draft.pk:06d}" in text
    assert "提交时间" in text


TO_NOBODY, REPLACES_NOTHING, IS_REPLACED = "安排人数按0计算", "本次申报未取代此前的申报", "已被后来的更正申报取代"


@pytest.mark.parametrize(
    ("last_day", "first_filed", "told_first", "told_last"),
    [
        ("12-31", True, IS_REPLACED, None),
        ("01-01", True, None, REPLACES_NOTHING),
        ("01-01", False, None, TO_NOBODY),
    ],
)
def test_a_receipt_says_whether_the_return_counts(
    client: Client,
    employer: Employer,
    clerk: User,
    last_day: str,
    first_filed: bool,
    told_first: str | None,
    told_last: str | None,
) -> None:
    RegionalSetting.objects.create(
        region=employer.region,
        name="filing_deadline",
        value=last_day,
        valid_from=date(2015, 1, 1),
        document_number="测试〔2015〕1号",
    )
    told = {}
    if first_filed:
        told[filed_return(employer, filed_on=date(YEAR + 1, 1, 1), year=YEAR).pk] = told_first
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    client.post(reverse("quota:return", args=[draft.pk]), numbers(draft))
    draft.refresh_from_db()
    filing.submit_return(headcount_return=draft, version=draft.version, actor=clerk)
    told[draft.pk] = told_last
    for pk, expected in told.items():
        text = page(client, "quota:receipt", pk)
        assert [words for words in (TO_NOBODY, REPLACES_NOTHING, IS_REPLACED) if words in text] == [
            words for words in [expected] if words
        ]


def test_nothing_is_filed_without_the_declaration_that_it_is_true(client: Client, draft: HeadcountReturn) -> None:
    client.post(reverse("quota:return", args=[draft.pk]), numbers(draft))
    draft.refresh_from_db()
    refused = client.post(reverse("quota:return_submit", args=[draft.pk]), {"version": draft.version})
    assert refused.status_code == 200
    draft.refresh_from_db()
    assert draft.state == ReturnState.DRAFT


def test_an_empty_return_is_sent_back_to_the_form_with_the_reason(client: Client, draft: HeadcountReturn) -> None:
    answer = client.post(
        reverse("quota:return_submit", args=[draft.pk]), {"version": draft.version, "is_true": "on"}, follow=True
    )
    assert "请先填写12个月的在职职工人数" in answer.content.decode()


def test_a_conflict_keeps_what_was_typed_and_shows_what_was_saved(
    client: Client, draft: HeadcountReturn, clerk: User
) -> None:
    typed = numbers(draft, total_wages="1234567.00")
    filing.save_return(
        headcount_return=draft,
        version=draft.version,
        staff_by_month=[7] * 12,
        total_wages=Decimal("999.00"),
        actor=clerk,
    )
    conflict = client.post(reverse("quota:return", args=[draft.pk]), typed)
    text = conflict.content.decode()
    assert conflict.status_code == 409
    assert "1234567.00" in text
    assert "999.00" in text
    draft.refresh_from_db()
    assert draft.total_wages == Decimal("999.00")
    version = re.search(r'name="version" value="(\d+)"', text)[1]
    client.post(reverse("quota:return", args=[draft.pk]), typed | {"version": version})
    draft.refresh_from_db()
    assert draft.total_wages == Decimal("1234567.00")


@pytest.mark.parametrize(
    "typed",
    [
        {"staff_3": "-1"},
        {"staff_3": "1.5"},
        {"staff_3": "10000001"},
        {"staff_3": ""},
        {"total_wages": "NaN"},
        {"total_wages": "1e400"},
        {"total_wages": "10000000000001"},
        {"total_wages": "1.234"},
        {"version": "x"},
    ],
    ids=str,
)
def test_figures_that_cannot_be_are_refused_at_the_box(
    client: Client, draft: HeadcountReturn, typed: dict[str, str]
) -> None:
    answer = client.post(reverse("quota:return", args=[draft.pk]), numbers(draft, **typed))
    assert answer.status_code == 200
    assert "<title>错误：" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.staff_months == 0


def test_mistakes_are_listed_in_the_order_of_the_boxes(client: Client, draft: HeadcountReturn) -> None:
    wrong = numbers(draft, staff_3="x", total_wages="x")
    shown = client.post(reverse("quota:return", args=[draft.pk]), wrong).content.decode()
    assert re.findall(r'<a href="#id_(\w+)"', shown) == ["staff_3", "total_wages"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"identity_number": "140199198506150011"}, "校验码不符"),
        ({"identity_number": "1.40199E+17"}, "文本"),
        ({"certificate_number": "123"}, "残疾人证号应为20位"),
        ({"contract_end": "2023-12-31"}, "合同结束日期不能早于开始日期"),
        ({"contract_start": "2024-02-30"}, "日期"),
        ({"contract_start": "1899-12-31"}, "日期应在1900年至2199年之间"),
        ({"contract_end": "2200-01-01"}, "日期应在1900年至2199年之间"),
    ],
    ids=str,
)
def test_a_person_s_typing_errors_are_told_with_their_cure(
    client: Client, draft: HeadcountReturn, typed: dict[str, str], told: str
) -> None:
    answer = client.post(reverse("quota:placement_add", args=[draft.pk]), person(draft, identity_number(), **typed))
    assert told in answer.content.decode()
    assert not draft.draft_placements.exists()


def test_the_same_contract_twice_is_told_on_the_page(client: Client, draft: HeadcountReturn) -> None:
    identity = identity_number()
    for _ in range(2):
        answer = client.post(reverse("quota:placement_add", args=[draft.pk]), person(draft, identity))
    assert "同一人的同一份合同已填写" in answer.content.decode()
    assert draft.draft_placements.count() == 1


def test_people_are_shown_masked_and_changed_without_typing_their_numbers_again(
    client: Client, draft: HeadcountReturn
) -> None:
    identity = identity_number()
    client.post(reverse("quota:placement_add", args=[draft.pk]), person(draft, identity))
    row = draft.draft_placements.get()
    masked = f"{identity[:3]}{'*' * 13}{identity[-2:]}"
    for text in (page(client, "quota:return", draft.pk), page(client, "quota:placement", draft.pk, row.pk)):
        assert masked in text
        assert identity not in text
    changed = person(draft, "", certificate_number="", post="按摩师")
    client.post(reverse("quota:placement", args=[draft.pk, row.pk]), changed)
    row.refresh_from_db()
    assert (row.post, row.masked_identity) == ("按摩师", masked)


def test_people_are_removed_and_last_year_s_taken_over(
    client: Client, draft: HeadcountReturn, employer: Employer
) -> None:
    placement(employer, year=YEAR - 1, months=[])
    client.post(reverse("quota:copy_last_year", args=[draft.pk]), {"version": draft.version})
    row = draft.draft_placements.get()
    draft.refresh_from_db()
    client.post(reverse("quota:placement_remove", args=[draft.pk, row.pk]), {"version": draft.version})
    assert not draft.draft_placements.exists()


def test_the_page_says_how_many_of_last_year_s_people_came(
    client: Client, draft: HeadcountReturn, employer: Employer
) -> None:
    placement(employer, year=YEAR - 1, months=[])
    for told in ("已带入1条。", "没有可以带入的：上年没有名单，合同已到期，或已在名单中。"):
        draft.refresh_from_db()
        copied = client.post(reverse("quota:copy_last_year", args=[draft.pk]), {"version": draft.version}, follow=True)
        assert told in copied.content.decode()


def test_a_stale_page_removes_nobody(client: Client, draft: HeadcountReturn) -> None:
    seen = draft.version
    client.post(reverse("quota:placement_add", args=[draft.pk]), person(draft, identity_number()))
    row = draft.draft_placements.get()
    answer = client.post(reverse("quota:placement_remove", args=[draft.pk, row.pk]), {"version": seen}, follow=True)
    assert "刚被他人修改" in answer.content.decode()
    assert draft.draft_placements.exists()


PAGES = ["quota:return", "quota:placement_add", "quota:return_submit", "quota:receipt"]
ACTS = ["quota:return", "quota:placement_add", "quota:copy_last_year", "quota:return_submit"]


def test_the_pages_of_two_returns_have_titles_of_their_own(client: Client, draft: HeadcountReturn) -> None:
    for name in PAGES[:3]:
        title = re.search("<title>(.*?)</title>", page(client, name, draft.pk))
        assert str(draft.employer) in title[1]


def test_another_employer_s_return_does_not_exist(draft: HeadcountReturn, signed_in: SignIn) -> None:
    stranger = signed_in(employer_account(EmployerFactory()))
    for name in PAGES:
        assert stranger.get(reverse(name, args=[draft.pk])).status_code == 404
    for name in ACTS:
        assert stranger.post(reverse(name, args=[draft.pk]), {"version": draft.version}).status_code == 404
    uscc = draft.employer.uscc
    assert stranger.post(reverse("quota:return_open", args=[uscc, YEAR])).status_code == 404


def test_another_employer_s_person_cannot_be_reached_through_one_s_own_return(
    client: Client, draft: HeadcountReturn
) -> None:
    other = employer_account(EmployerFactory())
    theirs = filing.open_return(employer=other.memberships.get().employer, levy_year=YEAR, actor=other)
    row = filing.save_placement(
        headcount_return=theirs, version=theirs.version, typed=_typed(identity_number()), actor=other
    )
    for name in ("quota:placement", "quota:placement_remove"):
        answer = client.post(reverse(name, args=[draft.pk, row.pk]), {"version": draft.version})
        assert answer.status_code == 404
    assert theirs.draft_placements.exists()


def _typed(identity: str) -> filing.PlacementInput:
    return filing.PlacementInput(
        "郭秀兰", identity, CertificateKind.DISABLED_PERSON, certificate(identity), EmploymentForm.CONTRACT,
        date(2024, 1, 1), None, "",
    )  # fmt: skip


@pytest.mark.parametrize("role", [role for role in Role if role != Role.EMPLOYER])
def test_officers_do_not_file_for_employers(draft: HeadcountReturn, signed_in: SignIn, role: Role) -> None:
    session = signed_in(role, "140000")
    assert session.get(reverse("quota:my_employers")).status_code == 403
    for name in PAGES:
        assert session.get(reverse(name, args=[draft.pk])).status_code == 403


def test_an_officer_who_also_acts_for_an_employer_sees_only_that_one(
    draft: HeadcountReturn, signed_in: SignIn
) -> None:
    both = officer(Role.VERIFIER, "140000")
    officer(Role.EMPLOYER, "140000").appointments.update(user=both)
    assert signed_in(both).get(reverse("quota:return", args=[draft.pk])).status_code == 404


def test_mass_assignment_changes_nothing_else(client: Client, draft: HeadcountReturn) -> None:
    extra = {"state": "verified", "employer": "1", "filed_on": "2020-01-01", "is_late": "", "claimed_months": "999"}
    client.post(reverse("quota:return", args=[draft.pk]), numbers(draft, **extra))
    draft.refresh_from_db()
    assert (draft.state, draft.filed_on, draft.claimed_months) == (ReturnState.DRAFT, None, 0)


def test_the_list_of_employers_costs_the_same_for_two_and_twenty(
    client: Client, clerk: User, queries: Callable[[Client, str], int]
) -> None:
    def cost_of(employers: int) -> int:
        while clerk.memberships.count() < employers:
            Membership.objects.create(user=clerk, employer=EmployerFactory())
        return queries(client, reverse("quota:my_employers"))

    assert cost_of(2) == cost_of(20) <= 12


def test_the_form_costs_the_same_for_two_and_twenty_people(
    client: Client, draft: HeadcountReturn, queries: Callable[[Client, str], int]
) -> None:
    def cost_of(people: int) -> int:
        while draft.draft_placements.count() < people:
            client.post(reverse("quota:placement_add", args=[draft.pk]), person(draft, identity_number()))
        return queries(client, reverse("quota:return", args=[draft.pk]))

    assert cost_of(2) == cost_of(20) <= 12
