"""Checks the employers' claims: every placement against the registers, in bounded slices of people.

PostgreSQL gathers and stores; only law.counting decides which months count.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from django.db import connection, transaction

from law.codes import EmploymentForm
from law.counting import (
    MONTHS,
    Agreement,
    ClaimCount,
    CountingRules,
    Reason,
    Transfer,
    claim_weight,
    count_person,
    deadline,
    hosts_by_month,
    transfer,
)
from quota.enums import ReturnState
from quota.queries.claims import (
    FIRST_KEY,
    KEYS,
    LAST_KEY,
    ClaimScope,
    Gathered,
    agreements_of,
    claims_of_scope,
    regions_in_scope,
)
from quota.queries.parameters import MinimumWages, counting_rules, minimum_wages
from quota.services.in_force import settle_returns_in_force
from quota.services.person_keys import hold_keys, keys_held

SLICE_PLACEMENTS = 20_000
SLICE_RETURNS = 10_000
FRESH = (ReturnState.SUBMITTED, ReturnState.CHECKED)

Progress = Callable[[int, int], None]
Rules = Mapping[str, CountingRules]

# Employers whose latest return is not in force, because it is late or was when it was filed. Returns with the
# employer and decided returns are left out: submitting one or taking it back settles the year again.
PUT_OFF = """
SELECT DISTINCT o.employer_id
FROM quota_headcountreturn o JOIN quota_employer e ON e.id = o.employer_id
JOIN quota_headcountreturn r ON r.employer_id = o.employer_id AND r.levy_year = o.levy_year AND r.is_in_force
WHERE {condition} AND o.levy_year = %(year)s AND o.state = 'replaced'
  AND (o.filed_on, o.id) > (r.filed_on, r.id) AND r.state = ANY(%(states)s)
"""

COUNT_PLACEMENTS = """
SELECT count(*) FROM quota_placement p JOIN quota_employer e ON e.id = p.employer_id
WHERE p.levy_year = %(year)s AND {condition}
"""

NEW_CHECKS = """
CREATE TEMP TABLE IF NOT EXISTS new_check (
    placement_id bigint, weight smallint, claimed_months smallint, reasons smallint[], computed smallint[],
    has_other_holder boolean
) ON COMMIT DROP;
TRUNCATE new_check
"""

# An officer's decision stays.
STORE_CHECKS = """
INSERT INTO quota_placementcheck AS k
    (placement_id, weight, claimed_months, reasons, computed, has_other_holder,
     decided, decision_reason, decision_note)
SELECT placement_id, weight, claimed_months, reasons, computed, has_other_holder, computed, '', '' FROM new_check
ON CONFLICT (placement_id) DO UPDATE SET
    weight = excluded.weight, claimed_months = excluded.claimed_months,
    reasons = excluded.reasons, computed = excluded.computed, has_other_holder = excluded.has_other_holder,
    decided = CASE WHEN k.decision_reason = '' THEN excluded.computed ELSE k.decided END
"""

# Computed months: the placement's weight for each month with reason 0 (counted). A claimed month that does not count
# is a finding; so are another person's certificate and a person added after the check, for whom a return goes on
# waiting. A region's deadline, or an employer's region, may have changed since the return was filed. The ids bound the
# returns as well as the employers: otherwise each part reads all returns.
SETTLE_TOTALS = """
UPDATE quota_headcountreturn r
SET claimed_months = t.claimed, computed_months = t.computed, has_findings = t.claimed > t.computed OR t.doubtful > 0,
    state = 'checked', checked_at = statement_timestamp(), is_late = coalesce(r.filed_on > d.last_day, r.is_late)
FROM quota_employer e LEFT JOIN unnest(%(regions)s::text[], %(deadlines)s::date[]) AS d(region, last_day)
    ON d.region = e.region_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(k.claimed_months), 0) AS claimed,
           coalesce(sum(k.weight * cardinality(array_positions(k.reasons, 0::smallint))), 0) AS computed,
           count(*) - count(k.placement_id) AS unchecked,
           count(*) - count(*) FILTER (WHERE NOT k.has_other_holder) AS doubtful
    FROM quota_placement p LEFT JOIN quota_placementcheck k ON k.placement_id = p.id
    WHERE p.employer_id = e.id AND p.levy_year = %(year)s
) t
WHERE {condition} AND e.id BETWEEN %(first_id)s AND %(last_id)s
  AND r.employer_id = e.id AND r.employer_id BETWEEN %(first_id)s AND %(last_id)s
  AND r.levy_year = %(year)s AND r.is_in_force AND r.state = ANY(%(states)s)
  AND CASE r.state WHEN 'checked' THEN r.is_late <> (r.filed_on > d.last_day)
          OR (r.claimed_months, r.computed_months, r.has_findings)
          IS DISTINCT FROM (t.claimed, t.computed, t.claimed > t.computed OR t.doubtful > 0)
      ELSE t.unchecked = 0 END
"""


class TransferLine(NamedTuple):
    """The months that one dispatched placement moves to one host, under the names of quota_dispatchtransfer."""

    placement_id: int
    levy_year: int
    agency_id: int
    host_id: int
    weight_months: int
    credited_months: int
    staff_months: int


STORE_TRANSFERS = f"COPY quota_dispatchtransfer ({', '.join(TransferLine._fields)}) FROM STDIN"

ID_RANGES = """
SELECT min(id), max(id) FROM (
    SELECT e.id, (row_number() OVER (ORDER BY e.id) - 1) / %(size)s AS part FROM quota_employer e WHERE {condition}
) cut GROUP BY part ORDER BY part
"""


@dataclass(frozen=True, slots=True)
class CheckTotals:
    """The number of placements checked, and of returns that got other totals or became ready for review."""

    placements: int
    returns: int


def run_checks(*, levy_year: int, region_code: str, on_progress: Progress | None = None) -> CheckTotals:
    """Check every employer of a region and below, in transactions of bounded size; a repetition changes nothing.

    Counts a person's placements elsewhere too, so that a month claimed at two employers shows at both. First, a
    correction that a later deadline brought into time replaces the return it corrects. Raises ValueError on a
    malformed region code, SettingError on an unknown regional setting.
    """
    scope = ClaimScope.of_region(levy_year, region_code)
    _settle_put_off(scope)
    return _run(scope, on_progress or (lambda done, total: None))


def check_employers(*, levy_year: int, employer_ids: Collection[int]) -> CheckTotals:
    """Check only these employers, for example after a filing."""
    return _run(ClaimScope.of_employers(levy_year, employer_ids), lambda done, total: None)


@transaction.atomic
def _settle_put_off(scope: ClaimScope) -> None:
    hold_checks(scope.levy_year)
    with connection.cursor() as cursor:
        cursor.execute(PUT_OFF.format(condition=scope.condition), scope.names(states=list(FRESH)))
        employers = [employer for (employer,) in cursor.fetchall()]
    settle_returns_in_force(employer_ids=employers, levy_year=scope.levy_year)


def settle_transfers(*, levy_year: int, employer_ids: Collection[int]) -> None:
    """Move agencies' months to the hosts of their people as decided. In the caller's transaction."""
    rules, wages = _regional(scope := ClaimScope.of_employers(levy_year, employer_ids))
    found = [row for row in claims_of_scope(scope, FIRST_KEY, LAST_KEY, wages) if not row.is_elsewhere]
    _store_transfers(_count_all(found, agreements_of(scope, FIRST_KEY, LAST_KEY), levy_year, rules))


def hold_checks(levy_year: int, *, as_one_of_many: bool = False) -> None:
    """Until the end of the transaction, let a check of the year run alone, and single steps only beside each other.

    Take it before any row lock: a transaction that waits here must have no lock that a check needs.
    """
    # A check writes months of people at many employers, so no single row can serve as its lock. A step touches one
    # return, and the lock on that row is enough between steps: steps on different returns need not wait.
    hold_keys()
    lock = "pg_advisory_xact_lock_shared" if as_one_of_many else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtext('quota checks'), %s)", [levy_year])


@keys_held()  # somebody whose key moves from one range to another could be passed over
def _run(scope: ClaimScope, on_progress: Progress) -> CheckTotals:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_PLACEMENTS.format(condition=scope.condition), scope.names())
        (expected,) = cursor.fetchone()
    rules, wages = _regional(scope)
    done, elsewhere = 0, set()
    for first, last in _key_ranges(expected):
        with transaction.atomic():
            hold_checks(scope.levy_year)
            named = agreements_of(scope, first, last)
            with closing(claims_of_scope(scope, first, last, wages)) as found:
                outcome = _count_all(found, named, scope.levy_year, rules)
            _store(outcome)
        elsewhere |= outcome.elsewhere
        done += outcome.placements
        on_progress(min(done, expected), expected)
    # The neighbours' people were not all checked, so the neighbours get new totals but do not go to the reviewers.
    # They come first: if the check dies here, its own returns still wait, and the next check repeats all of it.
    neighbours = ClaimScope.of_employers(scope.levy_year, elsewhere)
    changed = sum(_settle_totals(neighbours, part, [ReturnState.CHECKED], rules) for part in id_ranges(neighbours))
    changed += sum(_settle_totals(scope, part, FRESH, rules) for part in id_ranges(scope))
    return CheckTotals(done, changed)


def _regional(scope: ClaimScope) -> tuple[Rules, Mapping[str, MinimumWages]]:
    """The rules and minimum wages of every region where the scope's people may be claimed."""
    codes = regions_in_scope(scope)
    return counting_rules(codes, scope.levy_year), minimum_wages(codes, scope.levy_year)


def _key_ranges(placements: int) -> Iterator[tuple[str, str]]:
    """Ranges of equal width have about equally many people, because person keys are hashes."""
    slices = max(1, -(-placements // SLICE_PLACEMENTS))
    for number in range(slices):
        first, last = KEYS * number // slices, KEYS * (number + 1) // slices - 1
        yield f"{first:032x}", f"{last:032x}"


@dataclass(slots=True)
class CheckOutcome:
    """The unstored results of one slice.

    New checks and transfers as COPY's text, the dispatched placements whose transfers they replace, and the employers
    outside the scope whose people were counted too.
    """

    placements: int = 0
    checks: list[str] = field(default_factory=list)
    transfers: list[str] = field(default_factory=list)
    dispatched: list[int] = field(default_factory=list)
    elsewhere: set[int] = field(default_factory=set)


def _count_all(
    found: Iterable[Gathered], agreements: Mapping[str, list[Agreement]], levy_year: int, rules: Rules
) -> CheckOutcome:
    outcome = CheckOutcome()
    for person, group in groupby(found, key=attrgetter("person")):
        rows = list(group)
        own = agreements.get(person, [])
        counts = _yield_to_decisions(rows, _count_person(rows, own, levy_year, rules))
        for row, count, claimed in zip(rows, counts, _claimed_shares(rows, counts), strict=True):
            _add(outcome, row, count, claimed)
            if row.claim.form == EmploymentForm.DISPATCH:
                outcome.dispatched.append(row.claim.key)
                outcome.transfers += _transfer_lines(row, _transfers(row, count, own, levy_year, rules), levy_year)
    return outcome


def _add(outcome: CheckOutcome, row: Gathered, count: ClaimCount, claimed: int) -> None:
    outcome.placements += 1
    if not row.is_settled:
        holder = "true" if row.has_other_holder else "false"
        check = f"{claim_weight(row.claim)} {claimed} {_array(count.reasons)} {_array(count.weights)} {holder}"
        if check != row.stored:
            outcome.checks.append(f"{count.key} {check}\n")
    if row.is_elsewhere:
        outcome.elsewhere.add(row.claim.employer)


def _count_person(
    rows: Sequence[Gathered], agreements: Sequence[Agreement], levy_year: int, rules: Rules
) -> Sequence[ClaimCount]:
    """Count each claim by the rules of its own region."""
    own = [rules[row.region_code] for row in rows]
    return count_person([row.claim for row in rows], agreements, levy_year, own)


def _yield_to_decisions(rows: Sequence[Gathered], counts: Sequence[ClaimCount]) -> Sequence[ClaimCount]:
    """A month that an officer counted in one row counts in no other row, whatever the registers say later."""
    if len(rows) == 1 or all(row.decided is None for row in rows):
        return counts
    # Two decided rows never have the same month: deciding locks all rows of the person and refuses a month that
    # another row has. So the order of the rows does not matter here.
    taken = {
        month: row.claim.employer
        for row in rows
        if row.decided is not None
        for month, weight in enumerate(row.decided)
        if weight
    }
    return [
        count if row.decided is not None else _without(count, taken) for row, count in zip(rows, counts, strict=True)
    ]


def _without(count: ClaimCount, taken: Mapping[int, int]) -> ClaimCount:
    reasons, weights = list(count.reasons), list(count.weights)
    for month, employer in taken.items():
        # Only a month that would count yields. Any other reason tells the employer more, and its weight is already 0.
        if reasons[month] is Reason.COUNTED:
            reasons[month] = Reason.COUNTED_IN_ANOTHER_ROW if employer == count.employer else Reason.TWO_EMPLOYERS
            weights[month] = 0
    # A month that yielded counts nowhere through this row: neither at the agency nor at the host.
    moved = tuple(moved for moved in count.transfers if weights[moved.month])
    return replace(count, reasons=tuple(reasons), weights=tuple(weights), transfers=moved)


def _claimed_shares(rows: Sequence[Gathered], counts: Sequence[ClaimCount]) -> list[int]:
    """Each row's share of the claim. A month that several rows of one employer cover is claimed once: by the heaviest
    row, or among equal ones by the one that counts."""
    covered = [MONTHS - count.reasons.count(Reason.OUTSIDE_CONTRACT) for count in counts]
    weights = [claim_weight(row.claim) for row in rows]
    shares = [weight * months for weight, months in zip(weights, covered, strict=True)]
    if len(rows) == 1:
        return shares
    # Each employer by itself: if two claim one month, both claims stay, and the difference shows as a finding.
    employers = [row.claim.employer for row in rows]
    for employer in {e for e in employers if employers.count(e) > 1}:
        _share_out([index for index, e in enumerate(employers) if e == employer], counts, weights, shares)
    return shares


def _share_out(
    indexes: Sequence[int], counts: Sequence[ClaimCount], weights: Sequence[int], shares: list[int]
) -> None:
    for index in indexes:
        shares[index] = 0
    for month in range(MONTHS):
        covering = [index for index in indexes if counts[index].reasons[month] is not Reason.OUTSIDE_CONTRACT]
        if covering:
            # The heaviest row, or else the claim could be less than the count, which would hide a finding. Among equal
            # ones the row that counts, so that claim and count appear in the same row.
            chosen = max(covering, key=lambda i: (weights[i], counts[i].reasons[month] is Reason.COUNTED))
            shares[chosen] += weights[chosen]


def _transfers(
    row: Gathered, count: ClaimCount, agreements: Sequence[Agreement], levy_year: int, rules: Rules
) -> Sequence[Transfer]:
    """The months that move to hosts: the decided ones if an officer decided, otherwise the computed ones."""
    # A settled row keeps its decision. Settled without any check, it was credited nothing, so nothing can move.
    if row.decided is None:
        return () if row.is_settled else count.transfers
    return [
        transfer(agreement, month, weight, levy_year, rules[row.region_code])
        for month, (agreement, weight) in enumerate(
            zip(hosts_by_month(agreements, levy_year), row.decided, strict=True)
        )
        if agreement is not None and weight and agreement.agency == row.claim.employer
    ]


@lru_cache(maxsize=16_384)
def _array(numbers: tuple[int, ...]) -> str:
    return "{" + ",".join(map(str, map(int, numbers))) + "}"


def _transfer_lines(row: Gathered, moved: Iterable[Transfer], levy_year: int) -> Iterator[str]:
    by_host: dict[int, list[Transfer]] = {}
    for month in moved:
        by_host.setdefault(month.host, []).append(month)
    for host, months in by_host.items():
        given, credited, staff = (sum(getattr(m, part) for m in months) for part in ("weight", "credited", "staff"))
        line = TransferLine(row.claim.key, levy_year, row.claim.employer, host, given, credited, staff)
        yield "\t".join(map(str, line)) + "\n"


def _store(outcome: CheckOutcome) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NEW_CHECKS)
        with cursor.copy("COPY new_check FROM STDIN (DELIMITER ' ')") as copy:
            copy.write("".join(outcome.checks))
        cursor.execute(STORE_CHECKS)
    _store_transfers(outcome)


def _store_transfers(outcome: CheckOutcome) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM quota_dispatchtransfer WHERE placement_id = ANY(%s)", [outcome.dispatched])
        with cursor.copy(STORE_TRANSFERS) as copy:
            copy.write("".join(outcome.transfers))


def _settle_totals(scope: ClaimScope, bounds: tuple[int, int], states: Sequence[ReturnState], rules: Rules) -> int:
    """Set the totals of returns in these states from their placements' checks, and hand the returns over to the
    reviewers."""
    names = scope.names(first_id=bounds[0], last_id=bounds[1], states=list(states), regions=list(rules))
    names["deadlines"] = [deadline(scope.levy_year, own) for own in rules.values()]
    with transaction.atomic(), connection.cursor() as cursor:
        hold_checks(scope.levy_year)
        cursor.execute(SETTLE_TOTALS.format(condition=scope.condition), names)
        return cursor.rowcount


def id_ranges(scope: ClaimScope) -> list[tuple[int, int]]:
    """Ranges of employer ids, each with a bounded number of the scope's employers."""
    with connection.cursor() as cursor:
        cursor.execute(ID_RANGES.format(condition=scope.condition), scope.names(size=SLICE_RETURNS))
        return cursor.fetchall()
