"""A run beside the year before: totals per region, and the number of employers that came, left, or owe a different
amount.

The year before means the assessments now in force for it, approved corrections included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from design.charts import CellBar, cell_bar
from design.csv_lines import csv_file
from design.law_words import official_words
from levy.models import AssessmentRun
from levy.models.assessments import OutcomeCode
from levy.models.runs import COMPUTED_STATES
from levy.queries.run_figures import figures
from levy.queries.totals import RunTotals, last_year, last_year_sums, region_totals, regions_of_run, run_sums

FETCHED_ROWS = 2_000
BAR_ENDS = Decimal("0.5")


def is_comparable(run: AssessmentRun) -> bool:
    """True if the run has every employer of its region: an incomplete one would seem to have lost some."""
    return run.state in COMPUTED_STATES and not run.is_correction


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of the year before and of the run; `before` is None if that year was not confirmed."""

    before: Decimal | int | None
    now: Decimal | int

    @property
    def difference(self) -> Decimal | int | None:
        return None if self.before is None else self.now - self.before

    @property
    def growth(self) -> Decimal | None:
        """The difference as a share of the year before; None without a divisor."""
        return Decimal(self.now - self.before) / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class RegionLine:
    """A region's totals beside those of the year before."""

    now: RunTotals
    before: RunTotals | None

    def pair(self, name: str) -> Pair:
        return Pair(getattr(self.before, name, None), getattr(self.now, name))

    @property
    def counts(self) -> list[tuple[Promise, Pair]]:
        labels = (("employers", _("户数")), ("paying", _("应缴单位")), ("exempt", _("免征单位")))
        return [(label, self.pair(name)) for name, label in labels]

    @property
    def sums(self) -> list[tuple[Promise, Pair]]:
        return [
            (label, self.pair(name)) for name, label in (("payable", _("应缴（元）")), ("relief", _("减免（元）")))
        ]

    @property
    def payable(self) -> Pair:
        return self.pair("payable")

    @property
    def bar(self) -> CellBar | None:
        growth = self.payable.growth
        return None if growth is None else cell_bar(growth, low=-BAR_ENDS, high=BAR_ENDS, mark=Decimal(0))


def region_lines(run: AssessmentRun) -> list[RegionLine]:
    """Every region with employers in the run or in the year before, in the order of the codes."""
    regions, earlier = regions_of_run(run), last_year_sums(run) if is_comparable(run) else []
    now = {line.code: line for line in region_totals(run_sums(run), regions)}
    before = {line.code: line for line in region_totals(earlier, regions)}
    lines = []
    for code in sorted(now | before):
        known = now.get(code) or before[code]
        lines.append(RegionLine(now.get(code) or RunTotals(code, known.label, level=known.level), before.get(code)))
    return lines


@dataclass(frozen=True, slots=True)
class RegionGroup:
    """A region's line above those directly below it. The line is the sum of its parts."""

    whole: RegionLine
    parts: list[RegionLine]


def region_groups(lines: list[RegionLine]) -> list[RegionGroup]:
    """The regions with others below them: the run's own first, then its cities. A county directly under its province
    is listed among the cities."""
    known = {line.now.code for line in lines}
    groups = {line.now.code: RegionGroup(line, []) for line in lines}
    for line in lines:
        above = [code for code in Region(code=line.now.code).lineage()[1:] if code in known]
        if above:
            groups[above[0]].parts.append(line)
    return [group for group in groups.values() if group.parts] or list(groups.values())


@dataclass(frozen=True, slots=True)
class Movement:
    """A kind of change since the year before, and its condition on the two rows `n` and `b`."""

    name: str
    label: Promise
    condition: str


MOVEMENTS = (
    Movement("new", _("新增单位"), "b.employer_id IS NULL"),
    Movement("gone", _("减少单位"), "n.employer_id IS NULL"),
    Movement("newly-exempt", _("新享受免征"), "n.outcome = 'exempt' AND b.outcome <> 'exempt'"),
    Movement("no-longer-exempt", _("不再免征"), "b.outcome = 'exempt' AND n.outcome <> 'exempt'"),
    Movement("more", _("应缴增加"), "n.payable > b.payable"),
    Movement("less", _("应缴减少"), "n.payable < b.payable"),
)


def movement_counts(run: AssessmentRun) -> list[tuple[Movement, int]]:
    """The number of employers of each movement, in one pass over both years. One employer may count twice."""
    return list(zip(MOVEMENTS, figures(run, "movements", lambda: _counted(run)), strict=True))


def _counted(run: AssessmentRun) -> tuple[int, ...]:
    counts = ", ".join(f"count(*) FILTER (WHERE {movement.condition})" for movement in MOVEMENTS)
    pairs, values = _both_years(run)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts} FROM {pairs}", values)
        return cursor.fetchone()


def _both_years(run: AssessmentRun) -> tuple[str, tuple[Any, ...]]:
    """SQL (with its values) that joins the run's rows `n` with those of the year before `b`, by employer."""
    columns = ("employer_id", "region_id", "outcome", "payable")
    now, now_values = run.assessments.order_by().values(*columns).query.sql_with_params()
    before, before_values = last_year(run).order_by().values(*columns).query.sql_with_params()
    return f"({now}) n FULL JOIN ({before}) b ON b.employer_id = n.employer_id", (*now_values, *before_values)


HEADINGS = (
    "统一社会信用代码", "单位名称", "行政区划代码", "上年结果", "本年结果", "上年应缴费额", "本年应缴费额", "增减",
)  # fmt: skip


def movement_csv(run: AssessmentRun, movement: Movement) -> Iterator[bytes]:
    """The employers of one movement as CSV, the largest difference first."""
    return csv_file(HEADINGS, _movement_rows(run, movement))


def _movement_rows(run: AssessmentRun, movement: Movement) -> Iterator[tuple[Any, ...]]:
    pairs, values = _both_years(run)
    outcomes = official_words(OutcomeCode)
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT e.uscc, e.name, coalesce(n.region_id, b.region_id), b.outcome, n.outcome, b.payable, n.payable,"
            f" coalesce(n.payable, 0) - coalesce(b.payable, 0) AS difference FROM {pairs}"
            " JOIN quota_employer e ON e.id = coalesce(n.employer_id, b.employer_id)"
            f" WHERE {movement.condition} ORDER BY abs(coalesce(n.payable, 0) - coalesce(b.payable, 0)) DESC, e.uscc",
            values,
        )
        while rows := cursor.fetchmany(FETCHED_ROWS):
            for uscc, name, code, was, became, due_before, due_now, difference in rows:
                words = (outcomes.get(was, ""), outcomes.get(became, ""))
                yield uscc, name, code, *words, due_before, due_now, difference
