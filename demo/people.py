"""Disabled people who work for the units: contracts, certificates, insurance and wages, with the mistakes people make.

About one claim in four has something wrong with it, so that every reason of law.counting occurs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random
from typing import TypeAlias

from accounts.identity import encrypt, look_up_key
from demo import names
from demo.chance import Weighted, below, happens, pick
from demo.codes import identity_number
from demo.parameters import MINIMUM_WAGES, wage_class
from demo.units import NULL, Unit
from law.codes import CertificateKind, CertificateState, EmploymentForm, EntityType
from law.identifiers import is_female
from quota.enums import CountsAt

CERTIFICATE_COLUMNS = (
    "kind, number_key, number_encrypted, person_key, identity_encrypted, name, category, level, valid_from, "
    "valid_until, state"
)
PLACEMENT_COLUMNS = (
    "employer_id, levy_year, name, person_key, identity_encrypted, born_on, is_female, certificate_kind, "
    "certificate_key, certificate_encrypted, form, contract_start, contract_end, post"
)
INSURANCE_COLUMNS = "employer_id, person_key, month, pension, medical, unemployment, injury"
WAGE_COLUMNS = "employer_id, person_key, month, amount, occurrence"
AGREEMENT_COLUMNS = "agency_id, host_id, person_key, identity_encrypted, starts_on, ends_on, counts_at"

Span: TypeAlias = tuple[str, str]  # ISO days from and to, both included; NULL is open-ended

LEVELS = Weighted([(12, 1), (22, 2), (33, 3), (33, 4)])
SOLDIER_LEVELS = Weighted([(level, level) for level in range(1, 11)])  # 9 and 10 do not count
CATEGORIES = Weighted([(12, 1), (18, 2), (3, 3), (48, 4), (9, 5), (7, 6), (3, 7)])
STATES = Weighted([(950, CertificateState.VALID), (30, CertificateState.FROZEN), (20, CertificateState.CANCELLED)])
# (valid from, valid until): ten years; some run out before a return is filed, some begin after.
VALIDITIES = Weighted(
    [
        (30, (f"{year}-{month:02}-01", f"{year + 10}-{month:02}-01"))
        for year in range(2018, 2023)
        for month in (2, 5, 9, 11)
    ]
    + [(15, ("2014-06-01", "2024-06-01")), (12, ("2015-08-01", "2025-08-01")), (6, ("2025-06-01", "2035-06-01"))],
    stride=12_369,
)
# What goes wrong with the months of one claim; most often nothing.
FAULTS = Weighted(
    [
        (800, ""),
        (45, "wage below minimum"),
        (35, "old minimum wage"),
        (25, "wage missing"),
        (35, "insurance missing"),
        (30, "insurance incomplete"),
        (30, "no wages at all"),
    ],
    stride=9337,
)
CONTRACTS = Weighted(
    [
        (300, ("2021-07-01", NULL)),
        (250, ("2022-01-01", "2026-12-31")),
        (150, ("2022-04-01", "2027-03-31")),
        (100, ("2023-05-01", "2026-04-30")),
        (60, ("2023-09-11", NULL)),
        (60, ("2024-03-01", "2026-02-28")),
        (40, ("2025-02-01", "2028-01-31")),
        (20, ("2023-03-01", "2023-11-30")),  # this and the next are shorter than a year
        (30, ("2024-03-01", "2024-12-31")),
        (20, ("2024-09-01", "2025-07-31")),
    ],
    stride=6787,
)

# One person in so many is dispatched, has a second employer, is in no register, is a soldier or has renewed.
DISPATCHED, AT_TWO, UNKNOWN, SOLDIERS, RENEWED = 23, 29, 61, 37, 31
RENEWED_ON = ("2024-06-15", "2024-06-16")  # in the middle of a month: both contracts touch it

# Share of units that place somebody, in parts of 1,000, by staff; larger ones place more people.
PLACING = ((30, 30), (60, 250), (200, 450), (10**9, 750))
EAGERNESS = Weighted([(40, 4), (25, 8), (20, 15), (15, 20)])  # people placed per 1,000 staff
MOST_PEOPLE = 400
SMALL_PROVINCE = 20_000  # a smaller one places more often, or there would be few people to look at


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a certificate, ready to be written. Keys and ciphertexts are COPY text."""

    key: str
    identity_encrypted: str
    name: str
    born: date
    is_female: bool
    certificate: str  # kind, key and ciphertext as three columns


@dataclass(slots=True)
class Lines:
    """Lines of one batch of units."""

    certificates: list[str] = field(default_factory=list)
    placements: list[str] = field(default_factory=list)
    insurance: list[str] = field(default_factory=list)
    wages: list[str] = field(default_factory=list)
    agreements: list[str] = field(default_factory=list)


class People:
    """Makes the people of batches of units; nobody exists twice.

    What is rare comes in turn rather than by chance, so that a small province has some of everything.
    """

    def __init__(self, rng: Random, employers: int) -> None:
        self._rng = rng
        self._often = 2 if employers <= SMALL_PROVINCE else 1
        self._count = 0
        self._claims = 0

    def batch(self, units: Sequence[Unit]) -> Lines:
        lines = Lines()
        previous: Unit | None = None
        for unit in units:
            heads = self._heads(unit)
            for _head in range(heads):
                self._employ(unit, previous, lines)
            if heads:
                previous = unit
        return lines

    def _heads(self, unit: Unit) -> int:
        if not unit.filed or unit.entity_type == EntityType.SOLE_TRADER:
            return 0
        share = next(share for upto, share in PLACING if unit.staff <= upto)
        if not happens(self._rng, share * self._often):
            return 0
        return min(max(unit.staff * EAGERNESS.draw(self._rng) // 1000, 1), MOST_PEOPLE)

    def _employ(self, unit: Unit, rival: Unit | None, lines: Lines) -> None:
        """One person at a unit; now and then also at the one before it, or sent by an agency to it."""
        person = self._person(lines)
        form, contracts = self._contracts(unit)
        self._claim(person, unit, form, contracts, lines)
        if rival is not None:
            self._elsewhere(person, unit, rival, form, lines)

    def _elsewhere(self, person: Person, unit: Unit, rival: Unit, form: EmploymentForm, lines: Lines) -> None:
        rng = self._rng
        if form is EmploymentForm.DISPATCH:
            counts_at = CountsAt.HOST if happens(rng, 700) else CountsAt.AGENCY
            lines.agreements.append(
                f"{unit.id}\t{rival.id}\t{person.key}\t{person.identity_encrypted}\t2023-01-01\t"
                f"{pick(rng, (NULL, '2024-12-31', '2025-12-31'))}\t{counts_at.value}"
            )
        elif self._count % AT_TWO == 0:
            self._claim(person, rival, EmploymentForm.CONTRACT, [CONTRACTS.turn(self._count)], lines)

    def _person(self, lines: Lines) -> Person:
        rng = self._rng
        self._count += 1
        identity, born = identity_number(self._count)
        name = pick(rng, names.SURNAMES) + pick(rng, names.GIVEN) + (pick(rng, names.GIVEN) if below(rng, 3) else "")
        key, sealed = str(look_up_key(identity)), _hex(encrypt(identity))
        kind, number, category, level = self._certificate(identity)
        valid_from, valid_until = VALIDITIES.turn(self._count)
        certificate = f"{kind.value}\t{look_up_key(number)}\t{_hex(encrypt(number))}"
        if self._count % UNKNOWN:
            lines.certificates.append(
                f"{certificate}\t{key}\t{sealed}\t{name}\t{category}\t{level}\t{valid_from}\t{valid_until}\t"
                f"{STATES.turn(self._count).value}"
            )
        return Person(key, sealed, name, born, is_female(identity), certificate)

    def _certificate(self, identity: str) -> tuple[CertificateKind, str, str, int]:
        rng = self._rng
        if self._count % SOLDIERS == 0:
            return CertificateKind.DISABLED_SOLDIER, f"军残示例{self._count:07}", NULL, SOLDIER_LEVELS.draw(rng)
        category, level = CATEGORIES.draw(rng), LEVELS.draw(rng)
        reissue = "B1" if happens(rng, 50) else ""
        return CertificateKind.DISABLED_PERSON, f"{identity}{category}{level}{reissue}", str(category), level

    def _contracts(self, unit: Unit) -> tuple[EmploymentForm, list[Span]]:
        """A person's form of employment and contract, or two contracts of which the second renews the first."""
        rng = self._rng
        starts, ends = CONTRACTS.turn(self._count)
        registered = unit.registered_on.isoformat()
        if unit.entity_type in (EntityType.ORGAN, EntityType.INSTITUTION) and happens(rng, 600):
            return EmploymentForm.ESTABLISHMENT, [(max("2020-09-01", registered), NULL)]
        if starts < registered:
            starts, ends = registered, NULL
        if ends == NULL and starts < "2023" and self._count % RENEWED < 3:
            return EmploymentForm.CONTRACT, [(starts, RENEWED_ON[0]), (RENEWED_ON[1], NULL)]
        is_dispatched = self._count % DISPATCHED == 0
        return (EmploymentForm.DISPATCH if is_dispatched else EmploymentForm.CONTRACT), [(starts, ends)]

    def _claim(self, person: Person, unit: Unit, form: EmploymentForm, contracts: list[Span], lines: Lines) -> None:
        """The person's placements of every year the unit filed, with the months that insurance and payroll report."""
        post = pick(self._rng, names.POSTS)
        sex = "t" if person.is_female else "f"
        whole = contracts[0][0], contracts[-1][1]
        for year in unit.filed:
            lines.placements += [
                f"{unit.id}\t{year}\t{person.name}\t{person.key}\t{person.identity_encrypted}\t{person.born}\t{sex}\t"
                f"{person.certificate}\t{form.value}\t{starts}\t{ends}\t{post}"
                for starts, ends in contracts
                if _months_of(year, starts, ends)
            ]
            if _months_of(year, *whole):
                self._months(f"{unit.id}\t{person.key}\t", unit.county, year, whole, lines)

    def _months(self, head: str, county: str, year: int, contract: Span, lines: Lines) -> None:
        """The insurance and payroll of the months that the contract touches."""
        rng = self._rng
        self._claims += 1
        fault = FAULTS.turn(self._claims)
        before, after = MINIMUM_WAGES[wage_class(county)]
        usual = before if fault == "old minimum wage" else after + below(rng, 40) * 60
        covered = _months_of(year, *contract)
        first = below(rng, len(covered))
        faulty = covered[first : first + 1 + below(rng, 5)]
        incomplete = faulty if fault == "insurance incomplete" else ()
        uninsured = faulty if fault == "insurance missing" else ()
        short = faulty if fault == "wage below minimum" else ()
        unpaid = {"no wages at all": covered, "wage missing": faulty}.get(fault, ())
        lines.insurance += [
            f"{head}{month}\tt\tt\tt\t{'f' if month in incomplete else 't'}"
            for month in covered
            if month not in uninsured
        ]
        lines.wages += [
            f"{head}{month}\t{before - 150 if month in short else usual}.00\t1"
            for month in covered
            if month not in unpaid
        ]


@cache
def _months_of(year: int, starts: str, ends: str) -> tuple[str, ...]:
    """First days of the year's months that a contract touches; dates are ISO text, which compares as dates do."""
    names = [f"{year}-{month:02}" for month in range(1, 13)]
    return tuple(f"{name}-01" for name in names if starts[:7] <= name and (ends == NULL or name <= ends[:7]))


def _hex(sealed: bytes) -> str:
    return rf"\\x{sealed.hex()}"
