"""How a region may differ from the national way of counting, and how its dated setting rows are read.

Every difference is one field of a frozen dataclass with the national default. A region's rows are `name -> text`;
what a row may say is decided here, so an unknown name or value is refused before it can count anyone wrongly.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from law.settings import MonthDay, RegionalRules, described
from law.words import Words as _


class EmploymentAge(StrEnum):
    """Where employment age (就业年龄段) ends: with statutory retirement, or at the customary 60 and 55."""

    STATUTORY = "statutory"
    CUSTOMARY = "customary"


class DispatchMoves(StrEnum):
    """What an agreement that names the host moves: the credited month with its month of staff, or the former alone."""

    HEADS_AND_STAFF = "heads_and_staff"
    HEADS_ONLY = "heads_only"


@dataclass(frozen=True, slots=True)
class CountingRules(RegionalRules):
    """How one region counts person-months in one levy year; the defaults are the national rules."""

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
