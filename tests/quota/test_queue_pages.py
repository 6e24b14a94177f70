"""The queue: its order, the way from case to case, the list as a file, and the quick lane."""

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.permissions import Role
from quota.enums import NumberKind, ReturnState
from quota.models import Employer, HeadcountReturn
from quota.queries import queue
from quota.services.checks import run_checks
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import YEAR, EmployerFactory, filed_return, placement, regional_number, verified_year

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
COUNTY = "140105"


@pytest.fixture(autouse=True)
def minimum_wage(db: None) -> None:
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    for code in ("140100", COUNTY, "140106"):
        RegionFactory(code=code)


@pytest.fixture
def client(signed_in: SignIn) -> Client:
    return signed_in(Role.VERIFIER, COUNTY)


@pytest.fixture
def employer() -> Employer:
    """One person paid for six months, another for twelve; checked."""
    employer = waiting("清和第一有限公司", months=range(1, 7))
    placement(employer)
    run_checks(levy_year=YEAR, region_code=COUNTY)
    return employer


def waiting(name: str, *, months: range = range(1, 13), filed_on: date = date(YEAR + 1, 5, 6)) -> Employer:
    """An employer that filed one person; the checks are still to come."""
    employer = EmployerFactory(region_id=COUNTY, name=name)
    filed_return(employer, filed_on=filed_on)
    placement(employer, months=months)
    return employer


def the_return(employer: Employer) -> HeadcountReturn:
    return HeadcountReturn.objects.in_force().get(employer=employer, levy_year=YEAR)


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def queue_url(**filters: object) -> str:
    return reverse("quota:queue", query={"levy_year": YEAR, **filters})


def test_the_queue_shows_what_waits_with_what_was_found(client: Client, employer: Employer) -> None:
    text = text_of(client, queue_url())
    assert employer.name in text
    assert "无工资记录6" in text
    assert "−6" in text


def test_the_queue_is_filtered_and_keeps_its_filters(client: Client, employer: Employer) -> None:
    sound = EmployerFactory(region_id=COUNTY, name="太原并州印刷有限公司")
    filed_return(sound)
    run_checks(levy_year=YEAR, region_code=COUNTY)
    assert sound.name in text_of(client, queue_url())
    assert sound.name not in text_of(client, queue_url(findings="yes"))
    assert employer.name not in text_of(client, queue_url(findings="no"))
    assert employer.name not in text_of(client, queue_url(q="并州"))
    assert sound.name in text_of(client, queue_url(q=sound.uscc[:12].lower()))
    assert sound.name not in text_of(client, queue_url(entity_type="organ"))
    assert "findings=yes" in text_of(client, queue_url(findings="yes"))
    assert sound.name not in text_of(client, reverse("quota:queue", query={"levy_year": YEAR - 1}))


def test_nonsense_in_the_address_shows_the_plain_queue(client: Client, employer: Employer) -> None:
    nonsense = {"levy_year": "2025'", "region": "x", "state": "draft", "page": "-1", "findings": "maybe"}
    assert client.get(reverse("quota:queue", query=nonsense)).status_code == 200


def test_the_queue_stops_at_the_officer_s_region(client: Client, employer: Employer, signed_in: SignIn) -> None:
    other = EmployerFactory(region_id="140106")
    filed_return(other)
    run_checks(levy_year=YEAR, region_code="140106")
    assert other.name not in text_of(client, queue_url())
    city = text_of(signed_in(Role.VERIFIER, "140100"), queue_url())
    assert other.name in city
    assert employer.name in city
    assert other.name not in text_of(signed_in(Role.VERIFIER, "140100"), queue_url(region=COUNTY))


def test_the_queue_costs_the_same_for_two_and_two_hundred_returns(
    client: Client, queries: Callable[[Client, str], int]
) -> None:
    def cost_of(returns: int) -> int:
        while HeadcountReturn.objects.count() < returns:
            employer = EmployerFactory(region_id=COUNTY)
            filed_return(employer)
            placement(employer, months=[])
        run_checks(levy_year=YEAR, region_code=COUNTY)
        return queries(client, queue_url())

    assert cost_of(2) == cost_of(200) <= 12


@pytest.fixture
def three(db: None) -> list[Employer]:
    """By day: 甲, 乙, 丙. By difference, the largest gap first: 乙, 丙, 甲."""
    found = [
        waiting("甲印刷有限公司", filed_on=date(YEAR + 1, 4, 1)),
        waiting("乙印刷有限公司", filed_on=date(YEAR + 1, 4, 2), months=range(1, 4)),
        waiting("丙印刷有限公司", filed_on=date(YEAR + 1, 4, 3), months=range(1, 7)),
    ]
    waiting("别处食品有限公司", filed_on=date(YEAR + 1, 4, 2))
    run_checks(levy_year=YEAR, region_code=COUNTY)
    return found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("filed_on", "甲乙丙"),
        ("-filed_on", "丙乙甲"),
        ("difference", "乙丙甲"),
        ("-difference", "甲丙乙"),
        ("x", "甲乙丙"),
    ],
)
def test_from_case_to_case_the_filters_and_the_order_stay(
    client: Client, three: list[Employer], sort: str, order: str
) -> None:
    page = client.get(queue_url(q="印刷", sort=sort))
    assert "".join(row.filed.employer.name[0] for row in page.context["rows"]) == order
    seen = [page.context["rows"][0].filed.employer.name[0]]
    url = reverse("quota:case", args=[page.context["rows"][0].filed.pk]) + f"?{page.context['selection'].query}"
    while (case := client.get(url)).context["after"]:
        after = reverse("quota:case", args=[case.context["after"]])
        assert f'href="{after}?' in case.content.decode()
        url = f"{after}?{page.context['selection'].query}"
        seen.append(client.get(url).context["filed"].employer.name[0])
    assert "".join(seen) == order
    assert client.get(url).context["before"] == the_return(next(e for e in three if e.name[0] == order[1])).pk


def test_a_step_leads_to_the_next_case_with_the_way_back(client: Client, three: list[Employer]) -> None:
    first, second, _third = map(the_return, three)
    kept = {"levy_year": YEAR, "state": "checked", "q": "印刷"}
    url = reverse("quota:case_step", args=[first.pk, "send_back"], query=kept)
    answer = client.post(url, {"reason": "请补正工资凭证"}, follow=True)
    assert answer.redirect_chain[0][0] == reverse("quota:case", args=[second.pk], query=kept)
    way_back = escape(reverse("quota:case", args=[first.pk], query=kept))
    assert f'<a href="{way_back}">甲印刷' in answer.content.decode()
    assert "已办理退回补正" in answer.content.decode()
    last = {"levy_year": YEAR, "state": "checked", "q": "乙印"}
    url = reverse("quota:case_step", args=[second.pk, "send_back"], query=last)
    answer = client.post(url, {"reason": "请补正"}, follow=True)
    assert answer.redirect_chain[0][0] == reverse("quota:queue", query=last)


def test_whoever_came_for_one_case_stays_there(client: Client, three: list[Employer]) -> None:
    url = reverse("quota:case_step", args=[the_return(three[0]).pk, "send_back"])
    assert client.post(url, {"reason": "请补正"})["Location"] == reverse("quota:case", args=[the_return(three[0]).pk])


def test_one_character_is_too_short_and_the_other_filters_stay(client: Client, three: list[Employer]) -> None:
    text = text_of(client, queue_url(q="甲", state="checked", findings="yes"))
    assert "至少输入2个字" in text
    assert "乙印刷" in text
    assert "别处食品" not in text


def test_the_list_is_a_file_without_formulas_or_persons(client: Client, three: list[Employer]) -> None:
    Employer.objects.filter(pk=three[1].pk).update(name="=HYPERLINK(1)印刷")
    answer = client.get(reverse("quota:queue_file", query={"levy_year": YEAR, "q": "印刷", "sort": "difference"}))
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(content)))
    assert [row["单位名称"][0] for row in rows] == ["'", "丙", "甲"]
    assert (rows[0]["申报人月"], rows[0]["核算人月"], rows[0]["差额人月"]) == ("12", "3", "-9")
    assert rows[0]["核对提示（人月）"] == "无工资记录9"
    assert "郭秀兰" not in content


def test_the_file_is_chinese_in_headings_and_cells_whatever_the_page_speaks(
    client: Client, three: list[Employer]
) -> None:
    def content() -> bytes:
        return b"".join(client.get(reverse("quota:queue_file", query={"levy_year": YEAR})).streaming_content)

    chinese = content()
    client.cookies["language"] = "en"
    assert content() == chinese
    assert "单位名称" in chinese.decode()


def test_single_keys_are_announced_and_can_be_switched_off(client: Client, three: list[Employer]) -> None:
    case = reverse("quota:case", args=[the_return(three[1]).pk])
    assert 'aria-keyshortcuts="J"' in text_of(client, case)
    assert "键盘操作" in text_of(client, queue_url())
    client.cookies["display"] = "keys=off"
    assert "键盘操作" not in text_of(client, queue_url())
    assert 'data-keys="off"' in text_of(client, case)


def test_the_quick_lane_shows_and_decides_what_agrees(client: Client, employer: Employer, signed_in: SignIn) -> None:
    sound = EmployerFactory(region_id=COUNTY)
    filed_return(sound)
    placement(sound)
    run_checks(levy_year=YEAR, region_code=COUNTY)
    chosen = {"levy_year": YEAR, "region": COUNTY}
    url = reverse("quota:quick", query=chosen)
    assert "全部初审通过" in text_of(client, url)
    client.post(reverse("quota:quick"), chosen | {"step": "review"})
    assert the_return(sound).state == ReturnState.REVIEWED
    assert "全部复审认定" not in text_of(client, url)
    second = signed_in(Role.VERIFIER, COUNTY)
    assert "全部复审认定" in text_of(second, url)
    second.post(reverse("quota:quick"), chosen | {"step": "verify"})
    assert the_return(sound).state == ReturnState.VERIFIED
    assert the_return(employer).state == ReturnState.CHECKED


def test_the_quick_lane_refuses_a_region_that_is_not_one_s_own(client: Client, employer: Employer) -> None:
    answer = client.post(reverse("quota:quick"), {"levy_year": YEAR, "region": "140106", "step": "review"})
    assert answer.status_code == 200
    assert "<title>错误：" in answer.content.decode()


def test_counts_stop_at_the_officer_s_region_whether_or_not_anybody_lies_outside(employer: Employer) -> None:
    def counted() -> int:
        readable = HeadcountReturn.objects.counted_within_right(officer(Role.VERIFIER, "140000"), *queue.READERS)
        return readable.in_force().count()

    before = counted()
    for code in ("130102", "150102", "140106"):
        verified_year(EmployerFactory(region=RegionFactory(code=code)), levy_year=YEAR)
    assert (before, counted()) == (1, 2)


def test_counts_of_a_large_queue_are_kept_for_a_while(employer: Employer, monkeypatch: pytest.MonkeyPatch) -> None:
    returns = HeadcountReturn.objects.in_force().filter(levy_year=YEAR)
    before = queue.counts(returns)
    HeadcountReturn.objects.filter(employer=employer).update(has_findings=False, claimed_months=0, computed_months=0)
    assert queue.counts(returns) != before  # a small queue is counted every time
    monkeypatch.setattr(queue, "LARGE", 1)
    kept = queue.counts(returns)
    HeadcountReturn.objects.filter(employer=employer).update(has_findings=True)
    assert queue.counts(returns) == kept
    assert queue.counts(returns.exclude(pk=0)) != kept  # another question
