"""A region's difference from the national rules: dated, documented, entered by two, and it takes effect."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.permissions import Role
from quota.models import RegionalSetting
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import draft_run
from tests.quota.factories import EmployerFactory, verified_year


@pytest.fixture
def two(db: None) -> list[str]:
    RegionFactory(code="140105")
    people = [officer(Role.ADMINISTRATOR, "140000").username for _person in range(2)]
    return [f"--as={people[0]}", f"--second-as={people[1]}"]


def enter(two: list[str], name: str, value: str, *dates: str) -> None:
    call_command(
        "regional_setting", "140000", name, value, "--document=晋〔示例〕9号", *(dates or ["--from=2025-01-01"]), *two
    )


def test_a_setting_of_the_province_changes_what_its_counties_owe(two: list[str]) -> None:
    verified_year(EmployerFactory(region__code="140105"), staff=31, wages="3100000.00")
    enter(two, "shortfall_rounding", "2dp")
    assert draft_run().assessments.get().gross == Decimal("47000.00")  # 0.465 heads are 0.47


def test_a_setting_that_has_ended_changes_nothing(two: list[str]) -> None:
    verified_year(EmployerFactory(region__code="140105"), staff=31, wages="3100000.00")
    enter(two, "shortfall_rounding", "2dp", "--from=2020-01-01", "--until=2025-12-30")
    assert draft_run().assessments.get().gross == Decimal("46500.00")


@pytest.mark.parametrize(
    ("name", "value", "told"), [("rounding", "2dp", "没有名为"), ("shortfall_rounding", "3dp", "不能取")]
)
def test_an_unknown_rule_or_value_is_refused_with_what_there_is(
    two: list[str], name: str, value: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        enter(two, name, value)


def test_a_later_value_ends_the_one_that_stood_and_an_earlier_one_must_say_when_it_ends(two: list[str]) -> None:
    enter(two, "shortfall_rounding", "2dp")
    enter(two, "shortfall_rounding", "4dp", "--from=2026-01-01")
    first, second = RegionalSetting.objects.order_by("valid_from")
    assert (first.valid_until, second.valid_until) == (date(2025, 12, 31), None)
    with pytest.raises(CommandError, match="不能晚于2024-12-31"):
        enter(two, "shortfall_rounding", "none", "--from=2024-01-01")
    assert RegionalSetting.objects.count() == 2


def test_one_administrator_alone_or_of_another_province_enters_nothing(two: list[str]) -> None:
    name = two[0].removeprefix("--as=")
    with pytest.raises(CommandError, match="另一人"):
        enter([f"--as={name}", f"--second-as={name}"], "shortfall_rounding", "2dp")
    stranger = officer(Role.ADMINISTRATOR, "150000").username
    with pytest.raises(CommandError, match="权限"):
        enter([two[0], f"--second-as={stranger}"], "shortfall_rounding", "2dp")
