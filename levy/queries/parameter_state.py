"""A region's numbers and rules for a year, each with its source, and the missing ones with what they block."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Region
from law.counting import MONTHS
from levy.parameter_words import RULES, name_in_words, value_in_words
from quota.enums import NumberKind
from quota.models import RegionalNumber, RegionalSetting
from quota.models.parameters import DatedRow
from quota.queries.parameters import minimum_wages

AT_YEAR_END = (NumberKind.REQUIRED_RATIO, NumberKind.SOCIAL_AVERAGE_WAGE)


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """A number or rule of the year. `row` is None if nothing is entered: missing, or the national rule."""

    name: str
    label: str
    value: str
    row: DatedRow | None
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A missing entry, and what cannot be done without it."""

    name: str
    title: str
    stops: str


def numbers_of(region: Region, levy_year: int) -> list[ParameterLine]:
    """The region's numbers: those of 31 December, and the minimum wages of the year, its own before those of regions
    above. One query."""
    lineage = region.lineage()
    rows = RegionalNumber.objects.for_lineage(lineage).filter(
        Q(valid_until=None) | Q(valid_until__gte=date(levy_year, 1, 1)), valid_from__lte=date(levy_year, 12, 31)
    )
    found = sorted(_with_people(rows), key=lambda row: (lineage.index(row.region_id), row.valid_from))
    lines = []
    for kind in AT_YEAR_END:
        held = [row for row in found if row.kind == kind and _holds_on(row, date(levy_year, 12, 31))]
        lines.append(_line(kind, held[0] if held else None))
    wages = [row for row in found if row.kind == NumberKind.MINIMUM_WAGE]
    own = [row for row in wages if row.region_id == wages[0].region_id]
    return [*lines, *(_line(NumberKind.MINIMUM_WAGE, row) for row in own or [None])]


def rules_of(region: Region, levy_year: int) -> list[ParameterLine]:
    """Every rule that a region may set, with its value of 31 December or the national one. One query."""
    lineage = region.lineage()
    rows = RegionalSetting.objects.on(date(levy_year, 12, 31)).for_lineage(lineage)
    held = {row.name: row for row in sorted(_with_people(rows), key=lambda row: -lineage.index(row.region_id))}
    return [_line(name, held.get(name), str(rule.metadata["citation"])) for name, rule in RULES.items()]


def _with_people(rows: Iterable[DatedRow]) -> Iterable[DatedRow]:
    return rows.select_related("region", "entered_by", "approved_by")


def _holds_on(row: DatedRow, day: date) -> bool:
    return row.valid_from <= day and (row.valid_until is None or day <= row.valid_until)


def _line(name: str, row: DatedRow | None, citation: str = "") -> ParameterLine:
    if row is not None:
        value = value_in_words(name, str(row.value))
    elif name in RULES:
        value = value_in_words(name, _national(name))
    else:
        value = ""
    return ParameterLine(str(name), name_in_words(name), value, row, citation)


def _national(name: str) -> str:
    default = RULES[name].default
    return f"{default.month:02d}-{default.day:02d}" if hasattr(default, "month") else str(default)


def gaps_of(regions: Collection[Region], levy_year: int) -> dict[str, list[Gap]]:
    """The gaps of each region for a levy year, by its code; regions without gaps are left out. Two queries."""
    codes = [region.code for region in regions]
    wages = minimum_wages(codes, levy_year)
    held = {
        (row.region_id, row.kind)
        for row in RegionalNumber.objects.on(date(levy_year, 12, 31)).filter(kind__in=AT_YEAR_END)
    }
    gaps = {}
    for region in regions:
        missing = [kind for kind in AT_YEAR_END if not any((code, kind) in held for code in region.lineage())]
        months = sum(wage is None for wage in wages[region.code])
        if found := [*(_gap(kind, levy_year) for kind in missing), *_wage_gap(months, levy_year)]:
            gaps[region.code] = found
    return gaps


def _gap(kind: NumberKind, levy_year: int) -> Gap:
    title = _("%(year)s年%(name)s未录入") % {"year": levy_year, "name": kind.label}
    return Gap(str(kind), title, _("不能试算和核定，费额测算也不能进行。"))


def _wage_gap(months: int, levy_year: int) -> list[Gap]:
    if not months:
        return []
    title = _("%(year)s年有%(months)s个月的最低工资未录入") % {"year": levy_year, "months": months}
    stops = (
        _("这些月份无法判断工资是否达标，自动核对一律不计入。")
        if months < MONTHS
        else _("无法判断工资是否达标，自动核对全年不计入。")
    )
    return [Gap(str(NumberKind.MINIMUM_WAGE), title, stops)]
