"""An assessment and the steps that explain it: one line per figure, with its formula, value and article.

The steps are rebuilt from the facts, terms and figures alone, so page, notice, PDF and API always show the same sheet.
"""

from dataclasses import dataclass
from decimal import Decimal

from levy.policy import Outcome
from levy.rules.facts import IS_PAYER, Facts, Terms
from levy.rules.heads import UNITS, months_averaged, staff_after_transfers, staff_of_wages
from levy.rules.notation import number, percent, percent_of, yuan
from levy.rules.settings import CreditedRounding, ShortfallRounding, StaffRounding

STAFF = "财税〔2015〕72号第八条第二款"
AVERAGE_WAGE = "财税〔2015〕72号第八条第四款"
REQUIRED = "财税〔2015〕72号第六条"
CREDITED = "财税〔2015〕72号第七条；残联厅函〔2022〕63号"
SHORTFALL = "财税〔2015〕72号第八条第三款"
AMOUNT = "财税〔2015〕72号第八条第一款"
PAYERS = "财税〔2015〕72号第二条"
INSPECTION = "财税〔2015〕72号第十一条"
TRANSFER = "财政部公告2019年第98号第二条"
REGIONAL_ROUNDING = "地区规则"

PERSON_MONTHS = "人月"
YUAN = "元"


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
    def steps(self) -> tuple[Step, ...]:
        """The calculation sheet, about nine lines; a refusal explains itself in one or two."""
        if self.outcome is Outcome.NOT_LIABLE:
            return (_not_liable(self),)
        if self.outcome is Outcome.MISSING:
            return _missing(self.facts)
        return _sheet(self)


def _not_liable(assessed: Assessed) -> Step:
    if not IS_PAYER[assessed.facts.entity_type]:
        return Step("payable", "应缴费额", "个体工商户不是征收对象", None, YUAN, PAYERS)
    year = assessed.terms.policy.levy_year
    return Step("payable", "应缴费额", f"{year}年登记设立，按地区规则登记当年不征收", None, YUAN, AMOUNT)


def _missing(facts: Facts) -> tuple[Step, ...]:
    """No staff, or staff but no wages: the sheet says which, and that the employer is to be urged to declare."""
    if facts.staff_months is None:
        staff, lack = "无年度申报，也无税务登记职工人数", "缺职工人数"
    elif not facts.staff_months:
        staff, lack = f"{_source(facts)} = 0", "职工人数为0"
    else:
        staff, lack = _source(facts), "缺工资总额"
    return (
        Step("staff_months", "在职职工人月", staff, facts.staff_months, PERSON_MONTHS, STAFF),
        Step("payable", "应缴费额", f"{lack}，不能核定，应催报", None, YUAN, INSPECTION),
    )


def _source(facts: Facts) -> str:
    return "税务登记职工人数 × 12，四舍五入到整数" if facts.is_registered_staff else "各月在职职工人数之和"


def _sheet(assessed: Assessed) -> tuple[Step, ...]:
    facts, terms = assessed.facts, assessed.terms
    months = months_averaged(facts, terms)
    return (
        Step("staff_months", "在职职工人月", _source(facts), facts.staff_months, PERSON_MONTHS, STAFF),
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
        formula = f"按所报年平均工资 {yuan(facts.average_wage)}，四舍五入到分"
    else:
        base = staff_of_wages(facts, assessed.terms, months)
        before = "，协议划转前" if facts.transferred_staff_months else ""
        formula = f"{yuan(facts.total_wages)} ÷（{number(base)} ÷ {months}）{before}，四舍五入到分"
    return Step("average_wage", "年平均工资", formula, assessed.average_wage, YUAN, AVERAGE_WAGE)


def _charged_wage(assessed: Assessed) -> Step:
    terms, average = assessed.terms, yuan(assessed.average_wage)
    policy = terms.policy.wage_cap_multiple
    citation = _cited(policy.citation, terms.social_average_wage_citation)
    if terms.charges_social_average(assessed.facts.entity_type):
        formula, citation = "按当地社会平均工资", _cited(AMOUNT, terms.social_average_wage_citation)
    elif terms.wage_cap is None:
        formula, citation = f"年平均工资 {average}，不设上限", policy.citation
    else:
        social, cap = yuan(terms.social_average_wage), yuan(terms.wage_cap)
        formula = f"取小者：{average}；当地社会平均工资 {social} × {number(policy.value)} = {cap}"
    return Step("charged_wage", "计费工资", formula, assessed.charged_wage, YUAN, citation)


def _moved_staff(facts: Facts) -> tuple[Step, ...]:
    """A line of its own when agreements moved staff in (+) or out (−)."""
    moved = facts.transferred_staff_months
    if not moved:
        return ()
    sign, way = ("+", "接收") if moved > 0 else ("−", "划出")
    formula = f"{number(facts.staff_months)} {sign} {number(abs(moved))}（按劳务派遣协议{way}）"
    return (Step("transfer", "划转后人月", formula, staff_after_transfers(facts), PERSON_MONTHS, TRANSFER),)


def _rounded_staff(assessed: Assessed, months: int) -> tuple[Step, ...]:
    """A line of its own where the region rounds average staff."""
    rounding = assessed.terms.rules.staff_rounding
    if rounding is StaffRounding.NONE:
        return ()
    formula = _rounding_formula(number(staff_after_transfers(assessed.facts)), months, rounding)
    value = assessed.staff_months
    return (Step("rounded_staff", "取整后人月", formula, value, PERSON_MONTHS, REGIONAL_ROUNDING),)


def _rounding_formula(person_months: str, months: int, rounding: str) -> str:
    return f"{person_months} ÷ {months}，四舍五入到 {UNITS[rounding]} 人，再 × {months}"


def _required(assessed: Assessed) -> Step:
    terms = assessed.terms
    formula = f"{number(assessed.staff_months)} × {percent(terms.required_ratio)}"
    citation = _cited(REQUIRED, terms.required_ratio_citation)
    return Step("required_months", "应安排人月", formula, assessed.required_months, PERSON_MONTHS, citation)


def _credited(assessed: Assessed, months: int) -> Step:
    formula, rounding = "审核认定的安排人月（重度残疾每月计2）", assessed.terms.rules.credited_rounding
    if rounding is not CreditedRounding.NONE:
        formula = _rounding_formula(number(assessed.facts.credited_months), months, rounding)
    return Step("credited_months", "已安排人月", formula, assessed.credited_months, PERSON_MONTHS, CREDITED)


def _shortfall(assessed: Assessed, months: int) -> Step:
    rounding = assessed.terms.rules.shortfall_rounding
    formula = f"{number(assessed.required_months)} − {number(assessed.credited_months)}"
    if assessed.outcome is Outcome.MET:
        formula = f"{formula}，不足0的按0"
    elif rounding is not ShortfallRounding.NONE:
        formula = _rounding_formula(f"（{formula}）", months, rounding)
    return Step("shortfall_months", "差额人月", formula, assessed.shortfall_months, PERSON_MONTHS, SHORTFALL)


def _gross(assessed: Assessed, months: int) -> Step:
    gap, charged = number(assessed.shortfall_months), yuan(assessed.charged_wage)
    formula = f"{gap} × {charged} ÷ {months}，四舍五入到分"
    return Step("gross", "应纳费额", formula, assessed.gross, YUAN, AMOUNT)


def _relief(assessed: Assessed, months: int) -> Step:
    policy, outcome, gross = assessed.terms.policy, assessed.outcome, yuan(assessed.gross)
    if outcome is Outcome.MET:
        formula, citation = "已达规定比例，无需减免", AMOUNT
    elif outcome is Outcome.EXEMPT:
        formula, citation = f"{_exemption(assessed, months)}，免征：{gross} × 100%", policy.small_enterprise.citation
    elif outcome is Outcome.FULL:
        formula, citation = f"{policy.levy_year}年度没有分档减免", policy.tiers.citation
    else:
        formula = f"{_tier(assessed)}：{gross} × {percent(_tier_relief(assessed))}，四舍五入到分"
        citation = policy.tiers.citation
    return Step("relief", "减免费额", formula, assessed.relief, YUAN, citation)


def _exemption(assessed: Assessed, months: int) -> str:
    small = assessed.terms.policy.small_enterprise.value
    staff = number(staff_after_transfers(assessed.facts))
    limit = number(small.staff_limit * months)
    registered = "" if small.years is None else f"，{assessed.facts.registered_on}登记未满{small.years}年"
    return f"企业在职职工 {staff} 人月，不超过 {small.staff_limit} 人 × {months} = {limit} 人月{registered}"


def _tier(assessed: Assessed) -> str:
    credited, staff = assessed.credited_months or 0, assessed.staff_months or 0
    marks = tuple(tier.at_least for tier in assessed.terms.policy.tiers.value)
    share = percent_of(credited, staff, marks)
    highest = percent(max(marks))
    side = f"已达 {highest}" if assessed.outcome is Outcome.HALF else f"低于 {highest}"
    return f"安排比例 {number(credited)} ÷ {number(staff)} = {share}，{side}，减征 {percent(_tier_relief(assessed))}"


def _tier_relief(assessed: Assessed) -> Decimal:
    return next(tier.relief for tier in assessed.terms.policy.tiers.value if tier.outcome is assessed.outcome)


def _payable(assessed: Assessed) -> Step:
    formula = f"{yuan(assessed.gross)} − {yuan(assessed.relief)}"
    return Step("payable", "应缴费额", formula, assessed.payable, YUAN, AMOUNT)


def _cited(national: str, regional: str) -> str:
    return f"{national}；{regional}" if regional else national
