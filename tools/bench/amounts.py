"""Amounts of law.amount.assess beside the same amounts computed in fractions: not one may differ by a fen."""

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import NamedTuple

from demo.units import SIZES, WAGES
from law.amount import Facts, Terms, assess
from law.codes import EntityType
from law.policy import policy_year
from tools.bench.measure import cost_of
from tools.bench.province import LEVY_YEAR, Size
from tools.bench.report import Line

CASES = 20_000
RATIO, AVERAGE = Decimal("0.015"), Decimal("84876.00")


class Case(NamedTuple):
    """An enterprise: person-months of staff, credited person-months, wages of the year in fen."""

    staff: int
    credited: int
    wages: int


def lines(size: Size) -> Iterator[Line]:
    """One line: the time of CASES amounts, and how many of them are wrong."""
    cases = make_cases(CASES)
    amounts: list[int] = []
    cost = cost_of(lambda: amounts.extend(ours(cases)))
    wrong = sum(found != exact(case) for found, case in zip(amounts, cases, strict=True))
    yield Line(
        f"law.amount.assess: {len(cases):,} levies",
        f"{cost.wall:.2f} s, {cost.wall / len(cases) * 1e6:.0f} µs each; {wrong:,} amounts wrong",
        "fractions",
        bar="no amount wrong",
        holds=not wrong,
    )


def make_cases(count: int) -> list[Case]:
    """Enterprises above the exemption, paid as in the province; every other one places people."""
    rng = Random(1)
    cases = []
    for number in range(count):
        staff = (31 + SIZES[EntityType.ENTERPRISE].draw(rng)) * 12 + number % 12
        credited = staff * (number % 20) // 1000 if number % 2 else 0
        cases.append(Case(staff, credited, WAGES.draw(rng) * 100 * staff // 12 + rng.getrandbits(6)))
    return cases


def ours(cases: list[Case]) -> list[int]:
    """Amounts due in fen."""
    terms = Terms(policy=policy_year(LEVY_YEAR), required_ratio=RATIO, social_average_wage=AVERAGE)
    found = []
    for case in cases:
        wages = Decimal(case.wages).scaleb(-2)
        facts = Facts(EntityType.ENTERPRISE, case.staff, wages, credited_months=case.credited)
        found.append(int(assess(facts, terms).payable.scaleb(2)))
    return found


def exact(case: Case) -> int:
    """The amount due in fen by the articles, in fractions: three roundings, each half up."""
    average = _half_up(Fraction(case.wages * 12, case.staff))
    charged = min(average, Fraction(AVERAGE) * 2 * 100)
    gap = max(case.staff * Fraction(RATIO) - case.credited, Fraction(0))
    gross = _half_up(gap * charged / 12)
    if case.staff <= 30 * 12:
        return 0
    relief = Fraction(1, 2) if case.credited >= Fraction(case.staff, 100) else Fraction(1, 10)
    return gross - _half_up(gross * relief)


def _half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))
