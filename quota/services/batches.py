"""Verifying whole regions in the names of two people, set-based: hundreds of thousands of returns in minutes."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, SecondPersonNeeded
from audit.services import record
from quota.checks import hold, id_ranges
from quota.evidence import Scope
from quota.models import Employer

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """Returns verified by one batch and the person-months they claimed and were credited."""

    returns: int
    claimed_months: int
    credited_months: int

    def __add__(self, other: "BatchTotals") -> "BatchTotals":
        return BatchTotals(
            self.returns + other.returns,
            self.claimed_months + other.claimed_months,
            self.credited_months + other.credited_months,
        )


# Whoever filed a return takes no part in verifying it, and who decided some of its months is not the second person.
# An officer's decision on single months stands; otherwise the computed months are credited (a late return's are none:
# 财税〔2015〕72号第十二条).
VERIFY_BATCH = """
WITH due AS (
    SELECT r.id, r.employer_id, r.claimed_months, r.computed_months,
           r.computed_months + coalesce(d.difference, 0) AS credited_months,
           row_number() OVER (ORDER BY e.uscc) AS place
    FROM quota_employer e
    JOIN quota_headcountreturn r
        ON r.employer_id = e.id AND r.levy_year = %(year)s AND r.is_in_force AND r.state = 'checked'
    LEFT JOIN LATERAL (
        SELECT true AS is_decided,
               sum((SELECT sum(m) FROM unnest(k.decided) m) - (SELECT sum(m) FROM unnest(k.computed) m)) AS difference,
               bool_or(k.decided_by_id = %(second)s) AS is_by_second
        FROM quota_placement p JOIN quota_placementcheck k ON k.placement_id = p.id
        WHERE r.claimed_months > 0 AND p.employer_id = e.id AND p.levy_year = %(year)s AND k.decision_reason <> ''
        GROUP BY p.employer_id
    ) d ON true
    WHERE {condition} AND e.id BETWEEN %(first_id)s AND %(last_id)s
      AND (r.submitted_by_id IS NULL OR r.submitted_by_id NOT IN (%(first)s, %(second)s))
      AND d.is_by_second IS NOT TRUE
      AND (%(accept_computed)s
           OR (r.claimed_months = r.computed_months AND NOT r.has_findings AND d.is_decided IS NULL))
), series AS (
    INSERT INTO quota_headcountseries AS s (region_id, year, last)
    SELECT %(region)s, extract(year FROM statement_timestamp() AT TIME ZONE 'Asia/Shanghai'), count(*)
    FROM due HAVING count(*) > 0
    ON CONFLICT (region_id, year) DO UPDATE SET last = s.last + excluded.last
    RETURNING year, last
), marked AS (
    UPDATE quota_headcountreturn r
    SET state = 'verified', reviewed_at = statement_timestamp(), reviewed_by_id = %(first)s,
        verified_at = statement_timestamp(), verified_by_id = %(second)s
    FROM due WHERE r.id = due.id
), issued AS (
    INSERT INTO quota_verifiedheadcount
        (headcount_return_id, employer_id, levy_year, number, claimed_months, computed_months, credited_months,
         issued_at, first_by_id, second_by_id)
    SELECT due.id, due.employer_id, %(year)s,
           headcount_number(series.year, %(region)s, series.last - (SELECT count(*) FROM due) + due.place),
           due.claimed_months, due.computed_months, due.credited_months, statement_timestamp(), %(first)s, %(second)s
    FROM due CROSS JOIN series
)
SELECT count(*), coalesce(sum(claimed_months), 0), coalesce(sum(credited_months), 0) FROM due
"""


def refuse_unfit(first: User, second: User, region: Region) -> None:
    """Raise SecondPersonNeeded or PermissionMissing unless these are two verifiers of the region."""
    if first.pk == second.pk:
        raise SecondPersonNeeded("初审和复审须由两人办理。")
    for person in (first, second):
        if not person.can(Permission.VERIFY_RETURN, region.code):
            raise PermissionMissing(f"{person.username}没有{region}的审核权限。")


def verify_region(
    *,
    levy_year: int,
    region: Region,
    first: User,
    second: User,
    accept_computed: bool = False,
    on_progress: Progress | None = None,
) -> BatchTotals:
    """Review and verify the checked returns of a region and below in two people's names.

    Without `accept_computed` only those whose claim equals the computed count, without a finding and without an
    officer's decision. One audit entry per batch of a county. Doing it again changes nothing.
    Raises SecondPersonNeeded, PermissionMissing.
    """
    refuse_unfit(first, second, region)
    codes = (
        Employer.objects.in_region(region.code).order_by("region_id").values_list("region_id", flat=True).distinct()
    )
    totals = BatchTotals(0, 0, 0)
    for done, code in enumerate(codes, start=1):
        scope = Scope(levy_year, "e.region_id = %(region)s", {"region": code})
        for bounds in id_ranges(scope):
            totals += _verify_batch(scope, bounds, first, second, accept_computed)
        if on_progress:
            on_progress(done, len(codes))
    return totals


@transaction.atomic
def _verify_batch(
    scope: Scope, bounds: tuple[int, int], first: User, second: User, accept_computed: bool
) -> BatchTotals:
    hold(scope.levy_year)
    names = scope.names(
        first_id=bounds[0], last_id=bounds[1], first=first.pk, second=second.pk, accept_computed=accept_computed
    )
    with connection.cursor() as cursor:
        cursor.execute(VERIFY_BATCH.format(condition=scope.condition), names)
        totals = BatchTotals(*map(int, cursor.fetchone()))
    if totals.returns:
        record(
            actor=second,
            action="quota.headcountreturn.verify_batch",
            target=Region(code=scope.parameters["region"]),
            region_code=scope.parameters["region"],
            details={
                "levy_year": scope.levy_year,
                "first_by": first.username,
                "accept_computed": accept_computed,
                "returns": totals.returns,
                "claimed_months": totals.claimed_months,
                "credited_months": totals.credited_months,
            },
        )
    return totals
