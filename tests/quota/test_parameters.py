"""A region's dated rows: the county's, else the prefecture's, else the province's, on the relevant day."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Region
from law.counting import CountingRules, EmploymentAge
from law.settings import SettingError
from quota.enums import NumberKind
from quota.models import RegionalNumber, RegionalSetting
from quota.queries.parameters import counting_rules, minimum_wages, number_on
from tests.accounts.factories import RegionFactory

pytestmark = pytest.mark.django_db
DAY = date(2025, 12, 31)


@pytest.fixture
def county() -> Region:
    for code in ("140000", "140100", "140106"):
        RegionFactory(code=code)
    return RegionFactory(code="140105")


def wage(code: str, value: str, since: str = "2015-01-01", until: str | None = None) -> RegionalNumber:
    return RegionalNumber.objects.create(
        region_id=code,
        kind=NumberKind.MINIMUM_WAGE,
        value=Decimal(value),
        valid_from=date.fromisoformat(since),
        valid_until=until and date.fromisoformat(until),
        document_number="测试〔2025〕1号",
    )


def found(county: Region, day: date = DAY) -> Decimal | None:
    row = number_on(NumberKind.MINIMUM_WAGE, county, day)
    return row and row.value


def test_the_nearest_row_goes_first(county: Region) -> None:
    assert found(county) is None
    for code, value in (("140000", "1000"), ("140100", "2000"), ("140105", "3000")):
        wage(code, value)
        assert found(county) == Decimal(value)
    wage("140106", "9000")
    assert found(county) == Decimal("3000")


def test_a_row_outside_its_dates_falls_through_and_both_ends_count(county: Region) -> None:
    wage("140000", "1000")
    wage("140105", "3000", "2025-03-01", "2025-09-30")
    days = {"2025-02-28": "1000", "2025-03-01": "3000", "2025-09-30": "3000", "2025-10-01": "1000"}
    for day, value in days.items():
        assert found(county, date.fromisoformat(day)) == Decimal(value)


def test_other_kinds_are_not_mixed_up(county: Region) -> None:
    wage("140105", "3000")
    assert number_on(NumberKind.SOCIAL_AVERAGE_WAGE, county, DAY) is None


def test_minimum_wages_are_those_of_the_first_of_each_month(county: Region) -> None:
    wage("140000", "1000", "2015-01-01", "2025-07-01")
    wage("140000", "1100", "2025-07-02", "2025-10-31")
    wage("140105", "3000", "2025-02-02", "2025-04-01")
    months = minimum_wages(["140105", "140106"], 2025)
    province = [1000] * 7 + [1100] * 3 + [None] * 2
    assert months["140106"] == tuple(province)
    assert months["140105"] == (*province[:2], 3000, 3000, *province[4:])


def setting(code: str, name: str, value: str, since: str = "2020-01-01", until: str | None = None) -> None:
    RegionalSetting.objects.create(
        region_id=code,
        name=name,
        value=value,
        valid_from=date.fromisoformat(since),
        valid_until=until and date.fromisoformat(until),
        document_number="测试〔2020〕1号",
    )


def test_settings_resolve_one_by_one_and_the_rest_is_national(county: Region) -> None:
    setting("140000", "employment_age", "customary")
    setting("140000", "filing_deadline", "09-30")
    setting("140105", "filing_deadline", "11-30")
    rules = counting_rules(["140105", "140106"], 2025)
    assert (rules["140105"].filing_deadline.month, rules["140106"].filing_deadline.month) == (11, 9)
    assert rules["140105"].employment_age is rules["140106"].employment_age is EmploymentAge.CUSTOMARY
    assert rules["140105"].dispatch is CountingRules().dispatch


def test_settings_are_those_of_the_levy_year_s_last_day(county: Region) -> None:
    setting("140000", "filing_deadline", "09-30", "2025-12-31", "2025-12-31")
    months = [counting_rules(["140105"], year)["140105"].filing_deadline.month for year in (2024, 2025, 2026)]
    assert months == [10, 9, 10]


def test_rules_of_the_levy_are_left_to_the_levy_and_nonsense_is_refused(county: Region) -> None:
    setting("140000", "staff_rounding", "half_up")
    assert counting_rules(["140105"], 2025)["140105"] == CountingRules()
    setting("140000", "filing_deadline", "31.10.")
    with pytest.raises(SettingError):
        counting_rules(["140105"], 2025)
