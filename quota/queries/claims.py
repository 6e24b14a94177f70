"""Claims with the registers' evidence, of a region's employers or of one placement; and claims in the employer's own
words, without any register.

PostgreSQL gathers them in one pass; no other module builds a law.counting.Claim.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, Self

from django.db import connection
from django.db.models import QuerySet

from accounts.identity import decrypt
from accounts.models import region_prefix
from law.codes import CertificateKind, CertificateState, EmploymentForm
from law.counting import MONTHS, Agreement, CertificateFacts, Claim, StatedContract, stated_months
from law.counting.claims import Weights
from quota import names
from quota.models import Placement
from quota.models.returns import PlacementTerms
from quota.queries.parameters import MinimumWages, minimum_wages

NULL = r"\N"
KEYS = 1 << 128
FIRST_KEY, LAST_KEY = f"{0:032x}", f"{KEYS - 1:032x}"

_DECIDED = f"""CASE WHEN r.state IN ('reviewed', 'verified') OR k.decision_reason <> ''
    THEN CASE WHEN r.is_late THEN array_fill(0, ARRAY[{MONTHS}]) ELSE k.decided END END"""
_STORED = """k.weight || ' ' || k.claimed_months || ' ' || k.reasons::text || ' ' || k.computed::text || ' '
    || k.has_other_holder::text"""


# An employer that typed the row must name the certificate's holder, or else it could find out a certificate by trying
# numbers (docs/decisions/0017). In a loaded row kind and number decide, and another holder is a finding.
_NAMES_HOLDER = f"NOT p.is_typed OR c.id IS NULL OR {names.folded('p.name')} = {names.folded('c.name')}"


class ClaimLine(NamedTuple):
    """One claim as COPY writes it, all text: each field with the expression that fills it.

    The months come from look-ups that PostgreSQL makes after sorting the claims. Insured months are two numbers of
    twelve bits: months with a row, and months with all four insurances paid. `{condition}` comes from the scope.
    """

    wages: str
    months_seen: str
    months_complete: str
    key: str = "p.id"
    person: str = "p.person_key"
    employer: str = "p.employer_id"
    region: str = "e.region_id"
    filed_on: str = "r.filed_on"
    form: str = "p.form"
    contract_start: str = "p.contract_start"
    contract_end: str = "p.contract_end"
    kind: str = "c.kind"
    level: str = "c.level"
    state: str = "c.state"
    valid_from: str = "c.valid_from"
    valid_until: str = "c.valid_until"
    names_holder: str = _NAMES_HOLDER
    born: str = "p.born_on"
    is_female: str = "p.is_female"
    decided: str = _DECIDED
    is_settled: str = "coalesce(r.state IN ('reviewed', 'verified'), false)"
    is_inside: str = "{condition}"
    has_other_holder: str = "coalesce(c.person_key <> p.person_key, false)"
    stored: str = _STORED


_EXPRESSIONS = ClaimLine._field_defaults
_LOOKED_UP = [name for name in ClaimLine._fields if name not in _EXPRESSIONS]
_MONTHLY_WAGES = ", ".join(
    f"sum(w.amount) FILTER (WHERE w.month = make_date(%(year)s, {month}, 1))" for month in range(1, MONTHS + 1)
)

# One line per claim of these people, wherever they are claimed. The claims are sorted before the look-up of wages and
# insurance, so that the first people arrive while PostgreSQL still looks up the others.
CLAIMS = f"""
COPY (
    WITH people AS MATERIALIZED ({{people}}),
    claims AS MATERIALIZED (
        SELECT {", ".join(f"{expression} AS {name}" for name, expression in _EXPRESSIONS.items())}
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
    SELECT {", ".join(_LOOKED_UP)}, p.*
    FROM claims p
    LEFT JOIN LATERAL (
        SELECT ARRAY[{_MONTHLY_WAGES}] AS wages FROM quota_wagepayment w
        WHERE w.person_key = p.person AND w.employer_id = p.employer AND w.month BETWEEN %(january)s AND %(december)s
    ) w ON true
    LEFT JOIN LATERAL (
        SELECT bit_or(1 << extract(month FROM m.month)::int - 1) AS months_seen,
               bit_or(1 << extract(month FROM m.month)::int - 1)
                   FILTER (WHERE m.pension AND m.medical AND m.unemployment AND m.injury) AS months_complete
        FROM quota_insurancemonth m
        WHERE m.person_key = p.person AND m.employer_id = p.employer AND m.month BETWEEN %(january)s AND %(december)s
    ) i ON true
    ORDER BY p.person, p.key
) TO STDOUT
"""

AGREEMENTS = """
SELECT a.person_key::text, a.agency_id, a.host_id, a.starts_on, a.ends_on, true, r.filed_on
FROM quota_dispatchagreement a
LEFT JOIN quota_headcountreturn r ON r.employer_id = a.host_id AND r.levy_year = %(year)s AND r.is_in_force
WHERE a.counts_at = 'host' AND a.starts_on < make_date(%(year)s + 1, 1, 1)
  AND (a.ends_on IS NULL OR a.ends_on >= %(january)s)
  AND a.person_key BETWEEN %(first)s AND %(last)s AND a.person_key IN ({people})
"""

EMPLOYERS_REGIONS = "SELECT DISTINCT region_id FROM quota_employer"
CLAIMANTS_REGIONS = """
SELECT DISTINCT claimant.region_id FROM ({people}) people
JOIN quota_placement p ON p.person_key = people.person_key AND p.levy_year = %(year)s
JOIN quota_employer claimant ON claimant.id = p.employer_id
"""


# The people of a scope: those whom its employers claim, and those whom an agreement counts at one of them.
PEOPLE = """
    SELECT p.person_key FROM quota_placement p JOIN quota_employer e ON e.id = p.employer_id
    WHERE p.levy_year = %(year)s AND p.person_key BETWEEN %(first)s AND %(last)s AND {condition}
    UNION
    SELECT a.person_key FROM quota_dispatchagreement a JOIN quota_employer e ON e.id = a.host_id
    WHERE a.counts_at = 'host' AND a.person_key BETWEEN %(first)s AND %(last)s AND {condition}
"""


@dataclass(frozen=True, slots=True)
class ClaimScope:
    """The scope of a check: employers `e` that meet `condition`. `is_few` means that they were named one by one."""

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

    def statement(self, template: str) -> str:
        """A statement of this module about this scope."""
        return template.format(people=PEOPLE.format(condition=self.condition), condition=self.condition)


@dataclass(frozen=True, slots=True)
class Gathered:
    """One claim with the decisions of people about it.

    `decided` is an officer's decision on the months (none of a late return's: it is credited none), None where the
    computed ones are kept. `is_settled`: the return was reviewed or verified, so nothing about the claim may change.
    `is_elsewhere` marks an employer outside the scope that claims one of its people. `has_other_holder`: the register
    gives the certificate to another person. `stored` is the last check's result, as PostgreSQL writes its columns.
    """

    person: str
    region_code: str
    claim: Claim
    decided: Weights | None
    is_settled: bool
    is_elsewhere: bool
    has_other_holder: bool
    stored: str


def regions_in_scope(scope: ClaimScope) -> list[str]:
    """The regions where the scope's people may be claimed. For a few employers exactly those; for a region all regions
    with employers, because one pass over all employers is cheaper than one over all claims."""
    statement = scope.statement(CLAIMANTS_REGIONS) if scope.is_few else EMPLOYERS_REGIONS
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.names(first=FIRST_KEY, last=LAST_KEY))
        return [region for (region,) in cursor.fetchall()]


def claims_of_scope(scope: ClaimScope, first: str, last: str, wages: Mapping[str, MinimumWages]) -> Iterator[Gathered]:
    """Claims of the scope's people whose keys lie between two keys, both included, person by person. `wages` are the
    minimum wages of every region in `regions_in_scope(scope)`.

    PostgreSQL goes on gathering while the caller judges the first ones. Until the last one is read, or the iterator is
    closed, the connection can do nothing else.
    """
    with closing(_lines(scope, first, last)) as lines:
        for line in lines:
            yield _gathered(line, wages)


def _lines(scope: ClaimScope, first: str, last: str) -> Iterator[ClaimLine]:
    statement = connection.ops.compose_sql(scope.statement(CLAIMS), scope.names(first=first, last=last))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in copy:
            yield ClaimLine._make(str(line, "ascii").rstrip("\n").split("\t"))


def claim_of_placement(placement: Placement) -> Claim:
    """The claim of one placement, as a check of its region gathers it."""
    scope = ClaimScope.of_employers(placement.levy_year, [placement.employer_id])
    found = _few_claims(scope, placement.person_key.hex, placement.person_key.hex)
    return next(row.claim for row in found if row.claim.key == placement.pk)


def declared_months(rows: QuerySet[PlacementTerms], levy_year: int) -> int:
    """Person-months that an employer's rows claim in its own words: the level is that of the certificate's number. No
    register is asked, so the sum tells the employer nothing that it did not write (docs/decisions/0017)."""
    people = groupby(rows.order_by("person_key"), key=attrgetter("person_key"))
    return sum(sum(stated_months(map(_stated, own), levy_year)) for _person, own in people)


def _stated(row: PlacementTerms) -> StatedContract:
    number = decrypt(row.certificate_encrypted)
    return StatedContract(CertificateKind(row.certificate_kind), number, row.contract_start, row.contract_end)


def _few_claims(scope: ClaimScope, first: str, last: str) -> list[Gathered]:
    lines = list(_lines(scope, first, last))
    wages = minimum_wages({line.region for line in lines}, scope.levy_year)
    return [_gathered(line, wages) for line in lines]


def agreements_of(scope: ClaimScope, first: str, last: str) -> dict[str, list[Agreement]]:
    """Agreements of the levy year that name a host for one of these people, by person."""
    by_person: dict[str, list[Agreement]] = {}
    with connection.cursor() as cursor:
        cursor.execute(scope.statement(AGREEMENTS), scope.names(first=first, last=last))
        for person, *terms in cursor.fetchall():
            by_person.setdefault(person, []).append(Agreement(*terms))
    return by_person


_FORMS = {form.value: form for form in EmploymentForm}


def _gathered(line: ClaimLine, wages: Mapping[str, MinimumWages]) -> Gathered:
    claim = Claim(
        key=int(line.key),
        employer=int(line.employer),
        filed_on=_day(line.filed_on),
        form=_FORMS[line.form],
        contract_start=date.fromisoformat(line.contract_start),
        contract_end=_day(line.contract_end),
        certificate=_certificate(
            line.kind, line.level, line.state, line.valid_from, line.valid_until, line.names_holder
        ),
        born=date.fromisoformat(line.born),
        is_female=line.is_female == "t",
        minimum_wages=wages[line.region],
        wages=_amounts(line.wages),
        insured=_insured(line.months_seen, line.months_complete),
    )
    return Gathered(
        person=line.person,
        region_code=line.region,
        claim=claim,
        decided=None if line.decided == NULL else _weights(line.decided),
        is_settled=line.is_settled == "t",
        is_elsewhere=line.is_inside == "f",
        has_other_holder=line.has_other_holder == "t",
        stored=line.stored,
    )


def _day(text: str) -> date | None:
    return None if text == NULL else date.fromisoformat(text)


@lru_cache(maxsize=65_536)
def _certificate(
    kind: str, level: str, state: str, valid_from: str, valid_until: str, names_holder: str
) -> CertificateFacts | None:
    if kind == NULL:
        return None
    validity = _day(valid_from), _day(valid_until)
    return CertificateFacts(
        CertificateKind(kind), int(level), CertificateState(state), *validity, names_holder=names_holder == "t"
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
