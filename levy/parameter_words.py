"""Names of a region's numbers and rules, and of their values, on pages."""

from dataclasses import Field, fields
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from design.law_words import translated
from law.amount import AssessmentRules
from law.amount.settings import StaffRounding, SurchargeCap, WageBase
from law.averaging import NewEmployer
from law.counting import CountingRules
from law.counting.settings import DispatchMoves, EmploymentAge
from quota.enums import NumberKind

RULES: dict[str, Field] = {rule.name: rule for group in (CountingRules, AssessmentRules) for rule in fields(group)}

VALUES = {
    EmploymentAge.STATUTORY: gettext_lazy("到法定退休年龄"),
    EmploymentAge.CUSTOMARY: gettext_lazy("男60周岁，女55周岁"),
    DispatchMoves.HEADS_AND_STAFF: gettext_lazy("安排人数和职工人数一并划转"),
    DispatchMoves.HEADS_ONLY: gettext_lazy("只划转安排人数"),
    StaffRounding.NONE: gettext_lazy("不取整"),
    StaffRounding.WHOLE: gettext_lazy("四舍五入到整数"),
    StaffRounding.TWO_PLACES: gettext_lazy("四舍五入到两位小数"),
    StaffRounding.FOUR_PLACES: gettext_lazy("四舍五入到四位小数"),
    WageBase.OWN_CAPPED: gettext_lazy("本单位年平均工资，不超过上限"),
    WageBase.SOCIAL_AVERAGE: gettext_lazy("当地社会平均工资"),
    WageBase.SOCIAL_AVERAGE_IF_BUDGET_FUNDED: gettext_lazy("财政供养单位按当地社会平均工资"),
    NewEmployer.TWELFTHS: gettext_lazy("按12个月平均"),
    NewEmployer.MONTHS_SINCE_REGISTRATION: gettext_lazy("按登记以后的月数平均"),
    NewEmployer.FOUNDING_YEAR_FREE: gettext_lazy("登记当年不征收"),
    SurchargeCap.PRINCIPAL: gettext_lazy("不超过欠缴数额"),
}
NO_LIMIT = gettext_lazy("不设上限")  # "none" of the surcharge means this, of a rounding 不取整


def is_number(name: str) -> bool:
    """True for a regional number, False for a rule."""
    return name in NumberKind.values


def name_in_words(name: str) -> str:
    """The name of a number or a rule; an unknown name is returned unchanged."""
    if is_number(name):
        return str(NumberKind(name).label)
    return str(translated(RULES[name].metadata["label"])) if name in RULES else name


def value_in_words(name: str, value: str) -> str:
    """A stored value as a reader expects it: 1.5%, 84,876.00元, 四舍五入到两位小数, 10月31日."""
    if name == NumberKind.REQUIRED_RATIO:
        return f"{(Decimal(value) * 100).normalize():f}%"
    if is_number(name):
        return _("%(amount)s元") % {"amount": f"{Decimal(value):,.2f}"}
    if name == "surcharge_cap" and value == SurchargeCap.NONE:
        return str(NO_LIMIT)
    if name == "filing_deadline":
        month, _dash, day = value.partition("-")
        return _("%(month)s月%(day)s日") % {"month": int(month), "day": int(day)}
    return str(VALUES.get(value, value))
