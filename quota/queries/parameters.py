"""Finds the dated row in force for a region on a day: the county's, else the prefecture's, else the province's."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal

from django.db.models import Q

from accounts.models import Region
from law.averaging import MONTHS, NewEmployer, founding_month, months_averaged
from law.counting import CountingRules, deadline
from quota.enums import NumberKind
from quota.models import Employer, RegionalNumber, RegionalSetting

MinimumWages = tuple[Decimal | None, ...]


def number_on(kind: NumberKind, region: Region, day: date) -> RegionalNumber | None:
    """The row in force for a region on a day, with its document number; rows outside their dates are skipped."""
    lineage = region.lineage()
    rows = RegionalNumber.objects.on(day).for_lineage(lineage).filter(kind=kind)
    return min(rows, key=lambda row: lineage.index(row.region_id), default=None)


def counting_rules(region_codes: Collection[str], levy_year: int) -> dict[str, CountingRules]:
    """The counting rules of each region: its settings of 31 December of the levy year over the national rules.

    Regions with equal rules share one object. Raises SettingError for an unknown setting.
    """
    lineages = _lineages(region_codes)
    rows = RegionalSetting.objects.on(date(levy_year, 12, 31)).for_lineage(_all_codes(lineages))
    found = {
        (row.region_id, row.name): row.value for row in rows.filter(name__in=CountingRules.names()).order_by("pk")
    }
    ways: dict[CountingRules, CountingRules] = {}
    by_region = {}
    for code, lineage in lineages.items():
        rules = CountingRules.from_settings(_settings(found, lineage))
        by_region[code] = ways.setdefault(rules, rules)
    return by_region


def filing_deadlines(wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], date]:
    """The last day to file by region and levy year; one query for all. Raises SettingError like `counting_rules`."""
    lineages = _lineages({code for code, _year in wanted})
    rows = list(RegionalSetting.objects.for_lineage(_all_codes(lineages)).filter(name="filing_deadline"))
    return {(code, year): deadline(year, _filing_rules(rows, lineages[code], year)) for code, year in wanted}


def _filing_rules(rows: Iterable[RegionalSetting], lineage: list[str], levy_year: int) -> CountingRules:
    day = date(levy_year, 12, 31)
    in_force = {
        row.region_id: row.value
        for row in rows
        if row.valid_from <= day and (row.valid_until is None or day <= row.valid_until)
    }
    value = next((in_force[code] for code in lineage if code in in_force), None)
    return CountingRules.from_settings({} if value is None else {"filing_deadline": value})


def _settings(found: Mapping[tuple[str, str], str], lineage: Iterable[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for code in lineage:
        for name in CountingRules.names():
            if (code, name) in found:
                settings.setdefault(name, found[code, name])
    return settings


def months_averaged_for(employer: Employer, levy_year: int) -> int:
    """The number of months over which the levy averages the employer's heads. A query only in the employer's first
    year."""
    if founding_month(employer.registered_on, levy_year) is None:
        return MONTHS
    lineage = Region(code=employer.region_id).lineage()
    rows = RegionalSetting.objects.on(date(levy_year, 12, 31)).for_lineage(lineage).filter(name="new_employer")
    nearest = min(rows, key=lambda row: lineage.index(row.region_id), default=None)
    setting = NewEmployer(nearest.value) if nearest else NewEmployer.TWELFTHS
    return months_averaged(employer.registered_on, levy_year, setting)


def minimum_wages(region_codes: Collection[str], levy_year: int) -> dict[str, MinimumWages]:
    """Each region's minimum wage on the 1st of the twelve months of a levy year, None where no row is in force."""
    lineages = _lineages(region_codes)
    january, december = date(levy_year, 1, 1), date(levy_year, 12, 31)
    rows = RegionalNumber.objects.for_lineage(_all_codes(lineages)).filter(
        Q(valid_until=None) | Q(valid_until__gte=january), kind=NumberKind.MINIMUM_WAGE, valid_from__lte=december
    )
    by_region: dict[str, MinimumWages] = {}
    for row in rows.order_by("pk"):
        by_region[row.region_id] = _overlay(_in_force(row, levy_year), by_region.get(row.region_id))
    return {code: _first_known(by_region, lineage) for code, lineage in lineages.items()}


def _in_force(row: RegionalNumber, levy_year: int) -> MinimumWages:
    firsts = (date(levy_year, month, 1) for month in range(1, MONTHS + 1))
    return tuple(
        row.value if row.valid_from <= first and (row.valid_until is None or first <= row.valid_until) else None
        for first in firsts
    )


def _overlay(upper: MinimumWages, lower: MinimumWages | None) -> MinimumWages:
    if lower is None:
        return upper
    return tuple(below if above is None else above for above, below in zip(upper, lower, strict=True))


def _first_known(by_region: Mapping[str, MinimumWages], lineage: Iterable[str]) -> MinimumWages:
    wages: MinimumWages = (None,) * MONTHS
    for code in lineage:
        if code in by_region:
            wages = _overlay(wages, by_region[code])
    return wages


def _lineages(region_codes: Collection[str]) -> dict[str, list[str]]:
    return {code: Region(code=code).lineage() for code in region_codes}


def _all_codes(lineages: Mapping[str, list[str]]) -> set[str]:
    return {code for lineage in lineages.values() for code in lineage}
