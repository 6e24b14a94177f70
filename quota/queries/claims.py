"""What the registers say about people's claims: gathered by PostgreSQL in one pass, told as law.counting.Claim."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

from django.db import connection

from accounts.models import region_prefix
from law.codes import CertificateKind, CertificateState, EmploymentForm
from law.counting import MONTHS, Agreement, CertificateFacts, Claim
from law.counting.claims import Weights
from quota.queries.parameters import MinimumWages

NULL = r"\N"
KEYS = 1 << 128
FIRST_KEY, LAST_KEY = f"{0:032x}", f"{KEYS - 1:032x}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose claims are looked at: employers `e` that meet `condition`. `is_few` tells that they were named singly."""

    levy_year: int
    condition: str
    parameters: Mapping[str, Any]
    is_few: bool = False

    @classmethod
    def of_region(cls, levy_year: int, region_code: str) -> Self:
        """Every employer of the region and below. Raises ValueError on a malformed code."""
        return cls(levy_year, "e.region_id LIKE %(region)s", {"region": f"{region_prefix(region_code)}%"})

    @classmethod
    def of_employers(cls, levy_year: int, employer_ids: Collection[int]) -> Self:
        condition = "e.id IN (SELECT unnest(%(employers)s::bigint[]))"
        return cls(levy_year, condition, {"employers": list(employer_ids)}, is_few=True)

    def names(self, **more: Any) -> dict[str, Any]:
        """Parameters of a statement about this scope."""
        january, december = date(self.levy_year, 1, 1), date(self.levy_year, 12, 1)
        return {"year": self.levy_year, "january": january, "december": december, **self.parameters, **more}


@dataclass(frozen=True, slots=True)
class Gathered:
    """One placement with its evidence and what people have decided about it.

    `decided` is an officer's own word on the months (none of a late return's: it is credited none), None where the
    computed ones stand; `is_settled` tells that the return was reviewed or verified, so that nothing about the
    placement may change any more. `is_elsewhere` marks an
    employer outside the scope that claims one of its people. `has_other_holder` tells that the register gives the
    certificate to somebody else. `stored` is what the last check stored, as PostgreSQL writes its columns.
    """

    person: str
    region_code: str
    claim: Claim
    decided: Weights | None
    is_settled: bool
    is_elsewhere: bool
    has_other_holder: bool
    stored: str


PEOPLE = """
    SELECT p.person_key FROM quota_placement p JOIN quota_employer e ON e.id = p.employer_id
    WHERE p.levy_year = %(year)s AND p.person_key BETWEEN %(first)s AND %(last)s AND {condition}
    UNION
    SELECT a.person_key FROM quota_dispatchagreement a JOIN quota_employer e ON e.id = a.host_id
    WHERE a.counts_at = 'host' AND a.person_key BETWEEN %(first)s AND %(last)s AND {condition}
"""

_MONTHLY_WAGES = ", ".join(
    f"sum(w.amount) FILTER (WHERE w.month = make_date(%(year)s, {month}, 1))" for month in range(1, MONTHS + 1)
)

# One line per placement of these people, wherever they were placed. Insured months travel as two numbers of twelve
# bits: months with a row, and months with all four insurances paid. The claims are in order before wages and insurance
# are looked up, so that the first people are told while PostgreSQL still looks up the others.
PLACEMENTS = f"""
COPY (
    WITH people AS MATERIALIZED ({PEOPLE}),
    claims AS MATERIALIZED (
        SELECT p.id, p.person_key, p.employer_id, e.region_id, r.filed_on, p.form, p.contract_start, p.contract_end,
               c.kind, c.level, c.state, c.valid_from, c.valid_until, p.born_on, p.is_female,
               CASE WHEN r.state IN ('reviewed', 'verified') OR k.decision_reason <> ''
                   THEN CASE WHEN r.is_late THEN array_fill(0, ARRAY[{MONTHS}]) ELSE k.decided END END AS decided,
               coalesce(r.state IN ('reviewed', 'verified'), false) AS is_settled, {{condition}} AS is_inside,
               coalesce(c.person_key <> p.person_key, false) AS has_other_holder,
               k.weight || ' ' || k.claimed_months || ' ' || k.reasons::text || ' ' || k.computed::text || ' '
                   || k.has_other_holder::text AS stored
        FROM people
        JOIN quota_placement p ON p.person_key = people.person_key AND p.levy_year = %(year)s
            AND p.person_key BETWEEN %(first)s AND %(last)s
        JOIN quota_employer e ON e.id = p.employer_id
        LEFT JOIN quota_headcountreturn r
            ON r.employer_id = p.employer_id AND r.levy_year = p.levy_year AND r.is_in_force
        LEFT JOIN quota_certificate c ON c.kind = p.certificate_kind AND c.number_key = p.certificate_key
        LEFT JOIN quota_placementcheck k ON k.placement_id = p.id
        ORDER BY p.person_key, p.id
    )
    SELECT p.id, p.person_key, p.employer_id, p.region_id, p.filed_on, p.form, p.contract_start, p.contract_end,
           p.kind, p.level, p.state, p.valid_from, p.valid_until, p.born_on, p.is_female,
           w.paid, i.seen, i.complete, p.decided, p.is_settled, p.is_inside, p.has_other_holder, p.stored
    FROM claims p
    LEFT JOIN LATERAL (
        SELECT ARRAY[{_MONTHLY_WAGES}] AS paid FROM quota_wagepayment w
        WHERE w.person_key = p.person_key AND w.employer_id = p.employer_id
          AND w.month BETWEEN %(january)s AND %(december)s
    ) w ON true
    LEFT JOIN LATERAL (
        SELECT bit_or(1 << extract(month FROM m.month)::int - 1) AS seen,
               bit_or(1 << extract(month FROM m.month)::int - 1)
                   FILTER (WHERE m.pension AND m.medical AND m.unemployment AND m.injury) AS complete
        FROM quota_insurancemonth m
        WHERE m.person_key = p.person_key AND m.employer_id = p.employer_id
          AND m.month BETWEEN %(january)s AND %(december)s
    ) i ON true
    ORDER BY p.person_key, p.id
) TO STDOUT
"""

AGREEMENTS = f"""
SELECT a.person_key::text, a.agency_id, a.host_id, a.starts_on, a.ends_on, true, r.filed_on
FROM quota_dispatchagreement a
LEFT JOIN quota_headcountreturn r ON r.employer_id = a.host_id AND r.levy_year = %(year)s AND r.is_in_force
WHERE a.counts_at = 'host' AND a.starts_on < make_date(%(year)s + 1, 1, 1)
  AND (a.ends_on IS NULL OR a.ends_on >= %(january)s)
  AND a.person_key BETWEEN %(first)s AND %(last)s AND a.person_key IN ({PEOPLE})
"""


EMPLOYERS_REGIONS = "SELECT DISTINCT region_id FROM quota_employer"
CLAIMANTS_REGIONS = f"""
SELECT DISTINCT claimant.region_id FROM ({PEOPLE}) people
JOIN quota_placement p ON p.person_key = people.person_key AND p.levy_year = %(year)s
JOIN quota_employer claimant ON claimant.id = p.employer_id
"""


def regions(scope: Scope) -> list[str]:
    """Where the scope's people may be claimed: for a few employers exactly there, for a region wherever employers are,
    since one look through all employers costs less than one at everybody's claims."""
    statement = CLAIMANTS_REGIONS.format(condition=scope.condition) if scope.is_few else EMPLOYERS_REGIONS
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.names(first=FIRST_KEY, last=LAST_KEY))
        return [region for (region,) in cursor.fetchall()]


def placements(scope: Scope, first: str, last: str, minimum_wages: Mapping[str, MinimumWages]) -> Iterator[Gathered]:
    """Placements of the scope's people whose keys lie between two keys, both included, person by person.

    PostgreSQL goes on gathering while the first are being judged. Until the last one is handed out, or the iterator is
    closed, the connection can do nothing else.
    """
    statement = PLACEMENTS.format(condition=scope.condition)
    with connection.cursor() as cursor, cursor.copy(statement, scope.names(first=first, last=last)) as copy:
        for line in copy:
            yield _gathered(str(line, "ascii").rstrip("\n"), minimum_wages)


def agreements(scope: Scope, first: str, last: str) -> dict[str, list[Agreement]]:
    """Agreements that name a host for one of these people in the levy year, by person."""
    by_person: dict[str, list[Agreement]] = {}
    with connection.cursor() as cursor:
        cursor.execute(AGREEMENTS.format(condition=scope.condition), scope.names(first=first, last=last))
        for person, *terms in cursor.fetchall():
            by_person.setdefault(person, []).append(Agreement(*terms))
    return by_person


_FORMS = {form.value: form for form in EmploymentForm}


def _gathered(line: str, minimum_wages: Mapping[str, MinimumWages]) -> Gathered:
    (
        key, person, employer, region, filed_on, form, start, end, kind, level, state, valid_from, valid_until,
        born, female, paid, seen, complete, decided, settled, inside, other_holder, stored,
    ) = line.split("\t")  # fmt: skip
    claim = Claim(
        int(key),
        int(employer),
        _day(filed_on),
        _FORMS[form],
        date.fromisoformat(start),
        _day(end),
        None if kind == NULL else _certificate(kind, level, state, valid_from, valid_until),
        date.fromisoformat(born),
        female == "t",
        minimum_wages[region],
        _amounts(paid),
        _insured(seen, complete),
    )
    return Gathered(
        person,
        region,
        claim,
        None if decided == NULL else _weights(decided),
        settled == "t",
        inside == "f",
        other_holder == "t",
        stored,
    )


def _day(text: str) -> date | None:
    return None if text == NULL else date.fromisoformat(text)


@lru_cache(maxsize=65_536)
def _certificate(kind: str, level: str, state: str, valid_from: str, valid_until: str) -> CertificateFacts:
    return CertificateFacts(
        CertificateKind(kind), int(level), CertificateState(state), _day(valid_from), _day(valid_until)
    )


_NO_AMOUNTS = "{" + ",".join(["NULL"] * MONTHS) + "}"
_UNPAID = (None,) * MONTHS


def _amounts(text: str) -> tuple[Decimal | None, ...]:
    if text == _NO_AMOUNTS:
        return _UNPAID
    return tuple([None if amount == "NULL" else Decimal(amount) for amount in text[1:-1].split(",")])


@lru_cache(maxsize=8_192)
def _insured(seen: str, complete: str) -> tuple[bool | None, ...]:
    known, paid = _bits(seen), _bits(complete)
    return tuple(bool(paid >> month & 1) if known >> month & 1 else None for month in range(MONTHS))


def _bits(text: str) -> int:
    return 0 if text == NULL else int(text)


@lru_cache(maxsize=4_096)
def _weights(text: str) -> Weights:
    return tuple(int(weight) for weight in text[1:-1].split(","))
