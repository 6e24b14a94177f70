"""What if: the annual run's own rules for one person more, and nothing stored."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.permissions import Role
from law.amount import Hire, assess, fewest, with_hire
from levy.models import Assessment
from portal.queries.outlook import Outlook, outlook
from quota.enums import NumberKind
from quota.models import Employer, Membership, RegionalNumber, RegionalSetting
from tests.accounts.factories import RegionFactory, officer
from tests.law.strategies import REGIONAL_CASES, Case, examples
from tests.quota.factories import EmployerFactory, regional_number, verified_year

SignIn = Callable[..., Client]
TODAY = date(2026, 11, 22)
hires = st.builds(Hire, st.integers(1, 50), st.sampled_from([1, 2]), st.integers(1, 12))


@examples(300, 5000)
@given(REGIONAL_CASES, hires)
def test_people_who_were_staff_already_never_raise_what_is_due(case: Case, hire: Hire) -> None:
    facts, terms = case.facts, case.terms
    before, after = assess(facts, terms).payable, assess(with_hire(facts, terms, hire), terms).payable
    assert (before is None) == (after is None)
    assert before is None or after <= before


@given(st.integers(1, 100_000), st.sampled_from([1, 2]), st.integers(1, 12))
def test_the_fewest_people_are_enough_and_one_less_is_not(further: int, weight: int, left: int) -> None:
    people, months = fewest(further, weight, left)
    assert months <= left
    assert people * months * weight >= further > (people - 1) * left * weight


@pytest.fixture
def employer(db: None) -> Employer:
    RegionFactory(code="140000")
    found = EmployerFactory(region=RegionFactory(code="140105"))
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    verified_year(found, staff=100, wages="6000000.00", credited=3)
    return found


def of_year(employer: Employer, year: int) -> Outlook:
    found = outlook(employer, year, TODAY)
    assert found is not None
    return found


def test_a_severe_case_from_august_counts_twice_its_five_months(employer: Employer) -> None:
    year = of_year(employer, 2025)
    assert year.assessed.payable == Decimal("67500.00")  # (18 − 3) × 60,000 ÷ 12 × 90 %
    change = year.change(people=1, weight=2, first_month=8)
    assert change.hire.credited_months == 10
    assert change.after.payable == Decimal("12500.00")  # 13 of 1,200: the 1 % tier, 5 × 5,000 × 50 %
    assert change.saved == Decimal("55000.00")
    assert change.after.staff_months == 1200


def test_the_next_bands_are_told_in_months_and_people(employer: Employer) -> None:
    half, met = of_year(employer, 2025).steps()
    assert (half.threshold.further_months, half.ordinary, half.severe) == (9, (1, 9), (1, 5))
    assert half.threshold.payable == Decimal("15000.00")
    assert (met.threshold.further_months, met.ordinary, met.severe) == (15, (2, 8), (1, 8))
    assert met.threshold.payable == 0


def test_the_next_bands_of_a_year_that_runs_are_told_in_the_months_it_has_left(employer: Employer) -> None:
    half, met = of_year(employer, 2026).steps()
    assert (half.threshold.further_months, half.ordinary, half.severe) == (9, (5, 2), (3, 2))
    assert (met.threshold.further_months, met.ordinary, met.severe) == (15, (8, 2), (4, 2))


def test_a_hire_in_a_year_that_runs_joins_the_staff_and_starts_this_month_at_the_earliest(employer: Employer) -> None:
    year = of_year(employer, 2026)
    assert [month for month, _changes in year.plan(1)] == [11, 12]
    change = year.change(people=1, weight=1, first_month=11)
    assert (change.after.staff_months, change.after.credited_months) == (1202, 5)
    assert change.after.average_wage == Decimal("60000.00")


def test_terms_that_stand_in_do_not_make_a_later_year_the_first_one(employer: Employer) -> None:
    RegionalNumber.objects.filter(kind=NumberKind.SOCIAL_AVERAGE_WAGE).update(valid_until=date(2025, 12, 31))
    setting = RegionalSetting(name="new_employer", value="founding_year_free", document_number="测试〔2025〕1号")
    setting.region_id, setting.valid_from = "140000", date(2015, 1, 1)
    setting.save()
    Employer.objects.filter(pk=employer.pk).update(registered_on=date(2025, 7, 1))
    employer.refresh_from_db()
    assert of_year(employer, 2025).assessed.payable is None
    for year in (2026, 2027):
        found = of_year(employer, year)
        assert (found.terms_year, found.assessed.payable) == (2025, Decimal("67500.00"))


def test_who_was_registered_this_year_is_told_about_it_though_the_last_one_asks_nothing(employer: Employer) -> None:
    RegionalNumber.objects.filter(kind=NumberKind.SOCIAL_AVERAGE_WAGE).update(valid_until=date(2025, 12, 31))
    new = EmployerFactory(region=employer.region, registered_on=date(2026, 2, 1))
    Employer.objects.filter(pk=new.pk).update(registered_staff=100, registered_wages=6000000)
    new.refresh_from_db()
    assert of_year(new, 2025).assessed.payable is None
    found = of_year(new, 2026)
    assert (found.terms_year, found.assessed.payable) == (2025, Decimal("81000.00"))


@time_machine.travel(TODAY, tick=False)
def test_the_year_after_the_first_has_twelve_months(employer: Employer, signed_in: SignIn) -> None:
    new = EmployerFactory(region=employer.region, registered_on=date(2025, 7, 1))
    filed = verified_year(new, wages="3000000.00", credited=3).headcount_return
    filed.staff_by_month, filed.staff_months = [0] * 6 + [100] * 6, 600
    filed.save()
    assert of_year(new, 2025).assessed.staff_months == 600
    for year in (2026, 2027):
        found = of_year(new, year).assessed
        assert (found.staff_months, found.credited_months, found.average_wage) == (1200, 6, Decimal("60000.00"))
    client = signed_in(Role.LEVY_OFFICER, "140105")
    assert "2025年度为登记当年，6个月的人数和工资折算为12个月。" in page(client, new, 2027)
    assert "折算为12个月" not in page(client, employer, 2027)


def test_the_thirty_first_person_ends_the_exemption_even_if_disabled(employer: Employer) -> None:
    small = EmployerFactory(region=employer.region)
    verified_year(small, staff=30, wages="1800000.00", credited=0)
    change = of_year(small, 2027).change(people=1, weight=1, first_month=1)
    assert change.before.payable == 0
    assert change.after.staff_months == 31 * 12
    assert change.saved is not None
    assert change.saved == -change.after.payable


def page(client: Client, employer: Employer, year: int, **asked: str) -> str:
    response = client.get(f"/employers/{employer.uscc}/{year}/what-if/", asked)
    assert response.status_code == 200
    return response.content.decode()


@time_machine.travel(TODAY, tick=False)
def test_the_page_answers_without_a_script_and_stores_nothing(employer: Employer, signed_in: SignIn) -> None:
    clerk = officer(Role.EMPLOYER, "140105")
    Membership.objects.create(user=clerk, employer=employer)
    asked = {"people": "1", "weight": "2", "first_month": "8", "last_month": "12"}
    text = page(signed_in(clerk), employer, 2025, **asked)
    assert "少缴55,000.00元" in text
    assert "财税〔2015〕72号第八条第一款" in text
    assert "现在招用不改变该年度费额" in text
    assert not Assessment.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [{"people": "0"}, {"people": "1e9"}, {"weight": "3"}, {"first_month": "13"}, {"last_month": "1"}, {"weight": ""}],
    ids=str,
)
def test_what_cannot_be_asked_is_told_at_the_box(employer: Employer, signed_in: SignIn, asked: dict[str, str]) -> None:
    whole = {"people": "1", "weight": "2", "first_month": "8", "last_month": "12"} | asked
    text = page(signed_in(Role.LEVY_OFFICER, "140105"), employer, 2025, **whole)
    assert "<title>错误：" in text
    assert "测算结果</h2>" not in text


def test_no_year_before_the_rules_or_after_the_next_one(employer: Employer, signed_in: SignIn) -> None:
    client = signed_in(Role.LEVY_OFFICER, "140105")
    for year in (2014, 2100):
        assert client.get(f"/employers/{employer.uscc}/{year}/what-if/").status_code == 404


def test_without_parameters_the_page_says_so(db: None, signed_in: SignIn) -> None:
    RegionFactory(code="150000")
    elsewhere = EmployerFactory(region=RegionFactory(code="150105"))
    assert "缺少地区参数" in page(signed_in(Role.LEVY_OFFICER, "150105"), elsewhere, 2025)


def test_who_filed_late_is_not_told_that_more_people_would_help(employer: Employer, signed_in: SignIn) -> None:
    late = EmployerFactory(region=employer.region)
    verified_year(late, is_late=True)
    client = signed_in(Role.LEVY_OFFICER, "140105")
    text = page(client, late, 2025)
    assert "不能再计入该年度" in text
    assert "再计入" not in text.replace("不能再计入", "")
    assert "下一档" not in client.get(f"/employers/{late.uscc}/2025/").content.decode()
