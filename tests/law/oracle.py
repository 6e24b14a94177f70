"""A second opinion on the levy: the law again, in fractions, without code or numbers of the rules.

It is slow and plain on purpose. Amounts are whole fen.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

PAYERS = {"organ", "association", "enterprise", "institution", "private_non_enterprise"}
BUDGET_FUNDED = {"organ", "association", "institution"}
DECIMALS = {"whole": 0, "2dp": 2, "4dp": 4}


@dataclass(frozen=True)
class Year:
    """One employer's year in plain numbers, and the region's settings by name."""

    levy_year: int
    entity_type: str
    staff_months: Fraction | None
    moved: int
    credited: Fraction
    total_wages: Fraction | None
    ratio: Fraction
    social_average: Fraction
    registered_on: date | None
    has_return: bool
    staff_rounding: str = "none"
    credited_rounding: str = "none"
    shortfall_rounding: str = "none"
    wage_base: str = "own_capped"
    new_employer: str = "twelfths"


@dataclass(frozen=True)
class Opinion:
    outcome: str
    average_wage: int = 0
    gross: int = 0
    relief: int = 0
    payable: int = 0


def fen(yuan: Fraction) -> int:
    return floor(yuan * 100 + Fraction(1, 2))


def rounded(heads: Fraction, mode: str) -> Fraction:
    if mode == "none":
        return heads
    scale = 10 ** DECIMALS[mode]
    return Fraction(floor(heads * scale + Fraction(1, 2)), scale)


def opinion(year: Year) -> Opinion:
    founded_now = year.registered_on is not None and year.registered_on.year == year.levy_year
    if year.entity_type not in PAYERS or (founded_now and year.new_employer == "founding_year_free"):
        return Opinion("not_liable")
    if year.registered_on is not None and year.registered_on.year > year.levy_year and not year.has_return:
        return Opinion("not_liable")
    if not year.staff_months or year.total_wages is None:
        return Opinion("missing")
    months = 12
    if founded_now and year.new_employer == "months_since_registration":
        months = 13 - year.registered_on.month
    declared = year.staff_months / months
    average = fen(year.total_wages / (rounded(declared, year.staff_rounding) or declared))
    staff_exact = max(year.staff_months + year.moved, Fraction(0)) / months
    staff = rounded(staff_exact, year.staff_rounding)
    credited = rounded(year.credited / months, year.credited_rounding)
    if credited >= staff * year.ratio:
        return Opinion("met", average)
    gap = rounded(staff * year.ratio - credited, year.shortfall_rounding)
    gross = fen(gap * charged(year, Fraction(average, 100)))
    outcome, percent = band(year, staff_exact, staff, credited)
    relief = floor(Fraction(gross * percent, 100) + Fraction(1, 2))
    return Opinion(outcome, average, gross, relief, gross - relief)


def charged(year: Year, average: Fraction) -> Fraction:
    funded = year.wage_base == "social_average_if_budget_funded" and year.entity_type in BUDGET_FUNDED
    if funded or year.wage_base == "social_average":
        return year.social_average
    if year.levy_year == 2015:
        return average
    return min(average, year.social_average * (3 if year.levy_year == 2016 else 2))


def band(year: Year, staff_exact: Fraction, staff: Fraction, credited: Fraction) -> tuple[str, int]:
    is_small = year.entity_type == "enterprise" and staff_exact <= (20 if year.levy_year == 2015 else 30)
    if is_small and (year.levy_year >= 2019 or young(year)):
        return "exempt", 100
    if year.levy_year < 2019:
        return "full", 0
    return ("half", 50) if credited / staff >= Fraction(1, 100) else ("ninety", 10)


def young(year: Year) -> bool:
    """Within three years of registration on 31 December, anniversary included."""
    if year.registered_on is None:
        return False
    years = year.levy_year - year.registered_on.year
    return years < 3 or (years == 3 and (year.registered_on.month, year.registered_on.day) == (12, 31))
