"""The way to the next threshold: the missing person-months, and the amount due after them."""

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from law.amount.facts import Facts, Terms, known
from law.amount.formula import assess
from law.amount.heads import averaged_over, rounded_months
from law.arithmetic import EXACT
from law.policy import Outcome


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of staff, the whole person-months still missing to reach it (0: reached) and what is due with them."""

    share: Decimal
    further_months: int
    payable: Decimal


@dataclass(frozen=True, slots=True)
class Margin:
    """The thresholds of one employer, lowest first."""

    thresholds: tuple[Threshold, ...]

    @property
    def next_threshold(self) -> Threshold | None:
        """The lowest threshold not reached; None when the required ratio is met or nothing can be assessed."""
        return next((threshold for threshold in self.thresholds if threshold.further_months), None)


def marginal(facts: Facts, terms: Terms) -> Margin:
    """The distance to each tier and to the required ratio, at the employer's present staff and wages."""
    assessed = assess(facts, terms)
    if assessed.outcome in (Outcome.MISSING, Outcome.NOT_LIABLE):
        return Margin(())
    staff = assessed.staff_months or 0
    shares = {tier.at_least for tier in terms.policy.tiers.value if 0 < tier.at_least < terms.required_ratio}
    return Margin(tuple(_threshold(facts, terms, staff, share) for share in sorted({*shares, terms.required_ratio})))


def _threshold(facts: Facts, terms: Terms, staff: Decimal | int, share: Decimal) -> Threshold:
    further = _further_months(facts, terms, EXACT.multiply(staff, share))
    reached = replace(facts, credited_months=EXACT.add(facts.credited_months, further))
    return Threshold(share, further, known(assess(reached, terms).payable))


def _further_months(facts: Facts, terms: Terms, target: Decimal) -> int:
    """Whole person-months to the target. A region that rounds credited heads may need one more, or one less."""
    months, rounding = averaged_over(facts, terms), terms.rules.credited_rounding
    missing = EXACT.subtract(target, facts.credited_months)
    further = max(int(missing.to_integral_value(ROUND_CEILING)) - 1, 0)
    while rounded_months(EXACT.add(facts.credited_months, further), months, rounding) < target:
        further += 1
    return further
