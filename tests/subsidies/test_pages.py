"""Finance officers' pages of rewards: checking a text, computing, deciding, and the list as a file."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions import Role
from law.codes import EntityType
from quota.enums import NumberKind
from quota.models import Employer
from subsidies.models import Award, AwardState, Programme
from subsidies.services import awards as services
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tests.reading import text_of
from tests.steps import take_step

pytestmark = pytest.mark.django_db


def finance(region: str = "140000"):
    return officer(Role.FINANCE_OFFICER, region)


@pytest.fixture
def programme() -> Programme:
    return Programme.objects.create(
        region=RegionFactory(code="140000", name="山西省"),
        valid_from=date(2020, 1, 1),
        document_number="测试〔2020〕1号",
        threshold_ratio=Decimal("0.015"),
        whole_heads=False,
        minimum_excess=Decimal(0),
        severe_counts=2,
        basis="minimum_wages",
        rate=Decimal(6),
        open_question="按月还是按年计发不明。",
    )


@pytest.fixture
def confirmed(programme):
    """Three employers with 24,000.00 yuan each."""
    RegionFactory(code="140105", name="小店区")
    for _ in range(3):
        verified_year(EmployerFactory(), credited=42)
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()
    return programme


@pytest.fixture
def proposed(confirmed):
    services.PROGRAMMES.approve(confirmed, actor=finance(), reason="已核对")
    services.compute_awards(programme=confirmed, levy_year=2025, actor=finance())
    return confirmed


def test_a_text_is_checked_then_computed_by_one_and_approved_by_another(client, confirmed):
    client.force_login(finance())
    detail = confirmed.get_absolute_url()
    assert "按月还是按年计发不明" in text_of(client.get(detail))
    compute = reverse("subsidies:programme_compute", args=[confirmed.pk])
    assert "尚未与原文核对" in text_of(client.post(compute, {"levy_year": 2025}, follow=True))
    check = reverse("subsidies:programme_check", args=[confirmed.pk])
    assert "错误：" in text_of(take_step(client, check, reason=""))
    assert "办法已启用" in text_of(take_step(client, check, reason="按年计发，已核对原文", follow=True))
    assert "已计算，3户待批准" in text_of(client.post(compute, {"levy_year": 2025}, follow=True))
    approve = reverse("subsidies:programme_approve", args=[confirmed.pk, 2025])
    assert "72,000.00元" in text_of(client.get(approve))
    shown = {"count": "3", "amount": "72000.00"}
    assert "须由另一人办理" in text_of(client.post(approve, shown, follow=True))
    client.force_login(finance())
    assert "已批准3户" in text_of(client.post(approve, shown, follow=True))
    assert set(Award.objects.values_list("state", flat=True)) == {AwardState.APPROVED}


def test_a_list_that_changed_since_it_was_shown_is_not_approved(client, proposed):
    client.force_login(finance())
    approve = reverse("subsidies:programme_approve", args=[proposed.pk, 2025])
    services.AWARDS.reject(Award.objects.first(), actor=finance(), reason="单位已注销")
    assert "名单在您查看之后有变化" in text_of(client.post(approve, {"count": "3", "amount": "72000.00"}, follow=True))
    assert not Award.objects.filter(state=AwardState.APPROVED).exists()


def test_an_awards_page_shows_its_calculation_and_steps(client, proposed):
    award = Award.objects.first()
    client.force_login(finance())
    page = client.get(award.get_absolute_url())
    assert [name for name, _button in page.context["steps"]] == ["approve", "refuse"]
    assert "24,000.00元" in text_of(page)
    assert "42−18，不足0的按0" in text_of(page)
    take_step(client, reverse("subsidies:award_step", args=[award.pk, "approve"]))
    page = take_step(client, reverse("subsidies:award_step", args=[award.pk, "pay"]), follow=True)
    assert "已拨付" in text_of(page)
    assert page.context["steps"] == []


def test_who_decides_in_a_county_is_not_sent_to_the_province_s_programme(client, proposed):
    award = Award.objects.first()
    for region, linked in (("140105", False), ("140000", True)):
        client.force_login(finance(region))
        shown = client.get(award.get_absolute_url()).content.decode()
        assert proposed.document_number in shown
        assert (f'href="{proposed.get_absolute_url()}"' in shown) is linked


def test_refusing_asks_for_a_reason_and_shows_it(client, proposed):
    award = Award.objects.first()
    client.force_login(finance())
    step = reverse("subsidies:award_step", args=[award.pk, "refuse"])
    assert "错误：" in text_of(client.post(step, {"reason": ""}))
    assert "单位已注销" in text_of(client.post(step, {"reason": "单位已注销"}, follow=True))
    assert client.get(reverse("subsidies:award_step", args=[award.pk, "delete"])).status_code == 404


def test_the_list_is_filtered_and_summed(client, proposed):
    client.force_login(finance())
    services.AWARDS.approve(Award.objects.first(), actor=finance())
    url = reverse("subsidies:award_list")
    assert "共3户，合计72,000.00元" in text_of(client.get(url))
    assert "共1户，合计24,000.00元" in text_of(client.get(url, {"state": "approved", "levy_year": "2025"}))
    assert "没有符合条件的奖励" in text_of(client.get(url, {"levy_year": "2024"}))
    assert "共3户" in text_of(client.get(url, {"state": "nonsense"}))


def test_the_desk_leads_to_the_awards_it_counts(client, proposed):
    services.AWARDS.approve(Award.objects.first(), actor=finance())
    client.force_login(finance())
    for state, words in ((AwardState.PROPOSED, "共2户"), (AwardState.APPROVED, "共1户")):
        url = reverse("subsidies:award_list", query={"state": state.value})
        assert f'href="{url}"' in client.get(reverse("casework:desk")).content.decode()
        assert words in text_of(client.get(url))


@pytest.mark.parametrize("name", ["=1+1", "==1+1", "＋cmd", "@x"])
def test_the_file_holds_the_same_list_and_no_formula(client, proposed, name):
    award = Award.objects.select_related("employer").first()
    Employer.objects.filter(pk=award.employer_id).update(name=name)
    client.force_login(finance())
    response = client.get(reverse("subsidies:award_file"), {"levy_year": "2025"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 3
    assert rows[0]["单位名称"] == f"'{name}"
    assert {row["奖励金额"] for row in rows} == {"24000.00"}
    assert response.headers["Cache-Control"] == "no-store, private"


def test_the_file_tells_the_kind_of_employer_that_was_rewarded(client, proposed):
    Employer.objects.update(entity_type=EntityType.INSTITUTION)
    client.force_login(finance())
    content = b"".join(client.get(reverse("subsidies:award_file")).streaming_content).decode("utf-8-sig")
    assert {row["单位类型"] for row in csv.DictReader(io.StringIO(content))} == {"企业"}


def addresses(programme: Programme) -> list[str]:
    award = Award.objects.first()
    return [
        award.get_absolute_url(),
        reverse("subsidies:award_step", args=[award.pk, "approve"]),
        programme.get_absolute_url(),
        reverse("subsidies:programme_check", args=[programme.pk]),
        reverse("subsidies:programme_approve", args=[programme.pk, 2025]),
    ]


def test_strangers_find_nothing_and_others_are_refused(client, proposed):
    client.force_login(finance("150000"))
    assert [client.get(url).status_code for url in addresses(proposed)] == [404] * 5
    assert "没有符合条件的奖励" in text_of(client.get(reverse("subsidies:award_list")))
    assert "没有登记奖励办法" in text_of(client.get(reverse("subsidies:programme_list")))
    client.force_login(officer(Role.LEVY_OFFICER, "140000"))
    assert [client.get(url).status_code for url in addresses(proposed)] == [403] * 5
    assert client.get(reverse("subsidies:award_file")).status_code == 403
    client.logout()
    assert [client.get(url).status_code for url in addresses(proposed)] == [302] * 5


def test_lists_cost_the_same_for_few_and_for_many(client, proposed):
    client.force_login(finance())

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            response = client.get(url)
            assert response.status_code == 200
            if response.streaming:
                b"".join(response.streaming_content)
        return len(captured)

    urls = [reverse(f"subsidies:{name}") for name in ("award_list", "award_file", "programme_list")]
    [cost(url) for url in urls]
    few = [cost(url) for url in urls]
    for levy_year in range(2018, 2025):
        for employer in Employer.objects.all():
            verified_year(employer, levy_year=levy_year, credited=42)
        confirmed_run(levy_year)
        if levy_year >= 2020:
            services.compute_awards(programme=proposed, levy_year=levy_year, actor=finance())
    assert Award.objects.count() > 15
    assert [cost(url) for url in urls] == few
