"""Regional differences in counting person-months. The defaults are the national rules."""

from dataclasses import dataclass, field
from enum import StrEnum

from law.settings import MonthDay, RegionalRules, described
from law.words import Words as _


class EmploymentAge(StrEnum):
    """The end of employment age (就业年龄段): statutory retirement, or the customary 60 and 55."""

    STATUTORY = "statutory"
    CUSTOMARY = "customary"


class DispatchMoves(StrEnum):
    """The transfer by an agreement that names the host: the credited month with its month of staff, or without."""

    HEADS_AND_STAFF = "heads_and_staff"
    HEADS_ONLY = "heads_only"


@dataclass(frozen=True, slots=True)
class CountingRules(RegionalRules):
    """The rules by which one region counts the person-months of one levy year."""

    filing_deadline: MonthDay = field(
        default=MonthDay(10, 31),
        metadata=described(_("申报截止日（次年）"), "财税〔2015〕72号第十二条", our_reading=True),
    )
    employment_age: EmploymentAge = field(
        default=EmploymentAge.STATUTORY,
        metadata=described(_("就业年龄上限"), "财税〔2015〕72号第七条第一款", our_reading=True),
    )
    dispatch: DispatchMoves = field(
        default=DispatchMoves.HEADS_AND_STAFF,
        metadata=described(_("劳务派遣协议划转范围"), "财政部公告2019年第98号第二条"),
    )
