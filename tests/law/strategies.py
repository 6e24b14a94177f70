"""Employers' years: a plain example, and cases for property tests, close to the thresholds of the law.

A case is derived from 32 random bytes, number by number: twenty times faster than a strategy per field, and it still
shrinks, because zero bytes give the first of every choice.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from law.amount import (
    AssessmentRules,
    CreditedRounding,
    Facts,
    NewEmployer,
    ShortfallRounding,
    StaffRounding,
    Terms,
    WageBase,
)
from law.codes import EntityType
from law.policy import POLICY_YEARS, policy_year

LONG = os.environ.get("LEVY_LONG") == "1"
FEN = Decimal("0.01")
T = TypeVar("T")

RATIO = Decimal("0.015")
SOCIAL = Decimal("84876.00")
NATIONAL = Terms(policy_year(2025), RATIO, SOCIAL, "晋财综〔示例〕1号", "晋统〔示例〕1号")


def enterprise(staff_months: Decimal | int | None, credited: int = 0, average: str | None = "60000", **more) -> Facts:
    """An enterprise as a single example describes it."""
    wage = None if average is None else Decimal(average)
    return Facts(EntityType.ENTERPRISE, staff_months, average_wage=wage, credited_months=credited, **more)


def examples(usual: int, long: int) -> settings:
    """`usual` examples, `long` ones with LEVY_LONG=1."""
    return settings(
        max_examples=long if LONG else usual,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


@dataclass(frozen=True)
class Case:
    """Terms, and the facts to assess under them."""

    terms: Terms
    facts: Facts


class Dice:
    """Draws choices from the digits of one large number."""

    def __init__(self, raw: bytes) -> None:
        self._rest = int.from_bytes(raw)

    def below(self, sides: int) -> int:
        self._rest, value = divmod(self._rest, sides)
        return value

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]


YEARS = sorted(POLICY_YEARS)
RATIOS = [Decimal(text) for text in ("0.015", "0.015000", "0.016", "0.017", "0.02")]
KINDS = [EntityType.ENTERPRISE, EntityType.ENTERPRISE, *EntityType]
# 20 and 30 staff are 240 and 360 person-months; registrations bring four decimals.
STAFF_EDGES = [1, 239, 240, 241, 359, 360, 361, 372, 1200, 2400, Decimal("360.0012"), Decimal("359.9999")]


def national_case(raw: bytes) -> Case:
    dice = Dice(raw)
    return _case(dice, AssessmentRules())


def regional_case(raw: bytes) -> Case:
    dice = Dice(raw)
    rules = AssessmentRules(
        staff_rounding=dice.pick(list(StaffRounding)),
        credited_rounding=dice.pick(list(CreditedRounding)),
        shortfall_rounding=dice.pick(list(ShortfallRounding)),
        wage_base=dice.pick(list(WageBase)),
        new_employer=dice.pick(list(NewEmployer)),
    )
    return _case(dice, rules)


def _case(dice: Dice, rules: AssessmentRules) -> Case:
    year, ratio = dice.pick(YEARS), dice.pick(RATIOS)
    social = dice.pick([8_487_600, dice.between(2_000_000, 20_000_000)])
    terms = Terms(policy_year(year), ratio, Decimal(social).scaleb(-2), rules=rules)
    staff = _staff(dice)
    facts = Facts(
        entity_type=dice.pick(KINDS),
        staff_months=staff,
        total_wages=_wages(dice, staff, terms),
        credited_months=_credited(dice, staff, ratio),
        transferred_staff_months=dice.pick([0, dice.between(-40, 40)]),
        registered_on=dice.pick(
            [None, date(year + 1 - dice.below(6), 12, 31) - timedelta(dice.pick([0, 1, dice.below(365)]))]
        ),
        is_registered_staff=dice.below(4) == 1,
    )
    return Case(terms, facts)


def _staff(dice: Dice) -> Decimal | int:
    return dice.pick(
        [
            dice.pick(STAFF_EDGES),
            dice.between(1, 3000),
            dice.between(1, 5_000_000),
            Decimal(dice.between(1, 4_000_000)).scaleb(-4),
        ]
    )


def _wages(dice: Dice, staff: Decimal | int, terms: Terms) -> Decimal:
    """On and around two or three times the social average, on half a fen of average wage, nothing, or anything."""
    heads, offset = Decimal(staff) / 12, dice.between(-2, 2)
    caps = [multiple * terms.social_average_wage * heads for multiple in (2, 3)]
    tie = heads * (dice.between(0, 500_000) + Decimal("0.005"))
    anything = Decimal(dice.below(10**13)).scaleb(-2)
    near = dice.pick([*caps, Decimal(0)]).quantize(FEN) + offset * FEN
    return dice.pick([max(near, Decimal(0)), tie.quantize(Decimal("0.000001")), anything])


def _credited(dice: Dice, staff: Decimal | int, ratio: Decimal) -> int:
    """On and around 1 % and the required ratio, zero, or some more."""
    mark = int(staff * dice.pick([Decimal("0.01"), ratio, Decimal(0)]))
    return max(mark + dice.pick([dice.between(-2, 2), dice.below(200)]), 0)


NATIONAL_CASES = st.binary(min_size=32, max_size=32).map(national_case)
REGIONAL_CASES = st.binary(min_size=32, max_size=32).map(regional_case)
