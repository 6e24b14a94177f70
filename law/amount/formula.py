"""The levy of one employer and year: shortfall × wage, then the relief of its tier (formula of 第八条).

Three roundings, each half up to the fen: average wage, amount, relief. A region may add roundings of heads
(AssessmentRules); without them person-months are used as they are.
"""

from datetime import date
from decimal import Decimal

from law.amount.assessed import Assessed
from law.amount.facts import IS_PAYER, Facts, Terms, known
from law.amount.heads import (
    averaged_over,
    came_later,
    rounded_months,
    staff_after_transfers,
    staff_of_wages,
)
from law.arithmetic import EXACT, divided_half_up, half_up
from law.averaging import NewEmployer, founding_month
from law.codes import EntityType
from law.policy import Outcome

_NOTHING = Decimal("0.00")
_WHOLE = Decimal(1)


def assess(facts: Facts, terms: Terms) -> Assessed:
    """Assess one employer. The result explains itself in `.steps`. Raises KeyError for an unknown entity type."""
    if not _is_liable(facts, terms):
        return Assessed(facts, terms, Outcome.NOT_LIABLE)
    if not facts.staff_months or (facts.total_wages is None and facts.average_wage is None):
        return Assessed(facts, terms, Outcome.MISSING)
    rules, months = terms.rules, averaged_over(facts, terms)
    average = _average_wage(facts, terms, months)
    charged = _charged_wage(average, facts, terms)
    unrounded = staff_after_transfers(facts)
    staff = rounded_months(unrounded, months, rules.staff_rounding)
    credited = rounded_months(facts.credited_months, months, rules.credited_rounding)
    required = EXACT.multiply(staff, terms.required_ratio)
    heads = staff, required, credited
    if required <= credited:
        return Assessed(facts, terms, Outcome.MET, *heads, 0, average, charged, _NOTHING, _NOTHING, _NOTHING)
    gap = rounded_months(EXACT.subtract(required, credited), months, rules.shortfall_rounding)
    gross = divided_half_up(EXACT.multiply(gap, charged), months)
    # The exemption looks at staff before any rounding of heads.
    is_exempt = unrounded <= terms.policy.small_enterprise.value.staff_limit * months and _may_be_exempt(facts, terms)
    outcome, share = (Outcome.EXEMPT, _WHOLE) if is_exempt else _tier(terms, staff, credited)
    relief = half_up(EXACT.multiply(gross, share))
    payable = EXACT.subtract(gross, relief)
    return Assessed(facts, terms, outcome, *heads, gap, average, charged, gross, relief, payable)


def _is_liable(facts: Facts, terms: Terms) -> bool:
    """第二条: five kinds of employer pay, by their staff of the levy year (第八条). A region may leave an employer's
    founding year free."""
    if not IS_PAYER[facts.entity_type] or came_later(facts, terms):
        return False
    is_free = terms.rules.new_employer is NewEmployer.FOUNDING_YEAR_FREE
    return not (is_free and founding_month(facts.registered_on, terms.policy.levy_year))


def _average_wage(facts: Facts, terms: Terms, months: int) -> Decimal:
    """第八条第四款: total wages by staff, both before any agreement moves staff."""
    if facts.average_wage is not None:
        return half_up(facts.average_wage)
    return divided_half_up(EXACT.multiply(known(facts.total_wages), months), staff_of_wages(facts, terms, months))


def _charged_wage(average: Decimal, facts: Facts, terms: Terms) -> Decimal:
    if terms.charges_social_average(facts.entity_type):
        return known(terms.social_average_wage)
    return average if terms.wage_cap is None else min(average, terms.wage_cap)


def _may_be_exempt(facts: Facts, terms: Terms) -> bool:
    """Small staff exempts enterprises only, and until levy year 2018 only young ones."""
    years = terms.policy.small_enterprise.value.years
    if facts.entity_type != EntityType.ENTERPRISE:
        return False
    return years is None or is_within_years(facts.registered_on, years, terms.policy.levy_year)


def _tier(terms: Terms, staff: Decimal | int, credited: Decimal | int) -> tuple[Outcome, Decimal]:
    """The highest tier that the credited share of staff reaches (含), with the share of the amount it relieves."""
    for tier in terms.policy.tiers.value:
        if credited >= EXACT.multiply(staff, tier.at_least):
            return tier.outcome, tier.relief
    return Outcome.FULL, _NOTHING


def is_within_years(registered_on: date | None, years: int, levy_year: int) -> bool:
    """True if 31 December of the levy year is within `years` years of registration, the last day included.

    Our reading: the anniversary is the last day, as in 民法典第二百零二条. An unknown date proves nothing.
    """
    if registered_on is None:
        return False
    return (registered_on.year + years, registered_on.month, registered_on.day) >= (levy_year, 12, 31)
