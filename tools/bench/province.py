"""The province for all measurements, written straight into the tables; the rows are the same every time.

The first tenth of the employers is in one prefecture. There the year's returns wait for the checks, and each employer
places two disabled people until the required number of person-months is claimed. Everywhere else the year is verified,
reviewed or checked, as far as a queue and an annual run need it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from random import Random

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction

from accounts.identity import encrypt, look_up_key
from demo import names
from demo.bulk import Writer, set_aside
from demo.chance import Weighted, below, pick
from demo.codes import CLASSES, UNITS, CreditCodes, credit_codes, identity_number
from demo.officers import appoint_people, person
from demo.parameters import store_parameters
from demo.people import CERTIFICATE_COLUMNS, INSURANCE_COLUMNS, PLACEMENT_COLUMNS, WAGE_COLUMNS
from demo.places import TRIAL_PREFECTURE, Place, places
from demo.units import (
    COURSES,
    EMPLOYER_COLUMNS,
    ENTITY_TYPES,
    OWNERSHIPS,
    RETURN_COLUMNS,
    SIZES,
    STATUSES,
    WAGES,
    yuan,
)
from law.codes import EntityType
from law.identifiers import is_female
from quota.enums import ReturnState
from quota.models import (
    Certificate,
    DispatchTransfer,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    VerifiedHeadcount,
    WagePayment,
)
from tools.roles import as_owner

LEVY_YEAR = 2025
TENTH = TRIAL_PREFECTURE  # the prefecture of the first tenth of the employers
BATCH = 20_000
NULL = r"\N"
MOMENT = "2026-05-01 10:30:00+08"
MONTHS = tuple(f"{LEVY_YEAR}-{month:02}-01" for month in range(1, 13))
PER_EMPLOYER = 2  # people
SHARED_BY_TWO = 26  # one in so many placements is of a person whom another employer claims too; an even number
DISPATCHED = 500  # one in so many employers outside the first tenth has dispatched a person to the next

COLUMNS = {
    Employer._meta.db_table: EMPLOYER_COLUMNS,
    HeadcountReturn._meta.db_table: (
        f"id, {RETURN_COLUMNS}, checked_at, reviewed_at, reviewed_by_id, verified_at, verified_by_id"
    ),
    Certificate._meta.db_table: CERTIFICATE_COLUMNS,
    Placement._meta.db_table: f"id, {PLACEMENT_COLUMNS}",
    InsuranceMonth._meta.db_table: INSURANCE_COLUMNS,
    WagePayment._meta.db_table: WAGE_COLUMNS,
    VerifiedHeadcount._meta.db_table: (
        "headcount_return_id, employer_id, levy_year, number, claimed_months, computed_months, credited_months, "
        "issued_at, first_by_id, second_by_id"
    ),
    DispatchTransfer._meta.db_table: (
        "placement_id, levy_year, agency_id, host_id, weight_months, credited_months, staff_months"
    ),
}

# State of a return, and True if two people have verified it. Outside the first tenth no return is only submitted.
STATES = Weighted([(55, ReturnState.VERIFIED), (5, ReturnState.REVIEWED), (40, ReturnState.CHECKED)])


@dataclass(frozen=True, slots=True)
class Size:
    """The size of the province. A tenth of the employers must have room for all the people."""

    employers: int
    person_months: int

    @property
    def tenth(self) -> int:
        return self.employers // 10

    @property
    def placements(self) -> int:
        return self.person_months // len(MONTHS)


def credit_code_of(number: int, county: str) -> str:
    """The credit code of the employer with this id; each million employers has its own class of code."""
    block, serial = divmod(number - 1, UNITS)
    return _codes(list(CLASSES)[block], county).code(serial)


_known_codes: dict[tuple[str, str], CreditCodes] = {}


def _codes(entity_type: str, county: str) -> CreditCodes:
    key = entity_type, county
    if key not in _known_codes:
        _known_codes[key] = credit_codes(entity_type, county)
    return _known_codes[key]


def write_province(size: Size, tell: Callable[[str], None]) -> None:
    """Fill the empty database: regions, officers and parameters of the demo, then employers and people."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
    with transaction.atomic():
        call_command("load_regions", stdout=StringIO())
        appoint_people()
        store_parameters(entered_by=person("param1"), approved_by=person("param2"))
        with as_owner():
            with set_aside(list(COLUMNS)), Writer(COLUMNS) as writer:
                for lines in Maker(size).batches():
                    writer.write(lines)
                    tell(f"{sum(map(len, lines.values())):,}")
            _advance_ids()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _advance_ids() -> None:
    """Move the sequences past the ids that the rows brought."""
    tables: list[type[models.Model]] = [Employer, HeadcountReturn, Placement]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)


class Maker:
    """Makes the rows as lines for COPY."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._rng = Random(1)
        self._inside, self._outside = _split(places())
        self._reviewer, self._verifier = person("verifier1").pk, person("verifier2").pk
        self._last_placement = size.placements

    def batches(self) -> Iterator[dict[str, list[str]]]:
        for first in range(1, self._size.employers + 1, BATCH):
            yield self._units(range(first, min(first + BATCH, self._size.employers + 1)))
        for first in range(0, self._size.placements, BATCH):
            yield self._people(range(first, min(first + BATCH, self._size.placements)))

    def _units(self, numbers: range) -> dict[str, list[str]]:
        lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        for number in numbers:
            self._unit(number, lines)
        return lines

    def _unit(self, number: int, lines: dict[str, list[str]]) -> None:
        rng, is_inside = self._rng, number <= self._size.tenth
        place = pick(rng, self._inside if is_inside else self._outside)
        entity_type = ENTITY_TYPES.draw(rng)
        staff, wage = SIZES[entity_type].draw(rng), WAGES.draw(rng)
        state = ReturnState.SUBMITTED if is_inside else STATES.draw(rng)
        lines[Employer._meta.db_table].append(self._employer(number, entity_type, place, staff, wage))
        if number % 20 == 0 or entity_type is EntityType.SOLE_TRADER:  # these file nothing
            return
        credited = staff * 12 // 40 if state is ReturnState.VERIFIED and number % 5 == 0 else 0
        lines[HeadcountReturn._meta.db_table].append(self._return(number, state, staff, wage, credited))
        if state is ReturnState.VERIFIED:
            lines[VerifiedHeadcount._meta.db_table].append(self._headcount(number, credited + 12))
            if number % DISPATCHED == 1:
                self._dispatch(number, lines)

    def _employer(self, number: int, entity_type: EntityType, place: Place, staff: int, wage: int) -> str:
        rng = self._rng
        is_company = entity_type is EntityType.ENTERPRISE
        name = f"{place.trade_name}{pick(rng, names.STYLES)}{pick(rng, names.TRADES) if is_company else ''}"
        return "\t".join(
            (
                str(number),
                credit_code_of(number, place.code),
                f"{name}{pick(rng, names.SUFFIXES[entity_type])}",
                place.code,
                entity_type.value,
                f"{1990 + below(rng, 35)}-{1 + below(rng, 12):02}-{1 + below(rng, 28):02}",
                NULL,
                "f",
                OWNERSHIPS.draw(rng) if is_company else "",
                STATUSES.draw(rng),
                f"{staff}.0000",
                yuan(staff * wage * 100),
            )
        )

    def _return(self, number: int, state: ReturnState, staff: int, wage: int, credited: int) -> str:
        rng = self._rng
        months = [(staff * share + 50) // 100 for share in pick(rng, COURSES)]
        total = sum(months)
        reviewed = state in (ReturnState.VERIFIED, ReturnState.REVIEWED)
        checked = state is not ReturnState.SUBMITTED
        is_verified = state is ReturnState.VERIFIED
        return "\t".join(
            (
                f"{number}\t{number}\t{LEVY_YEAR}\t2026-{3 + below(rng, 8):02}-{1 + below(rng, 28):02}\tf\tt\tportal",
                f"{{{','.join(map(str, months))}}}\t{total}\t{yuan(wage * total * 100 // 12 + rng.getrandbits(6))}",
                f"1\t{state.value}\t{MOMENT}\t\t{credited}\t{credited}\tf\t{MOMENT if checked else NULL}",
                f"{MOMENT}\t{self._reviewer}" if reviewed else f"{NULL}\t{NULL}",
                f"{MOMENT}\t{self._verifier}" if is_verified else f"{NULL}\t{NULL}",
            )
        )

    def _headcount(self, number: int, credited: int) -> str:
        decided = f"残认〔2026〕140000-{number:08}\t{credited}\t{credited}\t{credited}"
        return f"{number}\t{number}\t{LEVY_YEAR}\t{decided}\t{MOMENT}\t{self._reviewer}\t{self._verifier}"

    def _dispatch(self, number: int, lines: dict[str, list[str]]) -> None:
        """One person of the agency counts at the next employer for half of the year."""
        self._last_placement += 1
        person_key = look_up_key(f"dispatched {number}")
        lines[Placement._meta.db_table].append(
            f"{self._last_placement}\t{number}\t{LEVY_YEAR}\t派遣员工\t{person_key}\t\\\\x00\t1990-01-01\tf\t"
            f"disabled_person\t{person_key}\t\\\\x00\tdispatch\t2025-01-01\t{NULL}\t"
        )
        host = number + 1 if number < self._size.employers else number - 1
        lines[DispatchTransfer._meta.db_table].append(
            f"{self._last_placement}\t{LEVY_YEAR}\t{number}\t{host}\t6\t6\t6"
        )

    def _people(self, placements: range) -> dict[str, list[str]]:
        lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        for placement in placements:
            self._claim(placement, lines)
        return lines

    def _claim(self, placement: int, lines: dict[str, list[str]]) -> None:
        """One person at one employer for the whole year, with the data of insurance, payroll and register."""
        rng = self._rng
        is_shared = placement and placement % SHARED_BY_TWO == 0
        number, born = identity_number(placement - 1 if is_shared else placement)
        key, sealed = look_up_key(number), rf"\\x{encrypt(number).hex()}"
        name = pick(rng, names.SURNAMES) + pick(rng, names.GIVEN) + pick(rng, names.GIVEN)
        employer = 1 + placement // PER_EMPLOYER
        lines[Placement._meta.db_table].append(
            f"{placement + 1}\t{employer}\t{LEVY_YEAR}\t{name}\t{key}\t{sealed}\t{born}\t"
            f"{'t' if is_female(number) else 'f'}\tdisabled_person\t{key}\t{sealed}\tcontract\t2023-05-01\t{NULL}\t"
            f"{pick(rng, names.POSTS)}"
        )
        if not is_shared and placement % 37:
            lines[Certificate._meta.db_table].append(
                f"disabled_person\t{key}\t{sealed}\t{key}\t{sealed}\t{name}\t4\t{1 + placement % 4}\t2020-02-01\t"
                "2030-02-01\tvalid"
            )
        missing, incomplete, short = placement % 8 == 1, placement % 8 == 2, placement % 8 == 3
        lines[InsuranceMonth._meta.db_table] += [
            f"{employer}\t{key}\t{month}\tt\tt\tt\t{'f' if incomplete and at == 5 else 't'}"
            for at, month in enumerate(MONTHS)
            if not (missing and at == 2)
        ]
        lines[WagePayment._meta.db_table] += [
            f"{employer}\t{key}\t{month}\t{1500 if short and at == 4 else 2600}.00\t1"
            for at, month in enumerate(MONTHS)
        ]


def _split(counties: Weighted[Place]) -> tuple[list[Place], list[Place]]:
    """Counties of the first tenth's prefecture, and all others, each as often as its weight says."""
    drawn = [counties.turn(number) for number in range(1 << 14)]
    inside = [place for place in drawn if place.code.startswith(TENTH[:4])]
    return inside, [place for place in drawn if not place.code.startswith(TENTH[:4])]
