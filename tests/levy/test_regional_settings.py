"""A region's difference from the national rules: dated, documented, entered by two people, and effective."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.permissions import Role
from collection.queries.lists import levy_list
from levy.queries.explanations import explain
from quota.documents.headcount_certificate import certificate_code, certificate_sheet
from quota.models import HeadcountReturn, RegionalSetting
from tests.accounts.factories import RegionFactory, officer
from tests.collection.test_lists import csv_rows
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, employer_account, verified_year


@pytest.fixture
def two(db: None) -> list[str]:
    RegionFactory(code="140105")
    people = [officer(Role.PARAMETER_ADMINISTRATOR, "140000").username for _person in range(2)]
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


def recomputed(row: dict[str, str]) -> Decimal:
    """The amount as a clerk of the tax bureau computes it from the row of the list."""
    heads, ratio = Decimal(row["上年在职职工人数"]), Decimal(row["应安排残疾人就业比例"])
    gap = heads * ratio - Decimal(row["上年实际安排残疾人就业人数"])
    return (gap * Decimal(row["上年在职职工年平均工资"])).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("name", "value", "staff", "credited", "told"),
    [
        ("staff_rounding", "whole", 2617, 24, ("218", "2.0000")),
        ("staff_rounding", "2dp", 2617, 24, ("218.08", "2.0000")),
        ("staff_rounding", "4dp", 2617, 24, ("218.0833", "2.0000")),
        ("credited_rounding", "2dp", 2616, 25, ("218.0000", "2.08")),
    ],
)
def test_a_region_that_rounds_heads_is_assessed_on_them_and_told_them(
    two: list[str], name: str, value: str, staff: int, credited: int, told: tuple[str, str]
) -> None:
    employer = EmployerFactory(region__code="140105")
    verified_year(employer, staff=218, wages="18642350.00", credited=credited)
    HeadcountReturn.objects.update(staff_months=staff)
    enter(two, name, value)
    run = confirmed_run()
    (stored,) = run.assessments.all()
    assert (stored.staff_months, stored.credited_months) == (staff, credited)
    again = explain(stored)
    assert (again.gross, again.relief, again.payable) == (stored.gross, stored.relief, stored.payable)
    (row,) = csv_rows(levy_list(levy_year=2025, region=run.region))
    assert (row["上年在职职工人数"], row["上年实际安排残疾人就业人数"]) == told
    assert recomputed(row) == stored.gross


def test_heads_of_a_founding_year_are_told_over_the_months_since_registration(
    two: list[str], signed_in: Callable[..., Client]
) -> None:
    founded = EmployerFactory(region__code="140105", registered_on=date(2025, 7, 1))
    older = EmployerFactory(region__code="140105", registered_on=date(2024, 7, 1))
    certificates = {}
    for employer in (founded, older):
        certificates[employer] = verified_year(employer, staff=100, wages="3000000.00", credited=3)
        employer.returns.update(staff_by_month=[0] * 6 + [100] * 6, staff_months=600)
    enter(two, "new_employer", "months_since_registration")
    run = confirmed_run()
    rows = {row["统一社会信用代码"]: row for row in csv_rows(levy_list(levy_year=2025, region=run.region))}
    assert [rows[employer.uscc]["上年在职职工人数"] for employer in (founded, older)] == ["100.0000", "50.0000"]
    for employer in (founded, older):
        assert recomputed(rows[employer.uscc]) == run.assessments.get(employer=employer).gross
    client = signed_in(Role.LEVY_OFFICER, "140105")
    for employer, staff, placed in ((founded, "100.00人", "0.50人"), (older, "50.00人", "0.25人")):
        text = "".join(client.get(f"/employers/{employer.uscc}/2025/").content.decode().split())
        assert staff in text
        assert placed in text
        assert f"折合年平均{placed}" in certificate_sheet(certificates[employer])
        asked = {"code": certificate_code(certificates[employer]), "number": certificates[employer].number}
        check = client.get(reverse("disclosure:document_check"), asked)
        assert f"3人月（{placed}）" in check.content.decode()
        own = signed_in(employer_account(employer)).get(reverse("quota:receipt", args=[employer.returns.get().pk]))
        assert f"12个月共600人月，年平均{staff}" in own.content.decode()


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
    stranger = officer(Role.PARAMETER_ADMINISTRATOR, "150000").username
    with pytest.raises(CommandError, match="权限"):
        enter([two[0], f"--second-as={stranger}"], "shortfall_rounding", "2dp")


@pytest.mark.parametrize("place", [0, 1])
def test_an_administrator_enters_nothing_and_is_told_which_role_does(two: list[str], place: int) -> None:
    two[place] = f"{two[place].split('=')[0]}={officer(Role.ADMINISTRATOR, '140000').username}"
    with pytest.raises(CommandError, match="参数管理员"):
        enter(two, "shortfall_rounding", "2dp")
    assert not RegionalSetting.objects.exists()
