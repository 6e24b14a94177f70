"""An employer's year: every step of the amount for readers with the right, only counts for the tax bureau."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.permissions import Role
from collection.models import Payment
from levy.queries.run_stages import run_stages
from portal.queries.years import employer_year, year_stages
from quota.models import Employer, Membership
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, verified_year

SignIn = Callable[..., Client]


@pytest.fixture
def employer(db: None) -> Employer:
    RegionFactory(code="140000")
    found = EmployerFactory(region=RegionFactory(code="140105"))
    verified_year(found, staff=100, wages="6000000.00", credited=12)
    return found


def page(client: Client, employer: Employer, year: int = 2025) -> str:
    response = client.get(f"/employers/{employer.uscc}/{year}/")
    assert response.status_code == 200
    return response.content.decode()


def test_the_confirmed_amount_comes_with_its_steps_and_articles(employer: Employer, signed_in: SignIn) -> None:
    confirmed_run()
    text = page(signed_in(Role.LEVY_OFFICER, "140105"), employer)
    assert "15,000.00" in text
    assert "财税〔2015〕72号第八条第一款" in text


def test_before_the_confirmation_the_page_says_that_it_is_a_forecast(employer: Employer, signed_in: SignIn) -> None:
    draft_run()
    text = page(signed_in(Role.LEVY_OFFICER, "140105"), employer)
    assert "不是核定结果" in text
    assert employer_year(employer, 2025).assessed.payable == Decimal("15000.00")


def test_a_year_without_parameters_or_return_is_still_a_page(employer: Employer, signed_in: SignIn) -> None:
    text = page(signed_in(Role.LEVY_OFFICER, "140105"), employer, 2022)
    assert "尚未申报" in text
    assert "缺少地区参数" in text


def test_what_is_paid_is_set_against_what_is_due(employer: Employer) -> None:
    confirmed_run()
    for number, amount in enumerate((5000, 10000)):
        Payment.objects.create(
            receipt_number=str(number), employer=employer, levy_year=2025, amount=amount, received_on="2026-12-01"
        )
    assert employer_year(employer, 2025).balance == 0


def test_who_filed_late_is_told_what_to_pay_once_that_is_confirmed(employer: Employer, signed_in: SignIn) -> None:
    late = EmployerFactory(region=employer.region)
    verified_year(late, staff=100, wages="6000000.00", is_late=True)
    client = signed_in(Role.LEVY_OFFICER, "140105")
    assert "申报超过规定时限" in page(client, late)
    confirmed_run()
    assert "待缴81,000.00元" in page(client, late)
    Payment.objects.create(
        receipt_number="1", employer=late, levy_year=2025, amount="81000.01", received_on="2026-12-01"
    )
    text = page(client, late)
    assert "本年度费额已缴清" in text
    assert "多缴0.01元" in text


def test_the_stage_bar_follows_the_case(employer: Employer) -> None:
    assert [step.state for step in year_stages(employer_year(employer, 2025))] == [
        "done",
        "done",
        "now",
        "todo",
        "todo",
    ]
    confirmed_run()
    assert [step.state for step in year_stages(employer_year(employer, 2025))] == [
        "done",
        "done",
        "done",
        "now",
        "todo",
    ]


def test_the_stage_bar_of_a_run_stands_where_the_run_stands(employer: Employer) -> None:
    drafted = run_stages(draft_run(2025))
    assert [step.state for step in drafted] == ["done", "now", "todo", "todo"]
    assert drafted[0].note
    assert [step.note for step in drafted[1:]] == ["", "", ""]


def test_an_employer_sees_its_own_year_and_no_other(employer: Employer, signed_in: SignIn) -> None:
    clerk = officer(Role.EMPLOYER, "140105")
    Membership.objects.create(user=clerk, employer=employer)
    page(signed_in(clerk), employer)
    neighbour = EmployerFactory(region=employer.region)
    assert signed_in(clerk).get(f"/employers/{neighbour.uscc}/2025/").status_code == 404


def test_who_was_assessed_without_a_return_reads_how_to_object(employer: Employer, signed_in: SignIn) -> None:
    silent = EmployerFactory(region=employer.region)
    clerk = officer(Role.EMPLOYER, "140105")
    Membership.objects.create(user=clerk, employer=silent)
    assert "对结果有异议" not in page(signed_in(clerk), silent)
    confirmed_run()
    shown = page(signed_in(clerk), silent)
    assert "对结果有异议" in shown
    assert "向主管税务机关提出" in shown


def test_an_officer_of_another_county_gets_404(employer: Employer, signed_in: SignIn) -> None:
    client = signed_in(Role.LEVY_OFFICER, "140106")
    assert client.get(f"/employers/{employer.uscc}/2025/").status_code == 404


def test_the_acts_at_an_employer_that_moved_are_those_an_officer_may_do(employer: Employer, signed_in: SignIn) -> None:
    """The old result is the old county's: whoever is over both counties corrects it."""
    neighbour = EmployerFactory(region=RegionFactory(code="140106"))
    confirmed_run()
    RegionFactory(code="140100")
    Employer.objects.filter(pk=employer.pk).update(region=neighbour.region)
    for place, offered in (("140106", []), ("140100", ["correct", "issue"])):
        client = signed_in(Role.LEVY_OFFICER, place)
        assert client.get(f"/employers/{employer.uscc}/2025/").context["shown"].acts == offered
        correction = client.get(reverse("levy:correction_propose", args=[employer.uscc, 2025]))
        assert correction.status_code == (200 if offered else 404)


def test_an_administrator_inside_the_region_has_no_right_to_it(employer: Employer, signed_in: SignIn) -> None:
    client = signed_in(Role.ADMINISTRATOR, "140105")
    assert client.get(f"/employers/{employer.uscc}/2025/").status_code == 403


def test_the_tax_bureau_sees_counts_and_no_persons(employer: Employer, signed_in: SignIn) -> None:
    assert "残疾职工逐月核对" not in page(signed_in(Role.TAX_OFFICER, "140105"), employer)
    assert "残疾职工逐月核对" in page(signed_in(Role.VERIFIER, "140105"), employer)


def test_the_search_finds_by_part_of_the_name_and_start_of_the_code_inside_the_region(
    employer: Employer, signed_in: SignIn
) -> None:
    EmployerFactory(region=RegionFactory(code="140106"), name="清和邻县有限公司")
    client = signed_in(Role.LEVY_OFFICER, "140105")
    for text in (employer.name[:3], employer.uscc[:12].lower()):
        found = client.get("/employers/", {"q": text}).content.decode()
        assert employer.name in found
        assert "清和邻县" not in found
    assert "没有找到" in client.get("/employers/", {"q": "查无此户"}).content.decode()


def test_a_broad_search_shows_its_first_pages_and_asks_for_more_characters(signed_in: SignIn) -> None:
    region = RegionFactory(code="140105")
    Employer.objects.bulk_create(EmployerFactory.build(region=region) for _ in range(251))
    client = signed_in(Role.LEVY_OFFICER, "140105")
    broad = client.get("/employers/", {"q": "公司", "page": "10"}).content.decode()
    assert "找到250户以上" in broad
    assert "第226至250户" in broad
    assert "户以上" not in client.get("/employers/", {"q": Employer.objects.first().uscc}).content.decode()
