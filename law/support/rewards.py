"""超比例奖励: what an employer is rewarded for placing more than its share. Pure Python, no Django, no database.

There is no national formula (财税〔2015〕72号第二十一条 only names the purpose), so the formula is data: RewardTerms.
Heads are person-months until the last step; the amount is rounded once, half up to the fen.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from law.amount import Step
from law.arithmetic import EXACT, divided_half_up, half_up
from law.notation import number, percent, yuan
from law.words import Words as _

MONTHS = 12
PERSON_MONTHS, HEADS, YUAN = _("人月"), _("人"), _("元")


class RewardBasis(StrEnum):
    """The reward of one head and year: a number of monthly minimum wages, or a fixed sum."""

    MINIMUM_WAGES = "minimum_wages"
    FIXED = "fixed"


class RewardOutcome(StrEnum):
    """The result of the test: rewarded, or the first condition that failed."""

    REWARDED = "rewarded"
    EXCLUDED = "excluded"
    YEARS_USED_UP = "years_used_up"
    NOT_OVER = "not_over"
    TOO_FEW = "too_few"
    NO_MINIMUM_WAGE = "no_minimum_wage"


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """One region's formula.

    `threshold_ratio` of staff is not rewarded; the excess over it must reach `minimum_excess` heads (含). With
    `whole_heads` the fraction of the excess is dropped. `severe_counts` is 1 or 2. `rate` is a number of monthly
    minimum wages or of yuan, per head and year. `cap` is yuan per employer and year; `maximum_years` counts all years.
    """

    threshold_ratio: Decimal
    whole_heads: bool
    minimum_excess: Decimal
    severe_counts: int
    basis: RewardBasis
    rate: Decimal
    citation: str
    cap: Decimal | None = None
    maximum_years: int | None = None
    excluded_entity_types: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.severe_counts not in (1, 2):
            raise ValueError(f"severe_counts must be 1 or 2: {self.severe_counts}")
        if not 0 < self.threshold_ratio < 1 or self.rate <= 0 or self.minimum_excess < 0:
            raise ValueError("ratio, rate and minimum excess must lie within their bounds")


@dataclass(frozen=True, slots=True)
class RewardFacts:
    """One employer's confirmed year. Months are after dispatch agreements.

    `credited_months` counts a severely disabled person twice, `head_months` once. `minimum_wage` is the local monthly
    one of 31 December of the levy year; `years_before` are the years rewarded already.
    """

    entity_type: str
    staff_months: int
    credited_months: int
    head_months: int
    minimum_wage: Decimal | None
    years_before: int = 0


@dataclass(frozen=True, slots=True)
class Rewarded:
    """The result. `rewarded_months` are the person-months paid for: whole heads × 12 where only whole heads count."""

    facts: RewardFacts
    terms: RewardTerms
    outcome: RewardOutcome
    counted_months: int = 0
    required_months: Decimal = Decimal(0)
    excess_months: Decimal = Decimal(0)
    rewarded_months: Decimal = Decimal(0)
    per_head: Decimal = Decimal(0)
    uncapped: Decimal = Decimal("0.00")
    amount: Decimal = Decimal("0.00")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The calculation sheet; a refusal stops at the condition that failed."""
        cited = self.terms.citation
        if self.outcome is RewardOutcome.EXCLUDED:
            return (Step("amount", _("奖励金额"), _("单位类型不在奖励范围"), self.amount, YUAN, cited),)
        if self.outcome is RewardOutcome.YEARS_USED_UP:
            figures = {"before": self.facts.years_before, "most": self.terms.maximum_years}
            formula = _("已奖励%(before)s年，累计以%(most)s年为限", **figures)
            return (Step("amount", _("奖励金额"), formula, self.amount, YUAN, cited),)
        heads = (_required(self), _counted(self), _excess(self))
        if self.outcome is not RewardOutcome.REWARDED:
            return (*heads, Step("amount", _("奖励金额"), _refusal(self), self.amount, YUAN, cited))
        return (*heads, _rewarded(self), _per_head(self), _amount(self))


def reward(facts: RewardFacts, terms: RewardTerms) -> Rewarded:
    """The reward of one employer and year. The result explains itself in `.steps`."""
    if facts.entity_type in terms.excluded_entity_types:
        return Rewarded(facts, terms, RewardOutcome.EXCLUDED)
    if terms.maximum_years is not None and facts.years_before >= terms.maximum_years:
        return Rewarded(facts, terms, RewardOutcome.YEARS_USED_UP)
    counted = facts.credited_months if terms.severe_counts == 2 else facts.head_months
    required = EXACT.multiply(facts.staff_months, terms.threshold_ratio)
    excess = max(EXACT.subtract(counted, required), Decimal(0))
    heads = counted, required, excess
    refusal = _refused(excess, facts, terms)
    if refusal is not None:
        return Rewarded(facts, terms, refusal, *heads)
    months = _whole_heads(excess) if terms.whole_heads else excess
    per_head = _per_head_and_year(facts, terms)
    uncapped = divided_half_up(EXACT.multiply(months, per_head), MONTHS)
    amount = uncapped if terms.cap is None else min(uncapped, half_up(terms.cap))
    return Rewarded(facts, terms, RewardOutcome.REWARDED, *heads, months, per_head, uncapped, amount)


def _refused(excess: Decimal, facts: RewardFacts, terms: RewardTerms) -> RewardOutcome | None:
    """The first condition on the excess that fails, in the order an office tests them; None if all are met."""
    if not excess:
        return RewardOutcome.NOT_OVER
    if excess < EXACT.multiply(terms.minimum_excess, MONTHS) or (terms.whole_heads and excess < MONTHS):
        return RewardOutcome.TOO_FEW
    if terms.basis is RewardBasis.MINIMUM_WAGES and facts.minimum_wage is None:
        return RewardOutcome.NO_MINIMUM_WAGE
    return None


def _whole_heads(excess: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.divide_int(excess, Decimal(MONTHS)), MONTHS)


def _per_head_and_year(facts: RewardFacts, terms: RewardTerms) -> Decimal:
    if terms.basis is RewardBasis.FIXED or facts.minimum_wage is None:
        return terms.rate
    return EXACT.multiply(facts.minimum_wage, terms.rate)


def _required(result: Rewarded) -> Step:
    formula = f"{number(result.facts.staff_months)} × {percent(result.terms.threshold_ratio)}"
    value = result.required_months
    return Step("required_months", _("比例以内人月"), formula, value, PERSON_MONTHS, result.terms.citation)


def _counted(result: Rewarded) -> Step:
    formula = _("审核认定的安排人月（重度残疾每月计%(weight)s）", weight=result.terms.severe_counts)
    value = result.counted_months
    return Step("counted_months", _("已安排人月"), formula, value, PERSON_MONTHS, result.terms.citation)


def _excess(result: Rewarded) -> Step:
    difference = f"{number(result.counted_months)} − {number(result.required_months)}"
    formula = _("%(difference)s，不足0的按0", difference=difference)
    value = result.excess_months
    return Step("excess_months", _("超比例人月"), formula, value, PERSON_MONTHS, result.terms.citation)


def _refusal(result: Rewarded) -> str:
    least = max(result.terms.minimum_excess, Decimal(1 if result.terms.whole_heads else 0))
    return {
        RewardOutcome.NOT_OVER: _("未超过奖励比例"),
        RewardOutcome.TOO_FEW: _(
            "超比例%(excess)s人月，不足%(least)s人 × %(months)s",
            excess=number(result.excess_months),
            least=number(least),
            months=MONTHS,
        ),
        RewardOutcome.NO_MINIMUM_WAGE: _("没有登记当地最低工资，不能计算"),
    }[result.outcome]


def _rewarded(result: Rewarded) -> Step:
    cited = result.terms.citation
    if not result.terms.whole_heads:
        formula = _("按超比例人月计，可以不是整数人")
        return Step("rewarded_months", _("奖励人月"), formula, result.rewarded_months, PERSON_MONTHS, cited)
    heads = EXACT.divide_int(result.rewarded_months, Decimal(MONTHS))
    formula = _("%(excess)s ÷ %(months)s，只取整数", excess=number(result.excess_months), months=MONTHS)
    return Step("rewarded_heads", _("奖励人数"), formula, heads, HEADS, cited)


def _per_head(result: Rewarded) -> Step:
    terms = result.terms
    formula = _("定额")
    if terms.basis is RewardBasis.MINIMUM_WAGES and result.facts.minimum_wage is not None:
        figures = {"wage": yuan(result.facts.minimum_wage), "rate": number(terms.rate)}
        formula = _("当地月最低工资 %(wage)s × %(rate)s", **figures)
    return Step("per_head", _("每人每年标准"), formula, result.per_head, YUAN, terms.citation)


def _amount(result: Rewarded) -> Step:
    months, standard = number(result.rewarded_months), yuan(result.per_head)
    if result.terms.whole_heads:
        formula = f"{months} ÷ {MONTHS} × {standard}"
    else:
        formula = _("%(gap)s × %(wage)s ÷ %(months)s，四舍五入到分", gap=months, wage=standard, months=MONTHS)
    if result.amount < result.uncapped:
        figures = {"formula": formula, "uncapped": yuan(result.uncapped), "amount": yuan(result.amount)}
        formula = _("%(formula)s = %(uncapped)s，每户每年以 %(amount)s 为限", **figures)
    return Step("amount", _("奖励金额"), formula, result.amount, YUAN, result.terms.citation)
