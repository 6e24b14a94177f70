"""One slice of a run: facts out of PostgreSQL, through law.amount, back into PostgreSQL, in one transaction."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from law.amount import Assessed, Facts, Terms, assess
from law.amount.heads import staff_after_transfers
from law.counting import registered_staff_months
from levy.models import AssessmentRun, AssessmentSlice
from levy.models.runs import FINAL_STATES
from quota.models import Employer

DIGEST_MODULUS = 1 << 128
NULL = r"\N"

# What a slice starts from, one line per employer. Verified heads are before dispatch transfers; those are added from
# both sides here, once the agency's count is verified. A host without a return in time takes the month of staff and no
# head (credited 0 in the transfer). The bounds stand at every table, or each slice would read the whole of them.
FACTS = """
    WITH transfers AS (
        SELECT t.* FROM quota_dispatchtransfer t
        JOIN quota_verifiedheadcount h
            ON h.employer_id = t.agency_id AND h.levy_year = t.levy_year AND h.withdrawn_at IS NULL
        WHERE t.levy_year = %(year)s
            AND (t.agency_id BETWEEN %(first)s AND %(last)s OR t.host_id BETWEEN %(first)s AND %(last)s)
    )
    SELECT e.id, e.region_id, e.entity_type, e.registered_on, r.staff_months, r.total_wages,
           e.registered_staff, e.registered_wages,
           coalesce(moved_in.staff, 0) - coalesce(moved_out.staff, 0),
           coalesce(v.credited_months, 0) + coalesce(moved_in.credited, 0) - coalesce(moved_out.weight, 0)
    FROM quota_employer e
    LEFT JOIN quota_headcountreturn r
        ON r.employer_id = e.id AND r.levy_year = %(year)s AND r.is_in_force
        AND r.employer_id BETWEEN %(first)s AND %(last)s
    LEFT JOIN quota_verifiedheadcount v
        ON v.employer_id = e.id AND v.levy_year = %(year)s AND v.withdrawn_at IS NULL
        AND v.employer_id BETWEEN %(first)s AND %(last)s
    LEFT JOIN (
        SELECT agency_id, sum(staff_months) AS staff, sum(weight_months) AS weight FROM transfers GROUP BY agency_id
    ) moved_out ON moved_out.agency_id = e.id
    LEFT JOIN (
        SELECT host_id, sum(staff_months) AS staff, sum(credited_months) AS credited FROM transfers GROUP BY host_id
    ) moved_in ON moved_in.host_id = e.id
    WHERE e.id BETWEEN %(first)s AND %(last)s AND e.region_id LIKE %(region)s
"""
# An employer that moved since another run was confirmed owes the year once.
NOT_IN_OTHER_RUNS = """
    AND NOT EXISTS (
        SELECT 1 FROM levy_assessment a
        WHERE a.employer_id = e.id AND a.run_id = ANY(%(others)s) AND a.employer_id BETWEEN %(first)s AND %(last)s
    )
"""

COLUMNS = (
    "run_id, employer_id, levy_year, region_id, entity_type, registered_on, outcome, declared_staff_months, "
    "is_registered_staff, total_wages, transferred_staff_months, staff_months, credited_months, average_wage, "
    "charged_wage, gross, relief, payable"
)


@dataclass(frozen=True, slots=True)
class SliceTotals:
    """Control totals of the written rows. `digest` is the sum of the rows' hashes, so it does not depend on how
    a run was cut into slices or in which order they were done."""

    employers: int
    payable: Decimal
    digest: int


def write_slice(run: AssessmentRun, part: AssessmentSlice, terms: Mapping[str, Terms]) -> SliceTotals:
    """Assess the slice's employers and store the rows, without those that another run of the year has assessed. Runs
    inside the caller's transaction."""
    lines: list[str] = []
    payable = Decimal("0.00")
    digest = 0
    others = [] if run.is_correction else other_final_runs(run)
    for employer, region, facts in _facts(run.levy_year, part.first_id, part.last_id, run.region.prefix, others):
        assessed = assess(facts, terms[region])
        line = _line(employer, run.levy_year, region, assessed)
        digest += int.from_bytes(hashlib.sha256(line.encode()).digest()[:16])
        payable += assessed.payable or 0
        lines.append(f"{run.pk}\t{line}\n")
    with connection.cursor() as cursor, cursor.copy(f"COPY levy_assessment ({COLUMNS}) FROM STDIN") as copy:
        copy.write("".join(lines))
    return SliceTotals(len(lines), payable, digest % DIGEST_MODULUS)


def other_final_runs(run: AssessmentRun) -> list[int]:
    """The year's confirmed runs besides this one, corrections included: who stands in one of them is assessed."""
    final = AssessmentRun.objects.filter(levy_year=run.levy_year, state__in=FINAL_STATES).exclude(pk=run.pk)
    return list(final.order_by().values_list("pk", flat=True))


def facts_today(employer: Employer, levy_year: int) -> Facts:
    """What a run that began now would start from for this employer."""
    ((_id, _region, facts),) = _facts(levy_year, employer.pk, employer.pk, employer.region_id)
    return facts


def _facts(
    levy_year: int, first_id: int, last_id: int, prefix: str, others: Sequence[int] = ()
) -> Iterator[tuple[str, str, Facts]]:
    """Employer id, region code and facts, read whole before anything is written back on the same connection."""
    parameters = {"year": levy_year, "first": first_id, "last": last_id, "region": f"{prefix}%", "others": [*others]}
    query = f"COPY ({FACTS} {NOT_IN_OTHER_RUNS if others else ''} ORDER BY e.id) TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(query, parameters) as copy:
        text = b"".join(copy).decode()
    for line in text.splitlines():
        yield _parsed(line)


def _parsed(line: str) -> tuple[str, str, Facts]:
    employer, region, entity, registered_on, staff, wages, registered_staff, registered_wages, moved, credited = (
        line.split("\t")
    )
    has_return = staff != NULL
    if not has_return:  # the tax registration stands in where there is no return at all
        wages = registered_wages
    facts = Facts(
        entity_type=entity,
        staff_months=int(staff) if has_return else _registered_months(registered_staff),
        total_wages=None if wages == NULL else Decimal(wages),
        credited_months=int(credited),
        transferred_staff_months=int(moved),
        registered_on=None if registered_on == NULL else date.fromisoformat(registered_on),
        is_registered_staff=not has_return,
    )
    return employer, region, facts


def _registered_months(staff: str) -> int | None:
    return None if staff == NULL else registered_staff_months(Decimal(staff))


def _line(employer: str, levy_year: int, region: str, assessed: Assessed) -> str:
    """A row in COPY's text format and the canonical form that is hashed, without the run's number. Person-months are
    stored before any rounding of heads: the rules round them again whenever the row is explained."""
    facts = assessed.facts
    has_figures = assessed.staff_months is not None
    fields = (
        facts.registered_on,
        assessed.outcome.value,
        facts.staff_months,
        facts.is_registered_staff,
        facts.total_wages,
        facts.transferred_staff_months,
        staff_after_transfers(facts) if has_figures else None,
        facts.credited_months if has_figures else None,
        assessed.average_wage,
        assessed.charged_wage,
        assessed.gross,
        assessed.relief,
        assessed.payable,
    )
    stored = "\t".join(NULL if field is None else str(field) for field in fields)
    return f"{employer}\t{levy_year}\t{region}\t{facts.entity_type}\t{stored}"
