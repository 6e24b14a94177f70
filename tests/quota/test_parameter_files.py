"""Loading regional numbers: two administrators, periods that follow each other, bounds of the law."""

from decimal import Decimal

import pytest

from accounts.permissions import Role
from audit.errors import PermissionMissing, SecondPersonNeeded
from exchange.engine.loading import Mode, scope_of
from quota.kinds import PARAMETERS
from quota.models import RegionalNumber
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import load, reasons

pytestmark = pytest.mark.django_db


def minimum_wage(value: str, start: str, end: str = "", region: str = "140105") -> list[str]:
    return [region, "最低工资", value, start, end, "晋人社〔示例〕1号"]


def test_parameters_need_two_different_administrators() -> None:
    RegionFactory(code="140105")
    first, second = officer(Role.PARAMETER_ADMINISTRATOR, "140000"), officer(Role.PARAMETER_ADMINISTRATOR, "140000")
    row = [minimum_wage("2150.00", "2025-07-01")]
    for people in ({"actor": None}, {"actor": first}, {"actor": first, "second": first}):
        with pytest.raises(SecondPersonNeeded):
            load(PARAMETERS, row, **people)
    assert load(PARAMETERS, row, Mode.REPORT, actor=first).new == 1
    load(PARAMETERS, row, actor=first, second=second)
    stored = RegionalNumber.objects.get()
    assert (stored.entered_by, stored.approved_by) == (first, second)


def test_parameters_lie_where_both_administrators_may() -> None:
    RegionFactory(code="140105")
    province, county = officer(Role.PARAMETER_ADMINISTRATOR, "140000"), officer(Role.PARAMETER_ADMINISTRATOR, "140106")
    assert scope_of(PARAMETERS, province, county).prefixes == ("140106",)
    report = load(PARAMETERS, [minimum_wage("2150.00", "2025-07-01")], actor=province, second=county)
    assert report.faults[0].reason == "不在您的管辖范围。"
    with pytest.raises(PermissionMissing):
        load(PARAMETERS, [], actor=province, second=officer(Role.VERIFIER, "140000"))
    for people in (("actor", "second"), ("second", "actor")):
        with pytest.raises(PermissionMissing, match="参数管理员"):
            load(PARAMETERS, [], **dict(zip(people, (province, officer(Role.ADMINISTRATOR, "140000")), strict=True)))


@pytest.fixture
def administrators() -> dict[str, object]:
    RegionFactory(code="140105")
    return {
        "actor": officer(Role.PARAMETER_ADMINISTRATOR, "140000"),
        "second": officer(Role.PARAMETER_ADMINISTRATOR, "140000"),
    }


def test_a_period_is_closed_before_the_next_begins(administrators: dict[str, object]) -> None:
    load(PARAMETERS, [minimum_wage("1980.00", "2023-01-01")], **administrators)
    report = load(PARAMETERS, [minimum_wage("2150.00", "2025-07-01")], **administrators)
    assert "先为较早的一条填写失效日期" in report.faults[0].cure
    both = [minimum_wage("2150.00", "2025-07-01"), minimum_wage("1980.00", "2023-01-01", "2025-06-30")]
    report = load(PARAMETERS, both, **administrators)
    assert (report.new, report.changed, report.faults) == (1, 1, [])


def test_overlapping_periods_of_one_file_are_faults_on_both_lines(administrators: dict[str, object]) -> None:
    rows = [minimum_wage("1980.00", "2023-01-01", "2025-07-01"), minimum_wage("2150.00", "2025-07-01")]
    assert [line for line, _heading, _why in reasons(load(PARAMETERS, rows, **administrators))] == [2, 3]


def test_a_value_is_corrected_in_place(administrators: dict[str, object]) -> None:
    load(PARAMETERS, [minimum_wage("1980.00", "2023-01-01")], **administrators)
    assert load(PARAMETERS, [minimum_wage("1990.00", "2023-01-01")], **administrators).changed == 1
    assert RegionalNumber.objects.get().value == Decimal("1990.00")


def test_a_ratio_below_the_law_is_a_fault(administrators: dict[str, object]) -> None:
    row = ["140105", "规定比例", "0.0149", "2016-01-01", "", "晋财综〔示例〕1号"]
    assert load(PARAMETERS, [row], **administrators).faults[0].heading == "数值"
