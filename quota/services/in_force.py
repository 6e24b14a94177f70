"""Decides which return of an employer and year counts, for the portal, the window and loaded files alike."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from law.counting import CountingRules, deadline, effective_return
from quota.enums import DECIDED, ReturnState
from quota.models import DraftPlacement, HeadcountReturn, Placement
from quota.models.returns import CONTRACT_KEY, ReturnQuerySet, contract_of
from quota.queries.parameters import counting_rules

COPIED = [
    "name",
    "identity_encrypted",
    "born_on",
    "is_female",
    "certificate_encrypted",
    "post",
    "is_typed",
    *CONTRACT_KEY,
]

REGIONS = "SELECT DISTINCT region_id FROM quota_employer WHERE id = ANY(%(employers)s)"

LATENESS = """
UPDATE quota_headcountreturn r SET is_late = r.filed_on > d.last_day
FROM quota_employer e, unnest(%(regions)s::text[], %(days)s::date[]) AS d(region, last_day)
WHERE r.employer_id = e.id AND e.region_id = d.region AND r.employer_id = ANY(%(employers)s)
  AND r.levy_year = %(year)s AND r.state <> 'draft' AND r.is_late <> (r.filed_on > d.last_day)
"""

# An employer's only return of the year is in force without a choice; among several the rules choose.
ONLY_ONES = """
UPDATE quota_headcountreturn r SET is_in_force = true
WHERE r.employer_id = ANY(%(employers)s) AND r.levy_year = %(year)s AND r.state <> 'draft' AND NOT r.is_in_force
  AND NOT EXISTS (
    SELECT FROM quota_headcountreturn o
    WHERE o.employer_id = r.employer_id AND o.levy_year = r.levy_year AND o.state <> 'draft' AND o.id <> r.id
  )
"""

SEVERAL = """
SELECT r.employer_id, e.region_id, r.id, r.filed_on, r.state, r.is_in_force
FROM quota_headcountreturn r JOIN quota_employer e ON e.id = r.employer_id
WHERE r.employer_id = ANY(%(employers)s) AND r.levy_year = %(year)s AND r.state <> 'draft'
  AND EXISTS (
    SELECT FROM quota_headcountreturn o
    WHERE o.employer_id = r.employer_id AND o.levy_year = r.levy_year AND o.state <> 'draft' AND o.id <> r.id
  )
ORDER BY r.employer_id, r.id
"""

# Edits of a return that was sent back were never filed.
HAS_OWN_PEOPLE = Exists(DraftPlacement.objects.filter(headcount_return=OuterRef("pk"))) & ~Q(
    sent_back_at__gt=F("submitted_at")
)


@transaction.atomic
def settle_returns_in_force(*, employer_ids: Collection[int], levy_year: int) -> list[int]:
    """Set `is_late`, `is_in_force` and the state REPLACED of these employers' returns by the rules.

    A return that comes into force brings along the people whom it kept in its draft. A reviewed or verified return
    stays in force even if another one would replace it: only a person may undo it. Returns the ids of the employers
    for which that happened. Writes no audit entry: the caller records its own action.
    """
    employers = list(employer_ids)
    with connection.cursor() as cursor:
        cursor.execute(REGIONS, {"employers": employers})
        rules = counting_rules({region for (region,) in cursor.fetchall()}, levy_year)
        days = [deadline(levy_year, rules[code]) for code in rules]
        names = {"employers": employers, "year": levy_year, "regions": list(rules), "days": days}
        cursor.execute(LATENESS, names)
        cursor.execute(ONLY_ONES, names)
        cursor.execute(SEVERAL, names)
        filings = [FiledReturn(*row) for row in cursor.fetchall()]
    return _settle_several(filings, levy_year, rules)


def would_be_in_force(filed: HeadcountReturn) -> bool:
    """True if the rules choose this return among its employer's filed returns of the year. It must have its filing
    day.

    The caller checks for reviewed and verified returns.
    """
    own = HeadcountReturn.objects.filter(employer=filed.employer_id, levy_year=filed.levy_year)
    days = list(own.exclude(filed_on=None).order_by("pk").values_list("pk", "filed_on"))
    region_code = filed.employer.region_id
    rules = counting_rules({region_code}, filed.levy_year)[region_code]
    chosen = effective_return([day for _pk, day in days], filed.levy_year, rules) or 0
    return days[chosen][0] == filed.pk


class FiledReturn(NamedTuple):
    employer_id: int
    region_code: str
    id: int
    filed_on: date
    state: str
    is_in_force: bool


def _settle_several(filings: Iterable[FiledReturn], levy_year: int, rules: Mapping[str, CountingRules]) -> list[int]:
    held: list[int] = []
    winners: list[int] = []
    losers: list[int] = []
    for employer_id, group in groupby(filings, key=attrgetter("employer_id")):
        own = list(group)
        chosen = own[effective_return([f.filed_on for f in own], levy_year, rules[own[0].region_code]) or 0]
        # A later filing or another deadline does not undo two people's decision: a person must reopen it first.
        winner = next((f for f in own if f.is_in_force and f.state in DECIDED), chosen)
        if winner is not chosen:
            held.append(employer_id)
        winners.append(winner.id)
        losers += [f.id for f in own if f is not winner]
    _mark(winners, losers)
    return held


def _mark(winners: list[int], losers: list[int]) -> None:
    """Mark the losers first: the database never lets two returns of a year be in force, even within a transaction."""
    returns = HeadcountReturn.objects
    returns.filter(pk__in=losers).update(is_in_force=False, state=ReturnState.REPLACED)
    won = returns.filter(pk__in=winners)
    # Read before marking: afterwards a winner that comes into force looks like one that already was.
    with_people = [*won.filter(is_in_force=False).filter(HAS_OWN_PEOPLE).select_related("employer")]
    won.filter(state=ReturnState.REPLACED).update(state=ReturnState.SUBMITTED)
    won.filter(is_in_force=False).update(is_in_force=True)
    for filed in with_people:  # the people of the other returns are already in the year's list
        publish_placements(filed)


def publish_placements(filed: HeadcountReturn) -> None:
    """Make the return's own people those of the year. A contract that stays keeps its row, and so its decisions."""
    relieved_by(filed).update(state=ReturnState.SUBMITTED)
    of_year = {contract_of(row): row for row in filed.employer.placements.filter(levy_year=filed.levy_year)}
    own = {contract_of(row): row for row in filed.draft_placements.all()}
    Placement.objects.filter(pk__in=[row.pk for key, row in of_year.items() if key not in own]).delete()
    Placement.objects.bulk_create(
        Placement(employer=filed.employer, levy_year=filed.levy_year, **{name: getattr(row, name) for name in COPIED})
        for key, row in own.items()
        if key not in of_year
    )
    for key in of_year.keys() & own.keys():
        told = {name: getattr(own[key], name) for name in ("name", "post", "is_typed")}
        Placement.objects.filter(pk=of_year[key].pk).update(**told)
    filed.draft_placements.all().delete()


def relieved_by(filed: HeadcountReturn) -> ReturnQuerySet:
    """Checked returns of other employers that claim people whom this one removes.

    With one claim fewer their months may count, so these returns wait for a check again. Reviewed and verified returns
    stay.
    """
    of_year = Placement.objects.filter(employer=filed.employer_id, levy_year=filed.levy_year)
    gone = of_year.exclude(person_key__in=filed.draft_placements.values("person_key")).values_list(
        "person_key", flat=True
    )
    claims = Placement.objects.filter(levy_year=filed.levy_year, person_key__in=list(gone))
    checked = HeadcountReturn.objects.in_force().filter(levy_year=filed.levy_year, state=ReturnState.CHECKED)
    return checked.filter(employer__in=claims.values("employer")).exclude(employer=filed.employer_id)
