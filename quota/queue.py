"""What waits for the federation: returns by state, and what the checks found in each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from accounts.models import User
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from quota.models.employers import matching
from quota.rules import Reason
from quota.words import translated

STATES = (
    ReturnState.CHECKED,
    ReturnState.REVIEWED,
    ReturnState.SENT_BACK,
    ReturnState.SUBMITTED,
    ReturnState.VERIFIED,
)
AGREES = Q(state=ReturnState.CHECKED, has_findings=False, claimed_months=F("computed_months"))


@dataclass(frozen=True, slots=True)
class Counts:
    """Returns per state, and how many of those before the first review agree with the registers."""

    by_state: dict[str, int]
    agreeing: int


def waiting_returns(user: User, filters: dict[str, Any]) -> QuerySet[HeadcountReturn]:
    """Returns in force that the person may see, of any state, by QueueForm's values."""
    returns = HeadcountReturn.objects.visible_to(user).in_force().filter(levy_year=filters["levy_year"])
    if filters.get("region"):
        returns = returns.in_region(filters["region"].code)
    if filters.get("entity_type"):
        returns = returns.filter(employer__entity_type=filters["entity_type"])
    if filters.get("findings"):
        returns = returns.filter(has_findings=filters["findings"] == "yes")
    if text := filters.get("q", "").strip():
        returns = returns.filter(matching(text, path="employer__"))
    return returns


def counts(returns: QuerySet[HeadcountReturn]) -> Counts:
    """For the tabs; one query."""
    rows = list(returns.order_by().values("state").annotate(total=Count("pk"), agreeing=Count("pk", filter=AGREES)))
    return Counts({row["state"]: row["total"] for row in rows}, sum(row["agreeing"] for row in rows))


# Months of every kind that a return's people claim and do not count, in person-months.
HINTS = """
SELECT p.employer_id, u.reason, sum(k.weight)
FROM quota_placement p
JOIN quota_placementcheck k ON k.placement_id = p.id
CROSS JOIN LATERAL unnest(k.reasons) AS u(reason)
WHERE p.levy_year = %(year)s AND p.employer_id IN (SELECT unnest(%(employers)s::bigint[]))
  AND u.reason <> ALL(%(silent)s)
GROUP BY p.employer_id, u.reason ORDER BY p.employer_id, sum(k.weight) DESC, u.reason
"""
SILENT = [Reason.COUNTED, Reason.OUTSIDE_CONTRACT, Reason.COUNTED_IN_ANOTHER_ROW]


@dataclass(frozen=True, slots=True)
class Hint:
    """So many person-months fail for one reason."""

    label: str
    months: int


def hints(returns: Collection[HeadcountReturn]) -> dict[int, list[Hint]]:
    """What the checks found, by employer id; one query for a page of returns of one year."""
    found: dict[int, list[Hint]] = {}
    if not returns:
        return found
    year = next(iter(returns)).levy_year
    names = {"year": year, "employers": [r.employer_id for r in returns], "silent": [int(reason) for reason in SILENT]}
    with connection.cursor() as cursor:
        cursor.execute(HINTS, names)
        for employer_id, reason, months in cursor.fetchall():
            found.setdefault(employer_id, []).append(Hint(translated(Reason(reason).label), months))
    return found


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    filed: HeadcountReturn
    hints: list[Hint]

    @property
    def difference(self) -> int:
        return self.filed.computed_months - self.filed.claimed_months


def rows(returns: Iterable[HeadcountReturn]) -> list[QueueRow]:
    """The returns of one page, each with its hints."""
    shown = list(returns)
    found = hints(shown)
    return [QueueRow(filed, found.get(filed.employer_id, [])) for filed in shown]


def neighbours(filed: HeadcountReturn, user: User) -> tuple[int | None, int | None]:
    """The returns before and after this one that wait in the same state, by filing date."""
    same = HeadcountReturn.objects.visible_to(user).in_force().filter(levy_year=filed.levy_year, state=filed.state)
    earlier = Q(filed_on__lt=filed.filed_on) | Q(filed_on=filed.filed_on, pk__lt=filed.pk)
    later = Q(filed_on__gt=filed.filed_on) | Q(filed_on=filed.filed_on, pk__gt=filed.pk)
    before = same.filter(earlier).order_by("-filed_on", "-pk").values_list("pk", flat=True).first()
    after = same.filter(later).order_by("filed_on", "pk").values_list("pk", flat=True).first()
    return before, after
