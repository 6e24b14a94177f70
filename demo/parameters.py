"""The regional numbers of the demo: invented documents, marked 〔示例〕, with numbers a real province could have."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from audit.services import record
from demo.places import BUSIEST, CAPITAL, PROVINCE, SEATS, TRIAL_PREFECTURE
from quota.enums import NumberKind
from quota.models import RegionalNumber

# 最低工资, yuan a month by class of county: until June 2025 and from July.
MINIMUM_WAGES = {1: (1980, 2150), 2: (1880, 2050), 3: (1780, 1950)}
RISE = date(2025, 7, 1)
SECOND_CLASS_PREFECTURES = (CAPITAL, "140200")

SOCIAL_AVERAGES = {
    PROVINCE: {2023: "79320.00", 2024: "82164.00", 2025: "84876.00"},
    TRIAL_PREFECTURE: {2023: "73800.00", 2024: "76500.00", 2025: "79200.00"},
}


def wage_class(county: str) -> int:
    """The class of a county's minimum wage, of three."""
    if county in BUSIEST:
        return 1
    is_second = f"{county[:4]}00" in SECOND_CLASS_PREFECTURES or county in SEATS
    return 2 if is_second and not county.startswith(TRIAL_PREFECTURE[:4]) else 3


@transaction.atomic
def store_parameters(*, entered_by: User, approved_by: User) -> None:
    """Store ratio, social average wages and minimum wages in the names of two parameter administrators."""
    rows = list(_rows())
    for row in rows:
        row.entered_by, row.approved_by = entered_by, approved_by
    RegionalNumber.objects.bulk_create(rows)
    record(
        actor=approved_by,
        action="quota.parameters.apply",
        target=RegionalNumber(),
        region_code=PROVINCE,
        details={"rows": len(rows), "entered_by": entered_by.username},
    )


def _rows() -> Iterator[RegionalNumber]:
    yield _number(PROVINCE, NumberKind.REQUIRED_RATIO, "0.015", date(2016, 1, 1), None, "晋财综〔示例〕1号")
    for region, by_year in SOCIAL_AVERAGES.items():
        office = "晋统" if region == PROVINCE else "长统"
        for year, value in by_year.items():
            number = f"{office}〔示例〕{year - 2020}号"
            yield _number(region, NumberKind.SOCIAL_AVERAGE_WAGE, value, date(year, 1, 1), date(year, 12, 31), number)
    for region, place in _wage_places().items():
        before, after = MINIMUM_WAGES[place]
        last = date(2025, 6, 30)
        yield _number(region, NumberKind.MINIMUM_WAGE, before, date(2022, 1, 1), last, "晋人社〔示例〕1号")
        yield _number(region, NumberKind.MINIMUM_WAGE, after, RISE, None, "晋人社〔示例〕2号")


def _wage_places() -> dict[str, int]:
    """The province has the lowest class, two cities the second, and some counties one of their own."""
    counties = [*BUSIEST, *SEATS]
    return (
        {PROVINCE: 3}
        | dict.fromkeys(SECOND_CLASS_PREFECTURES, 2)
        | {county: wage_class(county) for county in counties}
    )


def _number(
    region: str, kind: NumberKind, value: str | int, starts: date, ends: date | None, document: str
) -> RegionalNumber:
    return RegionalNumber(
        region_id=region,
        kind=kind,
        value=Decimal(value),
        valid_from=starts,
        valid_until=ends,
        document_number=document,
    )
