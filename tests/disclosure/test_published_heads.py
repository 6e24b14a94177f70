"""What a publication shows of heads: bands, totals that say no more, later and older versions (promise E11)."""

from collections import defaultdict
from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from disclosure.models import Publication, PublishedEntry
from disclosure.models.published import LevyBand, Settlement, ShareBand, Standing
from disclosure.queries.figures import PublishedTotals, total
from law.codes import EntityType
from quota.models import Employer
from tests.disclosure.factories import PINGCHENG, XIAODIAN, YINGZE, draft, employer, published, regions
from tests.levy.factories import confirmed_run
from tests.quota.factories import verified_year
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
FIGURES = ("staff_months", "required_months", "credited_months", "shortfall_months")
COUNTS = ("met_count", "below_count", "exempt_count", "missing_count", "withheld_count")


def random_province(seed: int) -> None:
    dice = Random(seed)
    regions()
    for _unit in range(24):
        kind = dice.choice([EntityType.ENTERPRISE, EntityType.INSTITUTION, EntityType.ASSOCIATION])
        staff = dice.choice([1, 4, 9, 10, 20, 35, 100, 300])
        unit = employer(dice.choice([XIAODIAN, YINGZE, PINGCHENG]), entity_type=kind)
        verified_year(unit, staff=staff, wages=f"{staff * 60_000}.00", credited=dice.choice([0, 0, 3, 12, 24, 31]))
    confirmed_run()


def told_by_rows(entries: list[PublishedEntry], ratio: Decimal) -> dict[str, object]:
    """The figures about heads as anybody can add them up from the rows."""
    sums: dict[str, object] = dict.fromkeys((*FIGURES, *COUNTS), 0)
    for entry in entries:
        sums[f"{entry.standing}_count"] += 1
        if entry.placed_from is not None:
            middle = 6 * (entry.placed_from + (entry.placed_from if entry.placed_to is None else entry.placed_to))
            sums["credited_months"] += middle
            sums["required_months"] += entry.required_months
            sums["staff_months"] += round(entry.required_months / ratio)
            sums["shortfall_months"] += max(entry.required_months - middle, Decimal(0))
    return sums


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_about_heads_follows_from_the_rows(seed: int) -> None:
    random_province(seed)
    publication = draft()
    rows = defaultdict(list)
    for entry in publication.entries.all():
        rows[entry.region_code, entry.entity_type].append(entry)
    assert any(entry.placed_from for entry in publication.entries.all())
    for figure in publication.figures.all():
        shown: PublishedTotals = total([figure])
        expected = told_by_rows(rows[figure.region_code, figure.entity_type], Decimal("0.015"))
        assert {name: getattr(shown, name) for name in expected} == expected


def two_small_employers() -> tuple[Employer, Employer]:
    regions()
    one, other = (employer(entity_type=EntityType.INSTITUTION) for _unit in range(2))
    verified_year(one, staff=3, wages="180000.00", credited=12)
    verified_year(other, staff=3, wages="180000.00")
    confirmed_run()
    return one, other


def row_of(publication: Publication, unit: Employer) -> dict[str, object]:
    apart = ("id", "uscc", "name")
    (row,) = publication.entries.filter(uscc=unit.uscc).values()
    return {name: value for name, value in row.items() if name not in apart}


def test_employers_of_fewer_than_ten_look_alike_whatever_they_placed() -> None:
    one, other = two_small_employers()
    publication = draft()
    row = row_of(publication, one)
    assert row == row_of(publication, other)
    shown = (row["standing"], row["share_band"], row["levy_band"], row["settlement"], row["placed_low"])
    assert shown == (Standing.WITHHELD, ShareBand.WITHHELD, LevyBand.WITHHELD, Settlement.WITHHELD, None)
    assert publication.entries.first().placed_words == "不公布"


def test_a_small_enterprise_is_exempt_whatever_it_placed() -> None:
    regions()
    one, other = employer(), employer()
    verified_year(one, staff=3, wages="180000.00", credited=24)
    verified_year(other, staff=3, wages="180000.00")
    confirmed_run()
    publication = draft()
    assert row_of(publication, one) == row_of(publication, other)
    assert publication.entries.first().standing == Standing.EXEMPT


def test_a_sum_of_nothing_does_not_tell_that_all_small_ones_reach_the_ratio() -> None:
    regions()
    for place in (XIAODIAN, YINGZE, PINGCHENG):
        unit = employer(place, entity_type=EntityType.INSTITUTION)
        verified_year(unit, staff=3, wages="180000.00", credited=12)
    confirmed_run()
    assert not draft().regions.filter(is_money_shown=True).exists()


def test_a_later_version_keeps_the_band_or_shows_nothing() -> None:
    regions()
    unit = employer()
    verified_year(unit, credited=19)
    confirmed_run()
    first = published()
    (shown,) = first.entries.all()
    assert (shown.placed_low, shown.placed_high) == (18, 29)
    (same,) = published().entries.all()
    assert (same.placed_low, same.placed_high, same.standing) == (18, 29, Standing.MET)
    past_the_triggers("UPDATE disclosure_publishedentry SET placed_low = 4, placed_high = 19")
    (cut,) = draft().entries.all()  # 18 and 19 would be left
    assert (cut.placed_low, cut.standing) == (None, Standing.WITHHELD)


def past_the_triggers(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with as_owner():
            cursor.execute("ALTER TABLE disclosure_publishedentry DISABLE TRIGGER USER")
            cursor.execute(statement)
            cursor.execute("ALTER TABLE disclosure_publishedentry ENABLE TRIGGER USER")
