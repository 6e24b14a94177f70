"""The law's input about an employer's year: for a slice of a run, or for one employer with the basis of its
figures."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from law.amount import Facts
from law.counting import registered_staff_months
from quota.models import Employer

NULL = r"\N"


class FactsLine(NamedTuple):
    """One employer's year as COPY writes it, all text: each field with the expression that fills it."""

    employer: str = "e.id"
    region: str = "e.region_id"
    entity_type: str = "e.entity_type"
    registered_on: str = "e.registered_on"
    staff_months: str = "r.staff_months"
    total_wages: str = "r.total_wages"
    registered_staff: str = "e.registered_staff"
    registered_wages: str = "e.registered_wages"
    verified_months: str = "v.credited_months"
    computed_months: str = "r.computed_months"
    moved_months: str = "coalesce(moved_in.credited, 0) - coalesce(moved_out.weight, 0)"
    moved_staff: str = "coalesce(moved_in.staff, 0) - coalesce(moved_out.staff, 0)"
    is_certified: str = "v.id IS NOT NULL AND NOT coalesce(moved_in.is_open, false)"


# One line per employer. Verified heads are before dispatch transfers, so add those here for agency and host. A host
# without a return in time gets the month of staff but no head (credited 0 in the transfer). The bounds are repeated
# at every table: otherwise each slice would read the whole tables.
_FACTS = f"""
    WITH transfers AS (
        SELECT t.*, h.id IS NULL AS is_open FROM quota_dispatchtransfer t
        {{agencies}} quota_verifiedheadcount h
            ON h.employer_id = t.agency_id AND h.levy_year = t.levy_year AND h.withdrawn_at IS NULL
        WHERE t.levy_year = %(year)s
            AND (t.agency_id BETWEEN %(first)s AND %(last)s OR t.host_id BETWEEN %(first)s AND %(last)s)
    )
    SELECT {", ".join(f"{expression} AS {name}" for name, expression in FactsLine._field_defaults.items())}
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
        SELECT host_id, sum(staff_months) AS staff, sum(credited_months) AS credited, bool_or(is_open) AS is_open
        FROM transfers GROUP BY host_id
    ) moved_in ON moved_in.host_id = e.id
    WHERE e.id BETWEEN %(first)s AND %(last)s AND e.region_id LIKE %(region)s
"""
# A run moves the people of an agency only after the agency's own heads are verified.
FACTS = _FACTS.format(agencies="JOIN")
EXPECTED_FACTS = _FACTS.format(agencies="LEFT JOIN")
# An employer that moved after another run was confirmed owes the year only once.
NOT_IN_OTHER_RUNS = """
    AND NOT EXISTS (
        SELECT 1 FROM levy_assessment a
        WHERE a.employer_id = e.id AND a.run_id = ANY(%(others)s) AND a.employer_id BETWEEN %(first)s AND %(last)s
    )
"""


class FactsBasis(models.TextChoices):
    """The basis of a figure that no run has confirmed yet. Every page uses these words."""

    DECLARED = "declared", _("申报数")
    COMPUTED = "computed", _("核对数")
    VERIFIED = "verified", _("认定数")
    REGISTERED = "registered", _("登记数")

    @property
    def note(self) -> Promise:
        """The same as a sentence beside the figure."""
        return BASIS_NOTES[self]


BASIS_NOTES = {
    FactsBasis.DECLARED: _("按申报数测算：申报安排的人月全部计入，尚未审核认定。不是核定结果。"),
    FactsBasis.COMPUTED: _("按核对数测算：安排人月由系统核对，尚未经两人审核认定，没有核对的不计入。不是核定结果。"),
    FactsBasis.VERIFIED: _("按认定数测算：安排人月已经两人审核认定。不是核定结果。"),
    FactsBasis.REGISTERED: _("按登记数测算：没有申报，职工人数和工资总额取自税务登记。不是核定结果。"),
}


class Expected(NamedTuple):
    """Facts of a year that no run has confirmed, and their basis."""

    facts: Facts
    basis: FactsBasis


def facts_of_slice(
    levy_year: int, first_id: int, last_id: int, prefix: str, others: Sequence[int] = ()
) -> Iterator[tuple[str, str, Facts]]:
    """Employer id, region code and facts of a slice, as a run uses them; without employers of the runs `others`.

    Read all of it before writing on the same connection.
    """
    statement = f"{FACTS} {NOT_IN_OTHER_RUNS if others else ''}"
    for line in _lines(statement, levy_year, first_id, last_id, prefix, others):
        yield line.employer, line.region, _certified(line)


def facts_today(employer: Employer, levy_year: int) -> Facts:
    """The facts that a run would use for this employer if it started now."""
    (line,) = _lines(FACTS, levy_year, employer.pk, employer.pk)
    return _certified(line)


def facts_expected(employer: Employer, levy_year: int) -> Expected:
    """The facts as far as known: computed months where none are verified, and transfers also from agencies whose heads
    are not verified. They equal `facts_today` once the basis is VERIFIED."""
    (line,) = _lines(EXPECTED_FACTS, levy_year, employer.pk, employer.pk)
    return _expected(line)


def _expected(line: FactsLine) -> Expected:
    if line.is_certified == "t":
        basis = FactsBasis.VERIFIED
    else:
        basis = FactsBasis.REGISTERED if line.staff_months == NULL else FactsBasis.COMPUTED
    own = line.computed_months if line.verified_months == NULL else line.verified_months
    return Expected(_facts(line, max(_number(own) + int(line.moved_months), 0)), basis)


def facts_told(employer: Employer, levy_year: int, declared_months: int | None) -> Expected:
    """The facts as far as the employer may know them (docs/decisions/0017). `declared_months` replace what the checks
    found until the return is decided; None once it is, and without a return. Transfers are those of verified agencies:
    an agency's people tell a host nothing before."""
    (line,) = _lines(FACTS, levy_year, employer.pk, employer.pk)
    if declared_months is not None:
        return Expected(_facts(line, max(declared_months + int(line.moved_months), 0)), FactsBasis.DECLARED)
    return _expected(line)


def facts_declared(
    employer: Employer, levy_year: int, *, staff_months: int, total_wages: Decimal, declared_months: int
) -> Facts:
    """The facts if a return with these figures were filed and all its months counted (Basis.DECLARED), with the
    transfers of verified agencies."""
    (line,) = _lines(FACTS, levy_year, employer.pk, employer.pk)
    filed = line._replace(staff_months=str(staff_months), total_wages=str(total_wages))
    return _facts(filed, max(declared_months + int(line.moved_months), 0))


def _lines(
    statement: str, levy_year: int, first_id: int, last_id: int, prefix: str = "", others: Sequence[int] = ()
) -> Iterator[FactsLine]:
    parameters = {"year": levy_year, "first": first_id, "last": last_id, "region": f"{prefix}%", "others": [*others]}
    copy_out = connection.ops.compose_sql(f"COPY ({statement} ORDER BY e.id) TO STDOUT", parameters)
    with connection.cursor() as cursor, cursor.copy(copy_out) as copy:
        text = b"".join(copy).decode()
    for line in text.splitlines():
        yield FactsLine._make(line.split("\t"))


def _certified(line: FactsLine) -> Facts:
    return _facts(line, _number(line.verified_months) + int(line.moved_months))


def _facts(line: FactsLine, credited: int) -> Facts:
    has_return = line.staff_months != NULL
    wages = line.total_wages if has_return else line.registered_wages  # staff and wages always from the same source
    return Facts(
        entity_type=line.entity_type,
        staff_months=int(line.staff_months) if has_return else _registered_months(line.registered_staff),
        total_wages=None if wages == NULL else Decimal(wages),
        credited_months=credited,
        transferred_staff_months=int(line.moved_staff),
        registered_on=None if line.registered_on == NULL else date.fromisoformat(line.registered_on),
        is_registered_staff=not has_return,
    )


def _number(text: str) -> int:
    return 0 if text == NULL else int(text)


def _registered_months(staff: str) -> int | None:
    return None if staff == NULL else registered_staff_months(Decimal(staff))
