"""The federation's queue: returns by state, with the findings of each."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Value
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.models import User
from accounts.permissions import Permission
from design.csv_lines import csv_file
from design.law_words import translated
from law.counting import Reason
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from quota.models.employers import matching
from quota.models.returns import ReturnQuerySet

STATES = (
    ReturnState.CHECKED,
    ReturnState.REVIEWED,
    ReturnState.SENT_BACK,
    ReturnState.SUBMITTED,
    ReturnState.VERIFIED,
)
SORTS = {"filed_on": F("filed_on"), "difference": F("computed_months") - F("claimed_months")}
FIRST_SORT = "filed_on"
READERS = (Permission.VERIFY_RETURN, Permission.VIEW_PERSONS)
AGREES = Q(state=ReturnState.CHECKED, has_findings=False, claimed_months=F("computed_months"))


# Claimed months that do not count, by reason, of a return's people, in person-months.
HINTS = """
SELECT p.employer_id, u.reason, sum(k.weight)
FROM quota_placement p
JOIN quota_placementcheck k ON k.placement_id = p.id
CROSS JOIN LATERAL unnest(k.reasons) AS u(reason)
WHERE p.levy_year = %(year)s AND p.employer_id IN (SELECT unnest(%(employers)s::bigint[]))
  AND u.reason <> ALL(%(silent)s)
GROUP BY p.employer_id, u.reason ORDER BY p.employer_id, sum(k.weight) DESC, u.reason
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Returns per state, and the number of those before the first review that agree with the registers."""

    by_state: dict[str, int]
    agreeing: int


@dataclass(frozen=True, slots=True)
class Selection:
    """A person's selection of the queue: QueueForm's values, one state, an order (a key of SORTS, with - for the
    reverse)."""

    user: User
    filters: dict[str, Any]
    state: str
    sort: str
    page: str = ""

    @property
    def query(self) -> str:
        """The part of an address that keeps the selection from page to page."""
        region = self.filters.get("region")
        kept = self.filters | {"region": region and region.pk, "state": self.state, "sort": self.sort}
        return urlencode({name: value for name, value in (kept | {"page": self.page}).items() if value})

    def counted(self) -> QuerySet[HeadcountReturn]:
        """The returns of every state, for counting."""
        return _filtered(HeadcountReturn.objects.counted_within_right(self.user, *READERS), self.filters)

    def returns(self, *, backwards: bool = False) -> QuerySet[HeadcountReturn]:
        """The returns in the chosen order, or in the reverse."""
        sign = "-" if self.sort.startswith("-") != backwards else ""
        readable = _filtered(HeadcountReturn.objects.within_right(self.user, *READERS), self.filters)
        chosen = readable.filter(state=self.state).annotate(place=SORTS[self.sort.removeprefix("-")])
        return chosen.order_by(f"{sign}place", f"{sign}pk")

    def neighbours(self, filed: HeadcountReturn) -> tuple[int | None, int | None]:
        """The returns before and after this one, which may have left the list already; one query."""
        before, after = (self._next_to(filed, backwards=backwards) for backwards in (True, False))
        found = dict(before.union(after, all=True))
        return found.get(True), found.get(False)

    def _next_to(self, filed: HeadcountReturn, *, backwards: bool) -> QuerySet[Any]:
        place = {"filed_on": filed.filed_on, "difference": difference(filed)}[self.sort.removeprefix("-")]
        way = "lt" if self.sort.startswith("-") != backwards else "gt"
        beyond = Q(**{f"place__{way}": place}) | Q(**{f"pk__{way}": filed.pk})
        found = self.returns(backwards=backwards).filter(beyond, **{f"place__{way}e": place}).exclude(pk=filed.pk)
        return found.annotate(is_before=Value(backwards)).values_list("is_before", "pk")[:1]


def difference(filed: HeadcountReturn) -> int:
    """Person-months that the checks count beyond the employer's claim; negative if fewer."""
    return filed.computed_months - filed.claimed_months


def _filtered(returns: ReturnQuerySet, filters: dict[str, Any]) -> QuerySet[HeadcountReturn]:
    """Returns in force of any state, by QueueForm's values."""
    returns = returns.in_force().filter(levy_year=filters["levy_year"])
    if filters.get("region"):
        returns = returns.in_region(filters["region"].code)
    if filters.get("entity_type"):
        returns = returns.filter(employer__entity_type=filters["entity_type"])
    if filters.get("findings"):
        returns = returns.filter(has_findings=filters["findings"] == "yes")
    if text := filters.get("q", "").strip():
        returns = returns.filter(matching(text, path="employer__"))
    return returns


# Counting a large part of a province takes up to a second; among so many returns a count may be half a minute old.
LARGE = 50_000
KEPT_SECONDS = 30


def counts(returns: QuerySet[HeadcountReturn]) -> Counts:
    """Counts for the tabs; one query. The counts of a large queue may be KEPT_SECONDS old."""
    key = f"queue:{hashlib.sha256(str(returns.query).encode()).hexdigest()}"
    with suppress(RedisError):
        if kept := cache.get(key):
            return kept
    rows = list(returns.order_by().values("state").annotate(total=Count("pk"), agreeing=Count("pk", filter=AGREES)))
    found = Counts({row["state"]: row["total"] for row in rows}, sum(row["agreeing"] for row in rows))
    if sum(found.by_state.values()) >= LARGE:
        with suppress(RedisError):
            cache.set(key, found, KEPT_SECONDS)
    return found


SILENT = [Reason.COUNTED, Reason.OUTSIDE_CONTRACT, Reason.COUNTED_IN_ANOTHER_ROW]


@dataclass(frozen=True, slots=True)
class Hint:
    """The number of person-months that fail for one reason."""

    label: str
    months: int


def hints(returns: Collection[HeadcountReturn]) -> dict[int, list[Hint]]:
    """The findings of the checks, by employer id; one query for a page of returns of one year."""
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
        return difference(self.filed)


def queue_rows(returns: Iterable[HeadcountReturn]) -> list[QueueRow]:
    """The returns of one page, each with its hints."""
    shown = list(returns)
    found = hints(shown)
    return [QueueRow(filed, found.get(filed.employer_id, [])) for filed in shown]


AT_ONCE = 500


def queue_csv(returns: QuerySet[HeadcountReturn]) -> Iterator[bytes]:
    """The list as a file: every return of the selection, without people.

    A generator, so that headings and cells alike are written while the file is sent: in Chinese, not in the language
    of the page.
    """
    headings = [
        _("单位名称"),
        _("统一社会信用代码"),
        _("单位类型"),
        _("行政区划代码"),
        _("费款所属年度"),
        _("申报日期"),
        _("逾期申报"),
        _("申报人月"),
        _("核算人月"),
        _("差额人月"),
        _("核对提示（人月）"),
        _("状态"),
    ]
    yield from csv_file(headings, _csv_rows(returns))


def _csv_rows(returns: QuerySet[HeadcountReturn]) -> Iterator[list[Any]]:
    waiting = returns.select_related("employer").iterator(chunk_size=AT_ONCE)
    while part := list(islice(waiting, AT_ONCE)):
        yield from map(_cells, queue_rows(part))


def _cells(row: QueueRow) -> list[Any]:
    filed, employer = row.filed, row.filed.employer
    return [
        employer.name,
        employer.uscc,
        employer.get_entity_type_display(),
        employer.region_id,
        filed.levy_year,
        filed.filed_on.isoformat(),
        _("是") if filed.is_late else _("否"),
        filed.claimed_months,
        filed.computed_months,
        row.difference,
        "，".join(f"{hint.label}{hint.months}" for hint in row.hints),
        filed.get_state_display(),
    ]
