"""Employers and what they file, as lines for COPY: realistic in size, wages, punctuality and mistakes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from demo import names
from demo.chance import Spread, Weighted, below, happens, pick
from demo.codes import CreditCodes, credit_codes
from demo.places import TRIAL_PREFECTURE, Place
from law.codes import EntityType
from quota.enums import ReturnSource, ReturnState

LEVY_YEARS = (2023, 2024, 2025)
*CLOSED_YEARS, OPEN_YEAR = LEVY_YEARS
NULL = r"\N"

EMPLOYER_COLUMNS = (
    "id, uscc, name, region_id, entity_type, registered_on, establishment_posts, is_school, ownership, status, "
    "registered_staff, registered_wages"
)
RETURN_COLUMNS = (
    "employer_id, levy_year, filed_on, is_late, is_in_force, source, staff_by_month, staff_months, total_wages, "
    "version, state, submitted_at, sent_back_reason, claimed_months, computed_months, has_findings"
)

ENTITY_TYPES = Weighted(
    [
        (780, EntityType.ENTERPRISE),
        (70, EntityType.INSTITUTION),
        (50, EntityType.SOLE_TRADER),
        (35, EntityType.ORGAN),
        (35, EntityType.PRIVATE_NON_ENTERPRISE),
        (30, EntityType.ASSOCIATION),
    ]
)
OWNERSHIPS = Weighted([(74, "民营"), (12, "国有"), (6, "集体"), (5, "外资"), (3, "港澳台资")])
STATUSES = Weighted([(985, "存续"), (10, "歇业"), (5, "吊销")])
SOURCES = Weighted([(70, ReturnSource.PORTAL), (20, ReturnSource.WINDOW), (10, ReturnSource.FILE)])

# Staff in parts of 16,384: log-normal for most, with a long tail. One enterprise in 16,000 has tens of thousands.
SIZES: dict[str, Spread] = {
    EntityType.ENTERPRISE: Spread(
        (0, 1), (4900, 3), (8200, 6), (11500, 13), (13100, 20), (14400, 31), (15200, 55), (15700, 100), (16060, 220),
        (16220, 450), (16302, 900), (16352, 2000), (16376, 4500), (16382, 9000), (16383, 28000),
    ),
    EntityType.SOLE_TRADER: Spread((0, 1), (12000, 4), (16383, 14)),
    EntityType.ORGAN: Spread((0, 6), (6000, 22), (12000, 60), (15800, 180), (16383, 600)),
    EntityType.INSTITUTION: Spread((0, 4), (6000, 25), (12000, 75), (15800, 300), (16383, 2400)),
    EntityType.ASSOCIATION: Spread((0, 1), (10000, 6), (15800, 30), (16383, 80)),
    EntityType.PRIVATE_NON_ENTERPRISE: Spread((0, 2), (8000, 12), (15800, 70), (16383, 260)),
}  # fmt: skip
# Yuan a year and head.
WAGES = Spread(
    (0, 24_000), (1600, 33_000), (5000, 46_000), (9800, 62_000), (13000, 80_000), (15200, 115_000), (16100, 190_000),
    (16383, 560_000),
)  # fmt: skip
GROWTH = Weighted([(15, 88), (20, 96), (40, 100), (15, 105), (7, 118), (3, 150)])  # staff of a year, per cent
PAY_RISE = dict(zip(LEVY_YEARS, (93, 96, 100), strict=True))

# Staff month by month, per cent of the year's number.
COURSES = [(100,) * 12] * 8 + [
    (100,) * change + (later,) * (12 - change) for change in (2, 4, 6, 9) for later in (92, 108)
] + [
    (100, 80, 90, 100, 100, 105, 110, 110, 105, 100, 100, 100),
    (90, 85, 95, 110, 115, 115, 110, 110, 105, 100, 85, 80),
    (97, 98, 99, 100, 100, 101, 101, 102, 103, 104, 105, 106),
    (106, 105, 104, 103, 102, 101, 100, 100, 99, 98, 97, 96),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filing:
    """The frequencies of returns in time, late, twice, as drafts or missing in a levy year."""

    habits: Weighted[str]
    in_time: list[str]
    late: list[str]


def _days(first: date, last: date) -> list[str]:
    """ISO days, the last third of the period three times: people file towards the end."""
    days = [(first + timedelta(days=day)).isoformat() for day in range((last - first).days + 1)]
    return days + days[2 * len(days) // 3 :] * 2


CLOSED_HABITS = [(900, "in time"), (35, "late"), (50, "none"), (10, "twice"), (5, "twice, late")]
OPEN_HABITS = [(420, "in time"), (15, "late"), (525, "none"), (25, "draft"), (10, "twice"), (5, "twice, late")]


def _filing(levy_year: int, habits: list[tuple[int, str]]) -> Filing:
    year = levy_year + 1
    last_late = date(year, 11, 10) if levy_year == OPEN_YEAR else date(year, 12, 20)
    return Filing(Weighted(habits), _days(date(year, 3, 1), date(year, 10, 31)), _days(date(year, 11, 1), last_late))


CLOSED_FILINGS = {year: _filing(year, CLOSED_HABITS) for year in LEVY_YEARS}
FILINGS = CLOSED_FILINGS | {OPEN_YEAR: _filing(OPEN_YEAR, OPEN_HABITS)}
REGISTRATIONS = [(date(1985, 1, 1) + timedelta(days=day)) for day in range(0, 14_880, 3)]  # to September 2025


class Unit(NamedTuple):
    """The facts of a unit that its people need. `filed` holds the levy years with a return."""

    id: int
    county: str
    entity_type: str
    staff: int
    registered_on: date
    filed: tuple[int, ...]


@dataclass(slots=True)
class Batch:
    """Lines of one batch of units."""

    employers: list[str] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)


class Units:
    """Makes units in the order of their ids; `serial` counts from 0."""

    def __init__(self, rng: Random, counties: Weighted[Place]) -> None:
        self._rng = rng
        self._counties = counties
        self._codes: dict[tuple[str, str], CreditCodes] = {}
        self._courses: dict[tuple[int, int, int], tuple[str, int]] = {}

    def batch(self, serials: range) -> Batch:
        made = Batch()
        for serial in serials:
            self._make(serial, made)
        return made

    def _make(self, serial: int, made: Batch) -> None:
        rng = self._rng
        entity_type, place = ENTITY_TYPES.draw(rng), self._counties.draw(rng)
        staff = SIZES[entity_type].draw(rng)
        staff += staff * rng.getrandbits(8) >> 10
        wage = WAGES.draw(rng)
        registered = REGISTRATIONS[max(below(rng, len(REGISTRATIONS)), below(rng, len(REGISTRATIONS)))]
        key = serial + 1
        filed = tuple(self._returns(key, entity_type, place.code, staff, wage, registered, made.returns))
        made.employers.append(self._employer(serial, entity_type, place, staff, wage, registered))
        made.units.append(Unit(key, place.code, entity_type, staff, registered, filed))

    def _employer(
        self, serial: int, entity_type: EntityType, place: Place, staff: int, wage: int, registered: date
    ) -> str:
        rng = self._rng
        codes = self._codes.get((entity_type, place.code))
        if codes is None:
            codes = self._codes[entity_type, place.code] = credit_codes(entity_type, place.code)
        suffix = pick(rng, names.SUFFIXES[entity_type])
        is_company = entity_type is EntityType.ENTERPRISE
        trade = pick(rng, names.TRADES) if is_company else ""
        posts = staff * 21 // 20 if entity_type in (EntityType.ORGAN, EntityType.INSTITUTION) else NULL
        return "\t".join(
            (
                str(serial + 1),
                codes.code(serial),
                f"{place.trade_name if is_company else place.name}{pick(rng, names.STYLES)}{trade}{suffix}",
                place.code,
                entity_type.value,
                registered.isoformat(),
                str(posts),
                "t" if suffix in names.SCHOOLS else "f",
                OWNERSHIPS.draw(rng) if is_company else "",
                STATUSES.draw(rng),
                *self._registered(staff, wage),
            )
        )

    def _registered(self, staff: int, wage: int) -> tuple[str, str]:
        """Average staff and wages as the tax bureau has them: close to the return, sometimes far off or unknown."""
        rng = self._rng
        if happens(rng, 15):
            return NULL, NULL
        months = staff * 12 * (70 + below(rng, 60) if happens(rng, 40) else 100) // 100
        parts = months * 10_000 // 12
        return f"{parts // 10_000}.{parts % 10_000:04}", yuan(wage * 100 * months // 12)

    def _returns(
        self, key: int, entity_type: str, county: str, staff: int, wage: int, registered: date, lines: list[str]
    ) -> Iterator[int]:
        rng = self._rng
        for year in LEVY_YEARS:
            filing = (CLOSED_FILINGS if county.startswith(TRIAL_PREFECTURE[:4]) else FILINGS)[year]
            habit = filing.habits.draw(rng)
            is_unwilling = entity_type == EntityType.SOLE_TRADER and rng.getrandbits(2)
            if habit == "none" or is_unwilling or registered.year > year:
                continue
            months, person_months = self._staff_by_month(staff, registered.month - 1 if registered.year == year else 0)
            fen = wage * PAY_RISE[year] * person_months // 12 + rng.getrandbits(6)
            figures = f"{months}\t{person_months}\t{yuan(fen)}"
            lines += [f"{key}\t{year}\t{line}" for line in self._filed(habit, filing, figures)]
            if habit != "draft":
                yield year

    def _staff_by_month(self, staff: int, first_month: int) -> tuple[str, int]:
        """The array's text and its sum. Most units are small, so the same years come again and again."""
        rng = self._rng
        course = below(rng, len(COURSES))
        staff = max(staff * GROWTH.draw(rng) // 100, 1)
        known = self._courses.get((staff, course, first_month))
        if known is None:
            months = [0] * first_month + [(staff * share + 50) // 100 for share in COURSES[course][first_month:]]
            known = f"{{{','.join(map(str, months))}}}", sum(months)
            if staff < 64:
                self._courses[staff, course, first_month] = known
        return known

    def _filed(self, habit: str, filing: Filing, figures: str) -> Iterator[str]:
        """The return or returns of one year; which of two is in force follows law.counting.effective_return."""
        rng = self._rng
        source = SOURCES.draw(rng).value
        if habit == "draft":
            yield f"{NULL}\tf\tf\t{ReturnSource.PORTAL.value}\t{figures}\t1\t{ReturnState.DRAFT.value}\t{NULL}{REST}"
            return
        if habit == "late":
            yield _return(pick(rng, filing.late), source, figures, is_late=True)
            return
        first = below(rng, len(filing.in_time) // 2)
        is_replaced = habit == "twice"
        yield _return(filing.in_time[first], source, figures, is_in_force=not is_replaced)
        if is_replaced:
            yield _return(filing.in_time[-1], source, figures)
        elif habit == "twice, late":
            yield _return(pick(rng, filing.late), source, figures, is_late=True, is_in_force=False)


REST = "\t\t0\t0\tf"  # no reason, nothing claimed or computed yet, no finding


def _return(day: str, source: str, figures: str, *, is_late: bool = False, is_in_force: bool = True) -> str:
    state = ReturnState.SUBMITTED if is_in_force else ReturnState.REPLACED
    return "\t".join(
        (
            day,
            "t" if is_late else "f",
            "t" if is_in_force else "f",
            source,
            figures,
            "1",
            state.value,
            f"{day} 10:30:00+08{REST}",
        )
    )


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
