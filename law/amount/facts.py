"""The input of an assessment: the facts of one employer's year, and the terms of its region and year."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from law.amount.settings import AssessmentRules, WageBase
from law.arithmetic import EXACT, in_fen
from law.codes import EntityType
from law.policy import PolicyYear
from law.words import Words as _

IS_PAYER = {kind: kind is not EntityType.SOLE_TRADER for kind in EntityType}
# Our reading of 财政拨款单位: what the budget pays for, by kind of employer.
BUDGET_FUNDED = frozenset({EntityType.ORGAN, EntityType.ASSOCIATION, EntityType.INSTITUTION})


def known(amount: Decimal | None) -> Decimal:
    """An amount that an earlier test has found to be there."""
    assert amount is not None
    return amount


class TermsError(ValueError):
    """The region's parameters cannot be right. The message is for the administrator."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One employer's year. Quantities are person-months and yuan, none of them negative; wages are those of the year.

    `staff_months` is the return's sum, or the tax registration's if `is_registered_staff`, before any agreement moves
    staff; `transferred_staff_months` is the balance of what agreements bring (+) and take (−). `credited_months` is
    after agreements. Give `total_wages`, or `average_wage` where only that is known; it then goes first.
    """

    entity_type: EntityType
    staff_months: Decimal | int | None
    total_wages: Decimal | None = None
    average_wage: Decimal | None = None
    credited_months: Decimal | int = 0
    transferred_staff_months: int = 0
    registered_on: date | None = None
    is_registered_staff: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a region and levy year: national policy, regional ratio and wage, and the region's differences.

    Raises TermsError if the ratio is below the national floor, or a wage is needed that the region has not set.
    """

    policy: PolicyYear
    required_ratio: Decimal
    social_average_wage: Decimal | None
    required_ratio_citation: str = ""
    social_average_wage_citation: str = ""
    rules: AssessmentRules = field(default_factory=AssessmentRules)
    wage_cap: Decimal | None = field(init=False)

    def __post_init__(self) -> None:
        floor = self.policy.ratio_floor.value
        if not floor <= self.required_ratio < 1:
            figures = {"ratio": self.required_ratio, "floor": floor}
            raise TermsError(_("规定比例%(ratio)s不在%(floor)s（含）至1之间，请核对地区参数。", **figures))
        wage = self.social_average_wage
        if wage is not None and wage <= 0:
            raise TermsError(_("社会平均工资须大于0，请核对地区参数。"))
        # A wage that comes with more decimals than it needs is written in fen, since it may become a figure.
        object.__setattr__(self, "social_average_wage", None if wage is None else in_fen(wage))
        object.__setattr__(self, "wage_cap", self._wage_cap())

    def charges_social_average(self, entity_type: str) -> bool:
        """True if this type of employer is charged on the local social average wage instead of its own wage."""
        base = self.rules.wage_base
        if base is WageBase.OWN_CAPPED:
            return False
        return base is WageBase.SOCIAL_AVERAGE or entity_type in BUDGET_FUNDED

    def _wage_cap(self) -> Decimal | None:
        multiple = self.policy.wage_cap_multiple.value
        needs_wage = self.rules.wage_base is not WageBase.OWN_CAPPED
        if self.social_average_wage is None and (multiple is not None or needs_wage):
            year = self.policy.levy_year
            raise TermsError(_("没有登记%(year)s年的社会平均工资，请补录地区参数。", year=year))
        if multiple is None or self.social_average_wage is None:
            return None
        return EXACT.multiply(self.social_average_wage, multiple)
