"""Proof that a publication agrees with the assessments: totals recomputed from three sides (promise A1)."""

from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, Sum

from disclosure.errors import FiguresDisagree
from disclosure.models import Publication
from levy.models import Assessment, AssessmentRun, Supersession
from levy.models.assessments import AssessmentQuerySet, OutcomeCode
from levy.models.runs import FINAL_STATES

ZERO = Decimal("0.00")
HALF_A_HEAD = 6  # person-months
Sums = dict[tuple[str, str], tuple[object, ...]]


def published_assessments(publication: Publication) -> AssessmentQuerySet:
    """The assessments to publish: all in force in the region and year, except those of sole traders."""
    current = Assessment.objects.current().in_region(publication.region_id)
    return current.filter(levy_year=publication.levy_year).exclude(outcome=OutcomeCode.NOT_LIABLE)


def refuse_false_totals(publication: Publication) -> None:
    """Compare figures with assessments and entries, per region and unit type, and with the runs.

    The regions above need no check: sums of equal rows are equal. Raises FiguresDisagree.
    """
    figures = _figures(publication)
    if _exact(figures) != _exact(_assessments(publication)) or _heads(figures) != _entries(publication):
        raise FiguresDisagree
    if _is_outside_its_band(publication):
        raise FiguresDisagree
    payable = sum((sums[-1] for sums in figures.values()), ZERO)
    control = control_total(publication)
    if control is not None and control != payable:
        raise FiguresDisagree


def _is_outside_its_band(publication: Publication) -> bool:
    """True if a row's band does not hold the months assessed, to half a head, which a region may round."""
    assessed = OuterRef("credited_months")
    beside = Q(placed_low__gt=assessed + HALF_A_HEAD) | Q(placed_high__lt=assessed - HALF_A_HEAD)
    rows = publication.entries.filter(beside, uscc=OuterRef("employer__uscc"))
    return published_assessments(publication).filter(Exists(rows)).exists()


def _exact(sums: Sums) -> Sums:
    """The columns that a publication does not band: employers and yuan."""
    return {key: (row[0], row[-1]) for key, row in sums.items()}


def _figures(publication: Publication) -> Sums:
    rows = publication.figures.values_list(
        "region_code", "entity_type", "unit_count", "credited_months", "payable_total"
    )
    return {row[:2]: row[2:] for row in rows}


def _assessments(publication: Publication) -> Sums:
    rows = (
        published_assessments(publication)
        .order_by()
        .values("region_id", "entity_type")
        .annotate(units=Count("pk"), due=Sum("payable", default=ZERO))
    )
    return {(row["region_id"], row["entity_type"]): (row["units"], row["due"]) for row in rows}


def _heads(figures: Sums) -> Sums:
    return {key: (sums[0], sums[1]) for key, sums in figures.items()}


def _entries(publication: Publication) -> Sums:
    rows = publication.entries.order_by().values("region_code", "entity_type")
    summed = rows.annotate(units=Count("pk"), counted=Sum("credited_months", default=0))
    return {(row["region_code"], row["entity_type"]): (row["units"], row["counted"]) for row in summed}


def control_total(publication: Publication) -> Decimal | None:
    """The amount due by the runs: their stored totals, adjusted by approved corrections. None if a wider run covers
    the region, because its total includes other regions."""
    region, year = publication.region, publication.levy_year
    runs = AssessmentRun.objects.filter(levy_year=year, state__in=FINAL_STATES, is_correction=False)
    if runs.filter(region__in=[code for code in region.lineage() if code != region.code]).exists():
        return None
    # A correction may move an employer into or out of this region, so each side counts by its own region.
    base = runs.in_region(region.code).aggregate(total=Sum("payable_total", default=ZERO))["total"]
    approved = Supersession.objects.filter(new__levy_year=year, approved_at__isnull=False)
    moved = approved.aggregate(
        added=Sum("new__payable", filter=_within("new", region.prefix), default=ZERO),
        taken=Sum("old__payable", filter=_within("old", region.prefix), default=ZERO),
    )
    return base + moved["added"] - moved["taken"]


def _within(side: str, prefix: str) -> Q:
    return Q(**{f"{side}__region__code__startswith": prefix})


def publication_totals(publication: Publication) -> tuple[int, Decimal, Decimal]:
    """Employers, yuan due and yuan paid of the whole publication, from its figures."""
    sums = publication.figures.aggregate(
        units=Sum(F("unit_count"), default=0),
        payable=Sum("payable_total", default=ZERO),
        paid=Sum("paid_total", default=ZERO),
    )
    return sums["units"], sums["payable"], sums["paid"]
