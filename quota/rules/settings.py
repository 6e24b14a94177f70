"""How a region may differ from the national way of counting, and how its dated setting rows are read.

Every difference is one field of a frozen dataclass with the national default. A region's rows are `name -> text`;
what a row may say is decided here, so an unknown name or value is refused before it can count anyone wrongly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self

from quota.rules.words import Words as _


class SettingError(ValueError):
    """A setting row names no known rule, or gives it a value it cannot have. The message is for the administrator."""


def described(label: str, citation: str, our_reading: bool = False) -> dict[str, str | bool]:
    """Field metadata of a regional difference: Chinese name, source, whether the default is our own reading."""
    return {"label": label, "citation": citation, "our_reading": our_reading}


@dataclass(frozen=True, slots=True)
class RegionalRules:
    """The base of every set of regional differences. Each field is an enum or has a `parse` of its own."""

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names that a region's rows may use."""
        return frozenset(rule.name for rule in fields(cls))

    @classmethod
    def from_settings(cls, rows: Mapping[str, str]) -> Self:
        """Read a region's rows; what they do not name keeps the national default. Raises SettingError."""
        known = {rule.name: rule for rule in fields(cls)}
        values = {}
        for name, text in rows.items():
            if name not in known:
                raise SettingError(
                    _("没有名为“%(name)s”的地区规则；可用的有：%(known)s。", name=name, known="、".join(known))
                )
            values[name] = _read(known[name].type, name, text)
        return cls(**values)


def _read(kind: Any, name: str, text: str) -> Any:
    try:
        return kind.parse(text) if hasattr(kind, "parse") else kind(text)
    except ValueError:
        choices = "、".join(kind) if issubclass(kind, StrEnum) else kind.example
        figures = {"name": name, "value": text, "choices": choices}
        raise SettingError(_("地区规则“%(name)s”不能取“%(value)s”；可取：%(choices)s。", **figures)) from None


_ORDINARY_YEAR = 2025


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of every year, written `10-31`. 29 February is refused: it is not in every year."""

    month: int
    day: int
    example: ClassVar[str] = "10-31"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `MM-DD`; raises ValueError for anything else."""
        month, separator, day = text.partition("-")
        if not (separator and len(month) == len(day) == 2 and text.isascii() and (month + day).isdigit()):
            raise ValueError(text)
        date(_ORDINARY_YEAR, int(month), int(day))
        return cls(int(month), int(day))

    def of(self, year: int) -> date:
        """This day in the given year."""
        return date(year, self.month, self.day)


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
