"""The page of a region and year: its totals, its parts, its unit types, and the years before."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from accounts.models import Region
from design.charts import BarChart, CellBar, LineChart, bar_chart, cell_bar, line_chart
from design.law_words import translated
from design.templatetags.formats import headcount, percent
from disclosure.columns import PAYERS
from disclosure.models import Publication, PublishedFigure, PublishedRegion
from disclosure.queries.figures import PublishedTotals, covers, heads, total

ROOM_BEYOND_REQUIRED = Decimal("1.2")
STEPS = [Decimal(step) for step in ("0.1", "0.2", "0.5", "1", "2", "5", "10", "20")]
MOST_RULES = 4


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """One row of a table: a region or a unit type. `code` is set if the row has a page of its own."""

    name: str
    totals: PublishedTotals
    bar: CellBar | None
    code: str = ""
    by_type: Sequence[PublishedTotals] = ()


@dataclass(frozen=True, slots=True)
class RegionTable:
    """The rows and their total. They link to pages of `levy_year`, or of the publication `preview` if it is set."""

    caption: str
    head: str
    lines: Sequence[PublishedLine]
    whole: PublishedLine
    levy_year: int | None = None
    preview: int | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """A published year of the region, for the trend."""

    levy_year: int
    staff_months: int
    required_months: Decimal
    credited_months: int

    @property
    def ratio(self) -> Decimal:
        return Decimal(self.credited_months) / self.staff_months if self.staff_months else Decimal(0)


@dataclass(frozen=True, slots=True)
class RegionPage:
    region: PublishedRegion
    above: Sequence[PublishedRegion]
    publication: Publication
    whole: PublishedLine
    required_ratio: Decimal | None
    parts: Sequence[PublishedLine]
    types: Sequence[PublishedLine]
    years: Sequence[Year]

    @property
    def before(self) -> Year | None:
        """The year before, if it is published."""
        return next((year for year in self.years if year.levy_year == self.publication.levy_year - 1), None)

    @property
    def placed_change(self) -> str:
        """The change of the placed heads since the year before, in words; "" if that year is not published."""
        return _change(self.whole.totals.credited_months, self.before.credited_months) if self.before else ""

    @property
    def required_change(self) -> str:
        """The same for the heads that the ratio requires."""
        return _change(self.whole.totals.required_months, self.before.required_months) if self.before else ""

    @property
    def ratio_points(self) -> Decimal | None:
        """The change of the ratio since the year before, in percentage points."""
        if self.before is None or self.whole.totals.ratio is None:
            return None
        return _points(self.whole.totals.ratio) - _points(self.before.ratio)

    @property
    def ratio_change(self) -> str:
        """The same in words; "" if the year before is not published."""
        points = self.ratio_points
        if points is None:
            return ""
        if not points:
            return _("与上年持平")
        text = _("比上年提高%s个百分点") if points > 0 else _("比上年降低%s个百分点")
        return text % abs(points)


def tables(page: RegionPage, preview: int | None = None) -> list[RegionTable]:
    """The page's parts, if there are any, and its unit types; `preview` is the publication that an officer
    previews."""
    types = RegionTable(_("各类用人单位"), _("单位类型"), page.types, page.whole)
    if not page.parts:
        return [types]
    year = page.publication.levy_year
    return [RegionTable(_("各地区"), _("地区"), page.parts, page.whole, year, preview), types]


def region_page(code: str, levy_year: int) -> RegionPage | None:
    """The public page; None if nothing is published for the region and year."""
    published = (
        Publication.objects.public()
        .filter(levy_year=levy_year, regions__code=code, regions__is_own=False)
        .select_related("region")
        .first()
    )
    return page_of(published, code) if published else None


def page_of(publication: Publication, code: str) -> RegionPage:
    """The page of one region of a publication, public or not. Raises StopIteration for a region that it does not
    cover."""
    listed = list(publication.regions.all())
    region = next(line for line in listed if line.code == code and not line.is_own)
    figures = [f for f in publication.figures.all() if covers(region, f.region_code)]
    sums = total(figures)
    mark = _ratio(sums.required_months, sums.staff_months)
    lineage = Region(code=code).lineage()
    return RegionPage(
        region=region,
        above=[line for line in listed if line.code in lineage and line.code != code and not line.is_own],
        publication=publication,
        whole=_line(region.name, sums, mark),
        required_ratio=mark,
        parts=[_part(part, figures, mark) for part in listed if part.parent_code == code],
        types=[_line(str(translated(kind.label)), _of_type(figures, kind), mark) for kind in PAYERS],
        years=published_years(code),
    )


def _points(ratio: Decimal) -> Decimal:
    """Per cent as shown on the page, so that a difference agrees with the two figures that a reader sees."""
    return (ratio * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _change(now: Decimal | int, before: Decimal | int) -> str:
    moved = (heads(now) or Decimal(0)) - (heads(before) or Decimal(0))
    if not moved:
        return _("与上年持平")
    return (_("比上年增加%s人") if moved > 0 else _("比上年减少%s人")) % f"{abs(moved):,}"


def _part(part: PublishedRegion, figures: Sequence[PublishedFigure], mark: Decimal | None) -> PublishedLine:
    own = [figure for figure in figures if covers(part, figure.region_code)]
    by_type = [_of_type(own, kind) for kind in PAYERS]
    return _line(part.name, total(own), mark, code="" if part.is_own else part.code, by_type=by_type)


def _of_type(figures: Sequence[PublishedFigure], kind: str) -> PublishedTotals:
    return total(figure for figure in figures if figure.entity_type == kind)


def _line(
    name: str,
    totals: PublishedTotals,
    mark: Decimal | None,
    *,
    code: str = "",
    by_type: Sequence[PublishedTotals] = (),
) -> PublishedLine:
    bar = None
    if mark and totals.ratio is not None:
        bar = cell_bar(totals.ratio, low=Decimal(0), high=mark * ROOM_BEYOND_REQUIRED, mark=mark)
    return PublishedLine(name, totals, bar, code, by_type)


def _ratio(part: Decimal, whole: int) -> Decimal | None:
    return part / whole if whole else None


def published_years(code: str) -> list[Year]:
    """Every year whose publication has a line for this region, oldest first."""
    figures = PublishedFigure.objects.within(Region(code=code).prefix).filter(
        publication__in=Publication.objects.public().filter(regions__code=code, regions__is_own=False)
    )
    rows = (
        figures.order_by("publication__levy_year")
        .values_list("publication__levy_year")
        .annotate(staff=Sum("staff_months"), required=Sum("required_months"), credited=Sum("credited_months"))
    )
    return [Year(*row) for row in rows]


def latest_year(code: str) -> int | None:
    """The newest published year of a region."""
    lines = PublishedRegion.objects.filter(publication__in=Publication.objects.public(), code=code, is_own=False)
    return lines.aggregate(year=Max("publication__levy_year"))["year"]


def heads_chart(years: Sequence[Year]) -> BarChart:
    """应安排 and 实际安排 of each year."""
    required, placed = [[getattr(year, name) for year in years] for name in ("required_months", "credited_months")]
    texts = [[headcount(months) for months in series] for series in (required, placed)]
    return bar_chart(
        id="heads",
        title=_("应安排与实际安排（人）"),
        description=_("应安排人数由%(required_before)s人变为%(required)s人，实际安排人数由%(before)s人变为%(now)s人。")
        % {
            "required_before": texts[0][0],
            "required": texts[0][-1],
            "before": texts[1][0],
            "now": texts[1][-1],
        },
        labels=[_("%s年") % year.levy_year for year in years],
        series=[(_("应安排"), required), (_("实际安排"), [Decimal(months) for months in placed])],
        texts=texts,
    )


def ratio_chart(years: Sequence[Year], required_ratio: Decimal) -> LineChart:
    """安排比例 of each year against the required ratio, in per cent."""
    values = [year.ratio * 100 for year in years]
    mark = required_ratio * 100
    rules = _rules(min([*values, mark]), max([*values, mark]))
    return line_chart(
        id="ratio",
        title=_("安排比例"),
        description=_("安排比例由%(before)s变为%(now)s，规定比例为%(mark)s。")
        % {"before": percent(years[0].ratio), "now": percent(years[-1].ratio), "mark": percent(required_ratio)},
        labels=[str(year.levy_year) for year in years],
        values=values,
        texts=[percent(year.ratio) for year in years],
        rules=[(rule, f"{rule}%") for rule in rules],
        reference=(mark, _("规定比例%s") % percent(required_ratio)),
    )


def _rules(lowest: Decimal, highest: Decimal) -> list[Decimal]:
    """Round values for grid lines, from just below the lowest value, few enough to keep apart."""
    step = next((step for step in STEPS if (highest - lowest) / step < MOST_RULES), STEPS[-1])
    first = (lowest / step).to_integral_value(ROUND_FLOOR) * step
    count = int((highest - first) / step) + 1
    return [first + step * place for place in range(count)]
