"""Decides whole regions at once, set-based: hundreds of thousands of returns in minutes, one audit entry per
county."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, SecondPersonNeeded
from audit.services import record
from quota.enums import ReturnState
from quota.models import Employer
from quota.queries.claims import ClaimScope
from quota.queries.evidence import hands_of
from quota.services.checks import hold_checks, id_ranges, settle_transfers

Progress = Callable[[int, int], None]


# Returns that are due. The person who filed a return, loaded evidence of it or issued its sign-in code may not decide
# it (`barred`: quota.queries.evidence); the person who reviewed it or decided some of its months may not be the second
# person. An officer's decision on single months stays; otherwise the computed months are credited (none for a late
# return: 财税〔2015〕72号第十二条). A check stores people first and totals later: if they disagree, it still runs or
# has died. hold_checks keeps single steps out during the batch. If a file changes a return during the batch, the
# return has left `source` by the time of marking, and drops out with its number.
DUE = """
    SELECT r.id, r.employer_id, r.claimed_months, r.computed_months,
           CASE WHEN r.is_late THEN 0 ELSE r.computed_months + coalesce(d.difference, 0) END AS credited_months,
           coalesce(%(first)s, r.reviewed_by_id) AS first_by_id, row_number() OVER (ORDER BY e.uscc) AS place
    FROM quota_employer e
    JOIN quota_headcountreturn r
        ON r.employer_id = e.id AND r.levy_year = %(year)s AND r.is_in_force AND r.state = %(source)s
    LEFT JOIN LATERAL (
        SELECT bool_or(k.decision_reason <> '') AS is_decided, bool_or(k.decided_by_id = %(second)s) AS is_by_second,
               sum(k.weight * cardinality(array_positions(k.reasons, 0::smallint))) AS computed,
               sum((SELECT sum(m) FROM unnest(k.decided) m) - (SELECT sum(m) FROM unnest(k.computed) m))
                   FILTER (WHERE k.decision_reason <> '') AS difference
        FROM quota_placement p JOIN quota_placementcheck k ON k.placement_id = p.id
        WHERE r.claimed_months > 0 AND p.employer_id = e.id AND p.levy_year = %(year)s
    ) d ON true
    WHERE {condition} AND e.id BETWEEN %(first_id)s AND %(last_id)s
      AND NOT coalesce(r.submitted_by_id IN (%(first)s, %(second)s), false) AND ({barred}) IS NOT TRUE
      AND coalesce(%(first)s, r.reviewed_by_id) IS DISTINCT FROM %(second)s AND d.is_by_second IS NOT TRUE
      AND coalesce(d.computed, 0) = r.computed_months
      AND (%(accept_computed)s
           OR (r.claimed_months = r.computed_months AND NOT r.has_findings AND d.is_decided IS NOT TRUE))
      AND NOT (%(is_quick)s AND EXISTS (
          SELECT FROM quota_certificatechange c WHERE c.headcount_return_id = r.id AND c.seen_at IS NULL))
"""

VERIFY_BATCH = f"""
WITH due AS MATERIALIZED ({DUE}), series AS (
    INSERT INTO quota_headcountseries AS s (region_id, year, last)
    SELECT %(region)s, extract(year FROM now() AT TIME ZONE 'Asia/Shanghai'), count(*)
    FROM due HAVING count(*) > 0
    ON CONFLICT (region_id, year) DO UPDATE SET last = s.last + excluded.last
    RETURNING year, last
), marked AS (
    UPDATE quota_headcountreturn r
    SET state = 'verified', verified_at = now(), verified_by_id = %(second)s,
        reviewed_at = CASE WHEN r.state = 'checked' THEN now() ELSE r.reviewed_at END, reviewed_by_id = due.first_by_id
    FROM due WHERE r.id = due.id AND r.state = %(source)s
    RETURNING r.id
), issued AS (
    INSERT INTO quota_verifiedheadcount
        (headcount_return_id, employer_id, levy_year, number, claimed_months, computed_months, credited_months,
         issued_at, first_by_id, second_by_id, code_seed)
    SELECT due.id, due.employer_id, %(year)s,
           headcount_number(series.year, %(region)s, series.last - (SELECT count(*) FROM due) + due.place),
           due.claimed_months, due.computed_months, due.credited_months, now(), due.first_by_id, %(second)s,
           gen_random_uuid()
    FROM due JOIN marked USING (id) CROSS JOIN series
)
SELECT count(*), coalesce(sum(claimed_months), 0), coalesce(sum(credited_months), 0) FROM due JOIN marked USING (id)
"""

AGENCIES_VERIFIED = """
SELECT h.employer_id FROM quota_verifiedheadcount h
WHERE h.levy_year = %(year)s AND h.withdrawn_at IS NULL AND h.issued_at = now()
  AND h.employer_id BETWEEN %(first_id)s AND %(last_id)s
  AND EXISTS (SELECT FROM quota_dispatchagreement a WHERE a.agency_id = h.employer_id AND a.counts_at = 'host')
"""

REVIEW_BATCH = f"""
WITH due AS MATERIALIZED ({DUE}), marked AS (
    UPDATE quota_headcountreturn r SET state = 'reviewed', reviewed_at = now(), reviewed_by_id = %(first)s
    FROM due WHERE r.id = due.id AND r.state = %(source)s
    RETURNING r.id
)
SELECT count(*), coalesce(sum(claimed_months), 0), coalesce(sum(credited_months), 0) FROM due JOIN marked USING (id)
"""


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """The number of returns that a batch decided, and their claimed and credited person-months."""

    returns: int = 0
    claimed_months: int = 0
    credited_months: int = 0

    def __add__(self, other: "BatchTotals") -> "BatchTotals":
        return BatchTotals(
            self.returns + other.returns,
            self.claimed_months + other.claimed_months,
            self.credited_months + other.credited_months,
        )


@dataclass(frozen=True, slots=True)
class ReviewBatch:
    """The decision of a batch: returns in `source`, by `first` and `second`; None means the person of an earlier step.

    `accept_computed` also takes returns whose claim differs from the computed count or that have an officer's
    decision.
    """

    levy_year: int
    source: ReturnState
    first: User | None
    second: User | None
    accept_computed: bool = False

    @property
    def is_quick(self) -> bool:
        """True for one person's step over many: a certificate that changed after the check is looked at singly. Two
        people at once check anew before."""
        return self.first is None or self.second is None


COUNT_DUE = f"SELECT count(*), coalesce(sum(claimed_months), 0), coalesce(sum(credited_months), 0) FROM ({DUE}) due"


def verify_region(
    *,
    levy_year: int,
    region: Region,
    first: User,
    second: User,
    accept_computed: bool = False,
    on_progress: Progress | None = None,
) -> BatchTotals:
    """Review and verify the checked returns of a region and below, in the names of two people.

    Without `accept_computed`, only those whose claim equals the computed count, without a finding and without an
    officer's decision. A repetition changes nothing. Raises SecondPersonNeeded, PermissionMissing.
    """
    refuse_unfit(first, second, region)
    batch = ReviewBatch(levy_year, ReturnState.CHECKED, first, second, accept_computed)
    totals = BatchTotals()
    counties = _counties(region)
    for done, code in enumerate(counties, start=1):
        for scope, bounds in _parts(levy_year, code):
            totals += _verify_part(batch, scope, bounds)
        if on_progress:
            on_progress(done, len(counties))
    return totals


def refuse_unfit(first: User, second: User, region: Region) -> None:
    """Raise SecondPersonNeeded or PermissionMissing unless these are two verifiers of the region."""
    if first.pk == second.pk:
        raise SecondPersonNeeded(_("初审和复审须由两人办理。"))
    for person in (first, second):
        _must_verify(person, region)


def _must_verify(person: User, region: Region) -> None:
    if not person.can(Permission.VERIFY_RETURN, region.code):
        raise PermissionMissing(
            _("%(person)s没有%(region)s的审核权限。") % {"person": person.username, "region": region}
        )


def review_agreeing(*, levy_year: int, region: Region, actor: User) -> BatchTotals:
    """初审 of every checked return whose claim matches the registers. Raises PermissionMissing."""
    _must_verify(actor, region)
    batch = ReviewBatch(levy_year, ReturnState.CHECKED, first=actor, second=None)
    return sum((_review_part(batch, *part) for part in _all_parts(levy_year, region)), BatchTotals())


def verify_agreeing(*, levy_year: int, region: Region, actor: User) -> BatchTotals:
    """复审 of every such return that another person reviewed. Raises PermissionMissing."""
    _must_verify(actor, region)
    batch = ReviewBatch(levy_year, ReturnState.REVIEWED, first=None, second=actor)
    return sum((_verify_part(batch, *part) for part in _all_parts(levy_year, region)), BatchTotals())


def agreeing(*, levy_year: int, region: Region, actor: User, source: ReturnState) -> BatchTotals:
    """The returns that review_agreeing (`source` CHECKED) or verify_agreeing (REVIEWED) would decide now for this
    person."""
    is_first = source == ReturnState.CHECKED
    batch = ReviewBatch(levy_year, source, first=actor if is_first else None, second=None if is_first else actor)
    scope = ClaimScope.of_region(levy_year, region.code)
    return _totals(COUNT_DUE, batch, scope, (0, 1 << 62))


def _counties(region: Region) -> list[str]:
    employers = Employer.objects.in_region(region.code).order_by("region_id")
    return list(employers.values_list("region_id", flat=True).distinct())


def _parts(levy_year: int, code: str) -> Iterator[tuple[ClaimScope, tuple[int, int]]]:
    scope = ClaimScope(levy_year, "e.region_id = %(region)s", {"region": code})
    for bounds in id_ranges(scope):
        yield scope, bounds


def _all_parts(levy_year: int, region: Region) -> Iterator[tuple[ClaimScope, tuple[int, int]]]:
    for code in _counties(region):
        yield from _parts(levy_year, code)


@transaction.atomic
def _verify_part(batch: ReviewBatch, scope: ClaimScope, bounds: tuple[int, int]) -> BatchTotals:
    hold_checks(scope.levy_year)
    totals = _totals(VERIFY_BATCH, batch, scope, bounds)
    if totals.returns:
        if agencies := _agencies_verified(scope, bounds):
            settle_transfers(levy_year=scope.levy_year, employer_ids=agencies)
        _record(batch, scope, totals, action="quota.headcountreturn.verify_batch")
    return totals


def _agencies_verified(scope: ClaimScope, bounds: tuple[int, int]) -> list[int]:
    """Agencies with people at hosts, among the employers that this transaction verified."""
    with connection.cursor() as cursor:
        cursor.execute(AGENCIES_VERIFIED, scope.names(first_id=bounds[0], last_id=bounds[1]))
        return [employer for (employer,) in cursor.fetchall()]


@transaction.atomic
def _review_part(batch: ReviewBatch, scope: ClaimScope, bounds: tuple[int, int]) -> BatchTotals:
    hold_checks(scope.levy_year)
    totals = _totals(REVIEW_BATCH, batch, scope, bounds)
    if totals.returns:
        _record(batch, scope, totals, action="quota.headcountreturn.review_batch")
    return totals


def _totals(statement: str, batch: ReviewBatch, scope: ClaimScope, bounds: tuple[int, int]) -> BatchTotals:
    hands = hands_of(filter(None, (batch.first, batch.second)))
    names = hands.names | scope.names(
        first_id=bounds[0],
        last_id=bounds[1],
        source=batch.source,
        first=batch.first and batch.first.pk,
        second=batch.second and batch.second.pk,
        accept_computed=batch.accept_computed,
        is_quick=batch.is_quick,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.format(condition=scope.condition, barred=hands.barred), names)
        return BatchTotals(*map(int, cursor.fetchone()))


def _record(batch: ReviewBatch, scope: ClaimScope, totals: BatchTotals, *, action: str) -> None:
    code = scope.parameters["region"]
    record(
        actor=batch.second or batch.first,
        action=action,
        target=Region(code=code),
        region_code=code,
        details={
            "levy_year": batch.levy_year,
            "first_by": batch.first and batch.first.username,
            "accept_computed": batch.accept_computed,
            "returns": totals.returns,
            "claimed_months": totals.claimed_months,
            "credited_months": totals.credited_months,
        },
    )
