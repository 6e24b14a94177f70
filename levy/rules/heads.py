"""From person-months to the heads a region may round, and the months a year's average is taken over."""

from decimal import Decimal

from levy.rules.arithmetic import EXACT, divided_half_up
from levy.rules.facts import Facts, Terms, known
from levy.rules.settings import CreditedRounding, NewEmployer, ShortfallRounding, StaffRounding

MONTHS = 12

UNITS = {
    StaffRounding.WHOLE.value: Decimal(1),
    StaffRounding.TWO_PLACES.value: Decimal("0.01"),
    StaffRounding.FOUR_PLACES.value: Decimal("0.0001"),
}


def in_founding_year(facts: Facts, terms: Terms) -> bool:
    """Whether the employer was registered in the levy year."""
    return facts.registered_on is not None and facts.registered_on.year == terms.policy.levy_year


def months_averaged(facts: Facts, terms: Terms) -> int:
    """Over how many months heads are averaged: 12, or from the month of registration on where the region says so."""
    if terms.rules.new_employer is NewEmployer.MONTHS_SINCE_REGISTRATION and in_founding_year(facts, terms):
        return MONTHS - known(facts.registered_on).month + 1
    return MONTHS


def staff_of_wages(facts: Facts, terms: Terms, months: int) -> Decimal | int:
    """The staff that total wages are divided by: before any agreement moves staff, rounded as the region says.

    Staff that rounds to nobody at all still has an average wage, so it is then left as it is.
    """
    staff = known(facts.staff_months)
    return rounded_months(staff, months, terms.rules.staff_rounding) or staff


def staff_after_transfers(facts: Facts) -> Decimal | int:
    """Staff person-months after dispatch agreements, never below 0. The employer must have declared some."""
    staff = known(facts.staff_months) + facts.transferred_staff_months
    return staff if staff > 0 else 0


def rounded_months(
    person_months: Decimal | int, months: int, rounding: StaffRounding | CreditedRounding | ShortfallRounding
) -> Decimal | int:
    """Person-months whose average over `months` is rounded as the region says; unchanged where it says nothing."""
    unit = UNITS.get(rounding.value)
    if unit is None:
        return person_months
    return EXACT.multiply(divided_half_up(person_months, months, unit), months)
