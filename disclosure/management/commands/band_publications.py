"""`manage.py band_publications`: give rows published before the rule of law.published_heads its bands, and remove
their files, which name exact heads. For the operator, once after the upgrade; a repetition changes nothing."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.core.management import BaseCommand
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Sum

from disclosure.models import Publication, PublishedEntry
from disclosure.services.freezing import exempt_below
from law.policy import Outcome
from law.published_heads import Span, published_heads

FROZEN = ("disclosure_publishedentry", "disclosure_publishedfigure", "disclosure_publishedfile")
OUTCOMES = {
    ("met", "met"): Outcome.MET,
    ("exempt", "from_one"): Outcome.EXEMPT,
    ("exempt", "below_one"): Outcome.EXEMPT,
    ("below", "from_one"): Outcome.HALF,
    ("below", "below_one"): Outcome.NINETY,
}
OPEN = 2**31 - 1
BATCH = 5_000


class Command(BaseCommand):
    help = "把本规则之前公布的安排人数改为整数或区间"

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in FROZEN:  # the database lets nobody edit published rows, so only their owner can
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            banded = _band_rows()
            for table in FROZEN:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        self.stdout.write(f"已处理公示{banded}版")


def _band_rows() -> int:
    seen: dict[tuple[int, str], list[Span]] = defaultdict(list)
    older = PublishedEntry.objects.filter(credited_months__isnull=False, placed_low=None)
    publications = Publication.objects.filter(Exists(older.filter(publication=OuterRef("pk"))))
    banded = 0
    for publication in publications.order_by("levy_year", "pk"):
        _band_entries(publication, seen)
        _sum_up(publication)
        publication.files.all().delete()
        banded += 1
    return banded


def _band_entries(publication: Publication, seen: dict[tuple[int, str], list[Span]]) -> None:
    ratios = {
        row["region_code"]: row["required"] / row["staff"]
        for row in publication.figures.order_by()
        .values("region_code")
        .annotate(required=Sum("required_months"), staff=Sum("staff_months"))
        if row["staff"]
    }
    changed = []
    for entry in publication.entries.order_by("pk").iterator(chunk_size=BATCH):
        if entry.credited_months is None or entry.placed_low is not None or not ratios.get(entry.region_code):
            continue
        _band_entry(entry, publication.levy_year, ratios[entry.region_code], seen[publication.levy_year, entry.uscc])
        changed.append(entry)
    fields = ["standing", "share_band", "credited_months", "placed_low", "placed_high", "levy_band", "settlement"]
    PublishedEntry.objects.bulk_update(changed, fields, batch_size=BATCH)


def _band_entry(entry: PublishedEntry, levy_year: int, ratio: Decimal, earlier: list[Span]) -> None:
    staff = round(entry.required_months / ratio)
    outcome = OUTCOMES[entry.standing, entry.share_band]
    heads = published_heads(staff, entry.required_months, entry.credited_months, outcome, earlier)
    if heads is None:
        entry.credited_months, entry.share_band = None, "withheld"
        if staff < exempt_below(levy_year) and entry.entity_type == "enterprise" and entry.standing != "below":
            entry.standing = "exempt"
        else:
            entry.standing = entry.levy_band = entry.settlement = "withheld"
        return
    earlier.append((heads.low, OPEN if heads.is_open else heads.high))
    entry.placed_low, entry.placed_high = heads.low, None if heads.is_open else heads.high
    entry.credited_months, entry.share_band = heads.counted, heads.share


def _sum_up(publication: Publication) -> None:
    """Totals that say no more than the rows."""
    figures = {(figure.region_code, figure.entity_type): figure for figure in publication.figures.all()}
    ratios = {key[0]: f.required_months / f.staff_months for key, f in figures.items() if f.staff_months}
    for figure in figures.values():
        figure.met_count = figure.below_count = figure.exempt_count = figure.missing_count = figure.withheld_count = 0
        figure.staff_months = figure.credited_months = 0
        figure.required_months = figure.shortfall_months = 0
    for entry in publication.entries.order_by("pk").iterator(chunk_size=BATCH):
        figure = figures[entry.region_code, entry.entity_type]
        count = f"{entry.standing}_count"
        setattr(figure, count, getattr(figure, count) + 1)
        if entry.placed_low is not None:
            figure.staff_months += round(entry.required_months / ratios[entry.region_code])
            figure.credited_months += entry.credited_months
            figure.required_months += entry.required_months
            figure.shortfall_months += max(entry.required_months - entry.credited_months, 0)
    for figure in figures.values():
        figure.save()
