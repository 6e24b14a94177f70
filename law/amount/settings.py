"""Regional differences in assessing. The defaults are the national rules."""

from dataclasses import dataclass, field
from enum import StrEnum

from law.averaging import NewEmployer
from law.settings import RegionalRules, described
from law.words import Words as _


class StaffRounding(StrEnum):
    """To what the year's average staff is rounded, half up, before it is used."""

    NONE = "none"
    WHOLE = "whole"
    TWO_PLACES = "2dp"
    FOUR_PLACES = "4dp"


class CreditedRounding(StrEnum):
    """To what the year's average of credited heads is rounded, half up, before it is used."""

    NONE = "none"
    TWO_PLACES = "2dp"


class ShortfallRounding(StrEnum):
    """To what the missing heads are rounded, half up. Never to whole heads: 差额人数可以不是整数."""

    NONE = "none"
    TWO_PLACES = "2dp"
    FOUR_PLACES = "4dp"


class WageBase(StrEnum):
    """The wage that is charged: the employer's own up to the cap, or the local social average wage."""

    OWN_CAPPED = "own_capped"
    SOCIAL_AVERAGE = "social_average"
    SOCIAL_AVERAGE_IF_BUDGET_FUNDED = "social_average_if_budget_funded"


class SurchargeCap(StrEnum):
    """The limit of a surcharge: the unpaid amount, or none."""

    PRINCIPAL = "principal"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class AssessmentRules(RegionalRules):
    """The rules by which one region assesses one levy year."""

    staff_rounding: StaffRounding = field(
        default=StaffRounding.NONE,
        metadata=described(_("职工年平均人数取整"), "财税〔2015〕72号第八条第二款", our_reading=True),
    )
    credited_rounding: CreditedRounding = field(
        default=CreditedRounding.NONE,
        metadata=described(_("安排年平均人数取整"), "残联厅函〔2022〕63号（四）", our_reading=True),
    )
    shortfall_rounding: ShortfallRounding = field(
        default=ShortfallRounding.NONE, metadata=described(_("差额人数取整"), "财税〔2015〕72号第八条第三款")
    )
    wage_base: WageBase = field(
        default=WageBase.OWN_CAPPED, metadata=described(_("计费工资口径"), "财政部公告2019年第98号第一条")
    )
    new_employer: NewEmployer = field(
        default=NewEmployer.TWELFTHS,
        metadata=described(_("新设单位折算"), "财税〔2015〕72号第八条第二款", our_reading=True),
    )
    surcharge_cap: SurchargeCap = field(
        default=SurchargeCap.PRINCIPAL,
        metadata=described(_("滞纳金上限"), "行政强制法第四十五条第二款", our_reading=True),
    )
