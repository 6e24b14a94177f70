"""From person-months to the heads a region may round, and the months a year's average is taken over."""

from decimal import Decimal

from law.amount.facts import Facts, Terms
from law.amount.settings import CreditedRounding, ShortfallRounding, StaffRounding
from law.arithmetic import EXACT, divided_half_up
from law.averaging import months_averaged

# By the text of a rounding, which the three settings share.
UNITS: dict[str, Decimal] = {
    StaffRounding.WHOLE: Decimal(1),
    StaffRounding.TWO_PLACES: Decimal("0.01"),
    StaffRounding.FOUR_PLACES: Decimal("0.0001"),
}


def came_later(facts: Facts, terms: Terms) -> bool:
    """True if the employer was registered after the levy year and filed nothing for it.

    The staff of its tax registration is then not the staff of the levy year."""
    registered_on = facts.registered_on
    return facts.is_registered_staff and registered_on is not None and registered_on.year > terms.policy.levy_year


def averaged_over(facts: Facts, terms: Terms) -> int:
    """Over how many months this employer's heads are averaged (law.averaging)."""
    return months_averaged(facts.registered_on, terms.policy.levy_year, terms.rules.new_employer)


def staff_of_wages(facts: Facts, terms: Terms, months: int) -> Decimal | int:
    """The staff that total wages are divided by: before any agreement moves staff, rounded as the region says.

    Staff that rounds to nobody at all still has an average wage, so it is then left as it is.
    """
    staff = facts.staff_months or 0
    return rounded_months(staff, months, terms.rules.staff_rounding) or staff


def staff_after_transfers(facts: Facts) -> Decimal | int:
    """Staff person-months after dispatch agreements, never below 0."""
    staff = facts.staff_months or 0
    if not facts.transferred_staff_months:
        return staff
    return max(EXACT.add(staff, facts.transferred_staff_months), Decimal(0))


def rounded_months(
    person_months: Decimal | int, months: int, rounding: StaffRounding | CreditedRounding | ShortfallRounding
) -> Decimal | int:
    """Person-months whose average over `months` is rounded as the region says; unchanged where it says nothing."""
    unit = UNITS.get(rounding)
    if unit is None:
        return person_months
    return EXACT.multiply(divided_half_up(person_months, months, unit), months)
