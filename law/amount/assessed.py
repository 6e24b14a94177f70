"""An assessment and the steps that explain it: one line per figure, with its formula, value and article.

The steps are rebuilt from the facts, terms and figures alone, so page, notice, PDF and API always show the same sheet.
"""

from dataclasses import dataclass
from decimal import Decimal

from law.amount.facts import IS_PAYER, Facts, Terms
from law.amount.heads import UNITS, averaged_over, came_later, staff_after_transfers, staff_of_wages
from law.amount.settings import CreditedRounding, ShortfallRounding, StaffRounding
from law.notation import number, percent, percent_of, yuan
from law.policy import Outcome
from law.words import Words
from law.words import Words as _

STAFF = "财税〔2015〕72号第八条第二款"
AVERAGE_WAGE = "财税〔2015〕72号第八条第四款"
REQUIRED = "财税〔2015〕72号第六条"
CREDITED = "财税〔2015〕72号第七条；残联厅函〔2022〕63号"
SHORTFALL = "财税〔2015〕72号第八条第三款"
AMOUNT = "财税〔2015〕72号第八条第一款"
PAYERS = "财税〔2015〕72号第二条"
INSPECTION = "财税〔2015〕72号第十一条"
TRANSFER = "财政部公告2019年第98号第二条"
REGIONAL_ROUNDING = _("地区规则")

PERSON_MONTHS = _("人月")
YUAN = _("元")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the calculation sheet: what, how with its numbers, how much (None: unknown), by which text."""

    code: str
    label: str
    formula: str
    value: Decimal | int | None
    unit: str
    citation: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """The result. Person-months are after agreements and any rounding of heads; money is in yuan to the fen.

    Where the outcome is MISSING or NOT_LIABLE there are no figures.
    """

    facts: Facts
    terms: Terms
    outcome: Outcome
    staff_months: Decimal | int | None = None
    required_months: Decimal | None = None
    credited_months: Decimal | int | None = None
    shortfall_months: Decimal | int | None = None
    average_wage: Decimal | None = None
    charged_wage: Decimal | None = None
    gross: Decimal | None = None
    relief: Decimal | None = None
    payable: Decimal | None = None

    @property
    def months(self) -> int:
        """The number of months over which heads are averaged."""
        return averaged_over(self.facts, self.terms)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The calculation sheet, about nine lines; a refusal explains itself in one or two."""
        if self.outcome is Outcome.NOT_LIABLE:
            return (_not_liable(self),)
        if self.outcome is Outcome.MISSING:
            return _missing(self.facts)
        return _sheet(self)


def _not_liable(assessed: Assessed) -> Step:
    if not IS_PAYER[assessed.facts.entity_type]:
        return Step("payable", _("应缴费额"), _("个体工商户不是征收对象"), None, YUAN, PAYERS)
    year = assessed.terms.policy.levy_year
    if came_later(assessed.facts, assessed.terms):
        formula = _("%(year)s年度以后登记设立，没有该年度申报，该年度不征收", year=year)
    else:
        formula = _("%(year)s年登记设立，按地区规则登记当年不征收", year=year)
    return Step("payable", _("应缴费额"), formula, None, YUAN, AMOUNT)


def _missing(facts: Facts) -> tuple[Step, ...]:
    """No staff, or staff but no wages: the sheet says which, and that the employer is to be urged to declare."""
    if facts.staff_months is None:
        staff, lack = _("无年度申报，也无税务登记职工人数"), _("缺职工人数，不能核定，应催报")
    elif not facts.staff_months:
        staff, lack = _("%(source)s = 0", source=_source(facts)), _("职工人数为0，不能核定，应催报")
    else:
        staff, lack = _source(facts), _("缺工资总额，不能核定，应催报")
    return (
        Step("staff_months", _("在职职工人月"), staff, facts.staff_months, PERSON_MONTHS, STAFF),
        Step("payable", _("应缴费额"), lack, None, YUAN, INSPECTION),
    )


def _source(facts: Facts) -> Words:
    if facts.is_registered_staff:
        return _("税务登记职工人数 × 12，四舍五入到整数")
    return _("各月在职职工人数之和")


def _sheet(assessed: Assessed) -> tuple[Step, ...]:
    facts, months = assessed.facts, assessed.months
    return (
        Step("staff_months", _("在职职工人月"), _source(facts), facts.staff_months, PERSON_MONTHS, STAFF),
        _average_wage(assessed, months),
        _charged_wage(assessed),
        *_moved_staff(facts),
        *_rounded_staff(assessed, months),
        _required(assessed),
        _credited(assessed, months),
        _shortfall(assessed, months),
        _gross(assessed, months),
        _relief(assessed, months),
        _payable(assessed),
    )


def _average_wage(assessed: Assessed, months: int) -> Step:
    facts = assessed.facts
    if facts.average_wage is not None:
        formula = _("按所报年平均工资 %(wage)s，四舍五入到分", wage=yuan(facts.average_wage))
    else:
        base = staff_of_wages(facts, assessed.terms, months)
        figures = {"wages": yuan(facts.total_wages), "staff": number(base), "months": months}
        formula = _("%(wages)s ÷（%(staff)s ÷ %(months)s），四舍五入到分", **figures)
        if facts.transferred_staff_months:
            formula = _("%(wages)s ÷（%(staff)s ÷ %(months)s），协议划转前，四舍五入到分", **figures)
    return Step("average_wage", _("年平均工资"), formula, assessed.average_wage, YUAN, AVERAGE_WAGE)


def _charged_wage(assessed: Assessed) -> Step:
    terms, average = assessed.terms, yuan(assessed.average_wage)
    policy = terms.policy.wage_cap_multiple
    citation = _cited(policy.citation, terms.social_average_wage_citation)
    if terms.charges_social_average(assessed.facts.entity_type):
        formula, citation = _("按当地社会平均工资"), _cited(AMOUNT, terms.social_average_wage_citation)
    elif terms.wage_cap is None:
        formula, citation = _("年平均工资 %(wage)s，不设上限", wage=average), policy.citation
    else:
        formula = _(
            "取小者：%(wage)s；当地社会平均工资 %(social)s × %(multiple)s = %(cap)s",
            wage=average,
            social=yuan(terms.social_average_wage),
            multiple=number(policy.value),
            cap=yuan(terms.wage_cap),
        )
    return Step("charged_wage", _("计费工资"), formula, assessed.charged_wage, YUAN, citation)


def _moved_staff(facts: Facts) -> tuple[Step, ...]:
    """A line of its own when agreements moved staff in (+) or out (−)."""
    moved = facts.transferred_staff_months
    if not moved:
        return ()
    figures = {"staff": number(facts.staff_months), "moved": number(abs(moved))}
    formula = _("%(staff)s + %(moved)s（按劳务派遣协议接收）", **figures)
    if moved < 0:
        formula = _("%(staff)s − %(moved)s（按劳务派遣协议划出）", **figures)
    return (Step("transfer", _("划转后人月"), formula, staff_after_transfers(facts), PERSON_MONTHS, TRANSFER),)


def _rounded_staff(assessed: Assessed, months: int) -> tuple[Step, ...]:
    """A line of its own where the region rounds average staff."""
    rounding = assessed.terms.rules.staff_rounding
    if rounding is StaffRounding.NONE:
        return ()
    formula = _rounding_formula(number(staff_after_transfers(assessed.facts)), months, rounding)
    value = assessed.staff_months
    return (Step("rounded_staff", _("取整后人月"), formula, value, PERSON_MONTHS, REGIONAL_ROUNDING),)


def _rounding_formula(person_months: str, months: int, rounding: str) -> str:
    figures = {"staff": person_months, "months": months, "unit": UNITS[rounding]}
    return _("%(staff)s ÷ %(months)s，四舍五入到 %(unit)s 人，再 × %(months)s", **figures)


def _required(assessed: Assessed) -> Step:
    terms = assessed.terms
    formula = f"{number(assessed.staff_months)} × {percent(terms.required_ratio)}"
    citation = _cited(REQUIRED, terms.required_ratio_citation)
    return Step("required_months", _("应安排人月"), formula, assessed.required_months, PERSON_MONTHS, citation)


def _credited(assessed: Assessed, months: int) -> Step:
    formula: str = _("审核认定的安排人月（重度残疾每月计2）")
    if assessed.facts.transferred_staff_months:
        formula = _("审核认定的安排人月（重度残疾每月计2），按劳务派遣协议划转后")
    rounding = assessed.terms.rules.credited_rounding
    if rounding is not CreditedRounding.NONE:
        formula = _rounding_formula(number(assessed.facts.credited_months), months, rounding)
    return Step("credited_months", _("已安排人月"), formula, assessed.credited_months, PERSON_MONTHS, CREDITED)


def _shortfall(assessed: Assessed, months: int) -> Step:
    rounding = assessed.terms.rules.shortfall_rounding
    formula = f"{number(assessed.required_months)} − {number(assessed.credited_months)}"
    if assessed.outcome is Outcome.MET:
        formula = _("%(difference)s，不足0的按0", difference=formula)
    elif rounding is not ShortfallRounding.NONE:
        formula = _rounding_formula(f"（{formula}）", months, rounding)
    return Step("shortfall_months", _("差额人月"), formula, assessed.shortfall_months, PERSON_MONTHS, SHORTFALL)


def _gross(assessed: Assessed, months: int) -> Step:
    gap, charged = number(assessed.shortfall_months), yuan(assessed.charged_wage)
    formula = _("%(gap)s × %(wage)s ÷ %(months)s，四舍五入到分", gap=gap, wage=charged, months=months)
    return Step("gross", _("应纳费额"), formula, assessed.gross, YUAN, AMOUNT)


def _relief(assessed: Assessed, months: int) -> Step:
    policy, outcome = assessed.terms.policy, assessed.outcome
    if outcome is Outcome.MET:
        formula, citation = _("已达规定比例，无需减免"), AMOUNT
    elif outcome is Outcome.EXEMPT:
        formula, citation = _exemption(assessed, months), policy.small_enterprise.citation
    elif outcome is Outcome.FULL:
        formula, citation = _("%(year)s年度没有分档减免", year=policy.levy_year), policy.tiers.citation
    else:
        formula, citation = _tier(assessed), policy.tiers.citation
    return Step("relief", _("减免费额"), formula, assessed.relief, YUAN, citation)


def _exemption(assessed: Assessed, months: int) -> Words:
    small = assessed.terms.policy.small_enterprise.value
    figures = {
        "staff": number(staff_after_transfers(assessed.facts)),
        "heads": small.staff_limit,
        "months": months,
        "limit": number(small.staff_limit * months),
        "gross": yuan(assessed.gross),
        "day": assessed.facts.registered_on,
        "years": small.years,
    }
    if small.years is None:
        return _(
            "企业在职职工 %(staff)s 人月，不超过 %(heads)s 人 × %(months)s = %(limit)s 人月，免征：%(gross)s × 100%%",
            **figures,
        )
    return _(
        "企业在职职工 %(staff)s 人月，不超过 %(heads)s 人 × %(months)s = %(limit)s 人月，"
        "%(day)s登记未满%(years)s年，免征：%(gross)s × 100%%",
        **figures,
    )


def _tier(assessed: Assessed) -> Words:
    credited, staff = assessed.credited_months or 0, assessed.staff_months or 0
    marks = tuple(tier.at_least for tier in assessed.terms.policy.tiers.value)
    figures = {
        "credited": number(credited),
        "staff": number(staff),
        "share": percent_of(credited, staff, marks),
        "mark": percent(max(marks)),
        "relief": percent(_tier_relief(assessed)),
        "gross": yuan(assessed.gross),
    }
    if assessed.outcome is Outcome.HALF:
        return _(
            "安排比例 %(credited)s ÷ %(staff)s = %(share)s，已达 %(mark)s，减征 %(relief)s："
            "%(gross)s × %(relief)s，四舍五入到分",
            **figures,
        )
    return _(
        "安排比例 %(credited)s ÷ %(staff)s = %(share)s，低于 %(mark)s，减征 %(relief)s："
        "%(gross)s × %(relief)s，四舍五入到分",
        **figures,
    )


def _tier_relief(assessed: Assessed) -> Decimal:
    return next(tier.relief for tier in assessed.terms.policy.tiers.value if tier.outcome is assessed.outcome)


def _payable(assessed: Assessed) -> Step:
    formula = f"{yuan(assessed.gross)} − {yuan(assessed.relief)}"
    return Step("payable", _("应缴费额"), formula, assessed.payable, YUAN, AMOUNT)


def _cited(national: str, regional: str) -> str:
    return f"{national}；{regional}" if regional else national
