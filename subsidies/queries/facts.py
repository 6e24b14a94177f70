"""The facts from which rewards are computed, read for a whole region in a handful of statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Q

from accounts.models import Region
from law.support.rewards import RewardFacts
from levy.models import Assessment
from quota.enums import NumberKind
from quota.models import RegionalNumber
from subsidies.models import SETTLED_STATES, Award, AwardState, Programme

# Months in which a person counted at an employer with a verified headcount; a severely disabled person counts once
# here. Dispatch agreements move months once the agency's headcount is verified. A transfer is stored with its weight,
# so its person-months are divided by the weight of a month at the agency.
HEAD_MONTHS = """
WITH verified AS (
    SELECT employer_id FROM quota_verifiedheadcount WHERE levy_year = %(year)s AND withdrawn_at IS NULL
), transfers AS (
    SELECT t.agency_id, t.host_id, t.weight_months / c.weight AS given, t.credited_months / c.weight AS taken
    FROM quota_dispatchtransfer t
    JOIN quota_placementcheck c ON c.placement_id = t.placement_id
    JOIN verified v ON v.employer_id = t.agency_id
    WHERE t.levy_year = %(year)s
)
SELECT employer_id, sum(months) FROM (
    SELECT p.employer_id, cardinality(array_remove(c.decided, 0::smallint)) AS months
    FROM quota_placementcheck c
    JOIN quota_placement p ON p.id = c.placement_id
    JOIN verified v ON v.employer_id = p.employer_id
    WHERE p.levy_year = %(year)s
    UNION ALL SELECT agency_id, -given FROM transfers
    UNION ALL SELECT host_id, taken FROM transfers
) counted GROUP BY employer_id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An employer whose confirmed heads exceed the programme's ratio."""

    assessment_id: int
    employer_id: int
    region_id: str
    facts: RewardFacts


def candidates(programme: Programme, levy_year: int) -> Iterator[Candidate]:
    """Employers of the programme's region and below, for the rule to judge, without those that have an award of the
    year.

    An award under another text of the region and kind counts too, unless it was refused.
    """
    heads, years = _head_months(levy_year), _years_before(programme, levy_year)
    wages = MinimumWages(programme.region, date(levy_year, 12, 31))
    awards = Award.objects.like(programme).filter(levy_year=levy_year)
    decided = awards.exclude(~Q(programme=programme), state=AwardState.REFUSED)
    rows = (
        Assessment.objects.current()
        .in_region(programme.region_id)
        # Counting severe cases once never gives more heads, so this filter leaves nobody out.
        .filter(levy_year=levy_year, credited_months__gt=F("staff_months") * programme.threshold_ratio)
        .exclude(employer__in=decided.values("employer"))
        .order_by("pk")
    )
    columns = ("pk", "employer_id", "region_id", "entity_type", "staff_months", "credited_months")
    for assessment, employer, region, entity_type, staff, credited in rows.values_list(*columns).iterator():
        facts = RewardFacts(
            entity_type=entity_type,
            staff_months=staff,
            credited_months=credited,
            head_months=min(heads.get(employer, 0), credited),
            minimum_wage=wages.at(region),
            years_before=years.get(employer, 0),
        )
        yield Candidate(assessment, employer, region, facts)


def _head_months(levy_year: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(HEAD_MONTHS, {"year": levy_year})
        return {employer: int(months) for employer, months in cursor.fetchall()}


def _years_before(programme: Programme, levy_year: int) -> dict[int, int]:
    """By employer, the number of earlier years with a granted award of this region and kind, under any text."""
    granted = Award.objects.like(programme).filter(levy_year__lt=levy_year, state__in=SETTLED_STATES)
    counted = granted.values("employer").annotate(years=Count("levy_year", distinct=True))
    return dict(counted.values_list("employer", "years"))


class MinimumWages:
    """Monthly minimum wages of one day: the county's, else the prefecture's, else the province's."""

    def __init__(self, region: Region, day: date) -> None:
        rows = RegionalNumber.objects.on(day).filter(
            kind=NumberKind.MINIMUM_WAGE, region__code__startswith=region.code[:2]
        )
        self._by_code: dict[str, Decimal] = dict(rows.values_list("region_id", "value"))

    def at(self, code: str) -> Decimal | None:
        """The wage of one region; None if none is entered."""
        return next((self._by_code[place] for place in Region(code=code).lineage() if place in self._by_code), None)
