"""Totals of a run: by outcome, by region with everything above it, and the largest changes against last year."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Region
from levy.models import Assessment, AssessmentRun
from levy.models.assessments import AssessmentQuerySet, OutcomeCode
from levy.queries.run_figures import figures

# Two hash joins: sorting every pair would look up a million employers one by one.
LARGEST = """
SELECT n.id, b.id FROM ({now}) n JOIN ({before}) b ON b.employer_id = n.employer_id
WHERE n.payable <> b.payable ORDER BY abs(n.payable - b.payable) DESC, n.id LIMIT %s
"""


@dataclass(slots=True)
class RunTotals:
    """Counts and sums of a group of assessments; person-months and yuan. `paying` is the number of employers that owe
    something."""

    code: str
    label: str
    employers: int = 0
    paying: int = 0
    exempt: int = 0
    missing: int = 0
    staff_months: int = 0
    credited_months: int = 0
    gross: Decimal = Decimal("0.00")
    relief: Decimal = Decimal("0.00")
    payable: Decimal = Decimal("0.00")
    level: int = field(default=0)

    def add(self, row: Mapping[str, Any]) -> None:
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + row[name])


_SUMS = {
    "employers": Count("pk"),
    "paying": Count("pk", filter=Q(payable__gt=0)),
    "exempt": Count("pk", filter=Q(outcome=OutcomeCode.EXEMPT)),
    "missing": Count("pk", filter=Q(outcome=OutcomeCode.MISSING)),
} | {name: Sum(name, default=0) for name in ("staff_months", "credited_months", "gross", "relief", "payable")}


Sums = list[dict[str, Any]]


def run_sums(run: AssessmentRun) -> Sums:
    """Sums by region and outcome, for the functions below: one pass over a million rows for all tables of a page."""
    return figures(run, "sums", lambda: _sums_of(run.assessments), alone=True)


def last_year_sums(run: AssessmentRun) -> Sums:
    """The same for the assessments in force for the year before, corrections included; empty if it was not
    confirmed."""
    return figures(run, "last-year-sums", lambda: _sums_of(last_year(run)))


def _sums_of(assessments: AssessmentQuerySet) -> Sums:
    return list(assessments.order_by().values("region_id", "outcome").annotate(**_SUMS))


def outcome_totals(sums: Sums) -> list[RunTotals]:
    """One line per outcome that occurs, in the order of the levy list."""
    lines = {outcome.value: RunTotals(code=outcome.value, label=str(outcome.label)) for outcome in OutcomeCode}
    for row in sums:
        lines[row["outcome"]].add(row)
    return [line for line in lines.values() if line.employers]


def region_totals(sums: Sums, regions: Iterable[Region]) -> list[RunTotals]:
    """Each county's sums added to itself and to every listed region above it, in the order of the codes."""
    names = {region.code: region for region in regions}
    lines: dict[str, RunTotals] = {}
    for row in sums:
        for code in Region(code=row["region_id"]).lineage():
            if code in names:
                line = lines.setdefault(code, RunTotals(code=code, label=names[code].name, level=names[code].level))
                line.add(row)
    return [lines[code] for code in sorted(lines)]


def regions_of_run(run: AssessmentRun) -> list[Region]:
    """The run's region and all below it."""
    return list(Region.objects.filter(code__startswith=run.region.prefix))


def last_year(run: AssessmentRun) -> AssessmentQuerySet:
    """The amounts that the region's employers owe for the year before the run's."""
    return Assessment.objects.current().in_region(run.region_id).filter(levy_year=run.levy_year - 1)


@dataclass(frozen=True, slots=True)
class YearOnYear:
    """One employer's assessment beside last year's, with the differences in words that an officer can check."""

    assessment: Assessment
    before: Assessment
    difference: Decimal
    reasons: tuple[str, ...]


CHANGES_SHOWN = 20


def largest_changes(run: AssessmentRun) -> list[YearOnYear]:
    """The employers whose due amount changed most against the confirmed assessment of the year before."""
    pairs = figures(run, "largest-changes", lambda: _largest(run))
    found = Assessment.objects.select_related("employer").in_bulk([pk for pair in pairs for pk in pair])
    return [_change(found[now], found[before]) for now, before in pairs]


def _largest(run: AssessmentRun) -> list[tuple[int, int]]:
    columns = ("id", "employer_id", "payable")
    now, now_values = run.assessments.order_by().values(*columns).query.sql_with_params()
    before, before_values = last_year(run).order_by().values(*columns).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(LARGEST.format(now=now, before=before), (*now_values, *before_values, CHANGES_SHOWN))
        return cursor.fetchall()


MOVED = {
    "staff_months": gettext_lazy("职工人月由%(before)s变为%(now)s"),
    "credited_months": gettext_lazy("安排人月由%(before)s变为%(now)s"),
    "charged_wage": gettext_lazy("计费工资由%(before)s变为%(now)s"),
}


def _change(now: Assessment, before: Assessment) -> YearOnYear:
    reasons = []
    if now.outcome != before.outcome:
        outcomes = {"before": before.get_outcome_display(), "now": now.get_outcome_display()}
        reasons.append(_("结果由%(before)s变为%(now)s") % outcomes)
    for name, words in MOVED.items():
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            reasons.append(words % {"before": f"{old:,}", "now": f"{new:,}"})
    return YearOnYear(now, before, now.payable - before.payable, tuple(reasons))
