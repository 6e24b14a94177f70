"""One slice of a run: reads facts from PostgreSQL, applies law.amount, writes the rows back, in one transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from law.amount import Assessed, Terms, assess
from law.amount.heads import staff_after_transfers
from levy.models import AssessmentRun, AssessmentSlice
from levy.models.runs import FINAL_STATES
from levy.queries.facts import NULL, facts_of_slice

DIGEST_MODULUS = 1 << 128


class AssessmentLine(NamedTuple):
    """One row of levy_assessment without its run, under the names of the columns."""

    employer_id: str
    levy_year: int
    region_id: str
    entity_type: str
    registered_on: Any
    outcome: str
    declared_staff_months: Any
    is_registered_staff: bool
    total_wages: Any
    transferred_staff_months: int
    staff_months: Any
    credited_months: Any
    average_wage: Any
    charged_wage: Any
    gross: Any
    relief: Any
    payable: Any


COLUMNS = ", ".join(("run_id", *AssessmentLine._fields))


@dataclass(frozen=True, slots=True)
class SliceTotals:
    """Control totals of the written rows. `digest` is the sum of the rows' hashes, so it depends neither on the cut of
    the slices nor on their order."""

    employers: int
    payable: Decimal
    digest: int


def write_slice(run: AssessmentRun, part: AssessmentSlice, terms: Mapping[str, Terms]) -> SliceTotals:
    """Assess the slice's employers and store the rows, without employers that another run of the year has assessed. In
    the caller's transaction."""
    lines: list[str] = []
    payable = Decimal("0.00")
    digest = 0
    others = [] if run.is_correction else other_final_runs(run)
    for employer, region, facts in facts_of_slice(
        run.levy_year, part.first_id, part.last_id, run.region.prefix, others
    ):
        assessed = assess(facts, terms[region])
        line = _line(employer, run.levy_year, region, assessed)
        digest += int.from_bytes(hashlib.sha256(line.encode()).digest()[:16])
        payable += assessed.payable or 0
        lines.append(f"{run.pk}\t{line}\n")
    with connection.cursor() as cursor, cursor.copy(f"COPY levy_assessment ({COLUMNS}) FROM STDIN") as copy:
        copy.write("".join(lines))
    return SliceTotals(len(lines), payable, digest % DIGEST_MODULUS)


def other_final_runs(run: AssessmentRun) -> list[int]:
    """The year's other confirmed runs, corrections included: their employers are already assessed."""
    final = AssessmentRun.objects.filter(levy_year=run.levy_year, state__in=FINAL_STATES).exclude(pk=run.pk)
    return list(final.order_by().values_list("pk", flat=True))


def _line(employer: str, levy_year: int, region: str, assessed: Assessed) -> str:
    """A row in COPY's text format, without the run's number; the hash is taken of it. Person-months are stored before
    any rounding of heads: the rules round them again for each explanation."""
    facts = assessed.facts
    has_figures = assessed.staff_months is not None
    row = AssessmentLine(
        employer_id=employer,
        levy_year=levy_year,
        region_id=region,
        entity_type=facts.entity_type,
        registered_on=facts.registered_on,
        outcome=assessed.outcome.value,
        declared_staff_months=facts.staff_months,
        is_registered_staff=facts.is_registered_staff,
        total_wages=facts.total_wages,
        transferred_staff_months=facts.transferred_staff_months,
        staff_months=staff_after_transfers(facts) if has_figures else None,
        credited_months=facts.credited_months if has_figures else None,
        average_wage=assessed.average_wage,
        charged_wage=assessed.charged_wage,
        gross=assessed.gross,
        relief=assessed.relief,
        payable=assessed.payable,
    )
    return "\t".join(NULL if value is None else str(value) for value in row)
