"""Working days: the yearly arrangements of the State Council, and which days none of them has settled yet."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

from law.words import Words as _

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
# A notice may arrange the last days of the year before: that of 2019 made Saturday 29 December 2018 a working day.
_NEXT_NOTICE_MONTH, _NEXT_NOTICE_DAY = 12, 25


class HolidayTableError(ValueError):
    """The table of holidays is not what a notice can say."""


@dataclass(frozen=True, slots=True)
class HolidayNotice:
    """A notice that arranges days. `checked`: its text and number were read in a copy; False is from memory."""

    number: str
    title: str
    issued_on: date
    page: str
    checked: bool


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """The notices' arrangement of one year: days off, and weekend days worked instead."""

    year: int
    rest: frozenset[date]
    work: frozenset[date]
    notices: tuple[HolidayNotice, ...]


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Working days by the arrangements given; the days of other years by weekends alone.

    `unpublished` tells which arrangements a day still waits for, so ask it beside `is_working_day`.
    """

    years: tuple[HolidayYear, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a table in the form of `holidays.toml`. Raises HolidayTableError for anything that it does not know."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise HolidayTableError(_("放假安排表无法读取：%(error)s", error=error)) from None
        years = tuple(_year(row) for row in _row(document, _TABLE)["year"])
        numbers = [year.year for year in years]
        if len(set(numbers)) < len(numbers):
            raise HolidayTableError(_("放假安排表中有重复的年份。"))
        _refuse_repeated([day for year in years for day in (*year.rest, *year.work)])
        return cls(years)

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday without the days off, and the weekend days that are worked instead."""
        if any(day in year.work for year in self.years):
            return True
        return day.weekday() < _SATURDAY and not any(day in year.rest for year in self.years)

    def unpublished(self, day: date) -> tuple[int, ...]:
        """The years whose arrangement may still change this day; empty when the day is settled.

        From 25 December on that is the next year's too. **Our reading:** no notice since 2007 reached further back.
        """
        known = {year.year for year in self.years}
        reaches = (day.month, day.day) >= (_NEXT_NOTICE_MONTH, _NEXT_NOTICE_DAY)
        return tuple(year for year in (day.year, day.year + 1)[: 1 + reaches] if year not in known)


_TABLE = {"year": list}
_YEAR = {"year": int, "rest": list, "work": list, "notice": list}
_SPAN = {"name": str, "first": date, "last": date}
_NOTICE = {"number": str, "title": str, "issued_on": date, "page": str, "checked": bool}
_MAY_BE_EMPTY = {"work"}


def _row(row: Any, types: Mapping[str, type]) -> dict[str, Any]:
    """The row itself, with exactly these keys and types: Python takes a bool for an int and a datetime for a date."""
    if type(row) is not dict or row.keys() != types.keys():
        raise HolidayTableError(_("放假安排表中应当恰有以下各项：%(names)s。", names="、".join(types)))
    for name, expected in types.items():
        if type(row[name]) is not expected or (name not in _MAY_BE_EMPTY and row[name] in ("", [])):
            raise HolidayTableError(_("放假安排表中“%(name)s”的值无效：%(value)s。", name=name, value=row[name]))
    return row


def _year(row: Any) -> HolidayYear:
    _row(row, _YEAR)
    year, rest = row["year"], [day for span in row["rest"] for day in _span(span)]
    work = [_row({"work": day}, {"work": date})["work"] for day in row["work"]]
    notices = tuple(HolidayNotice(**_row(notice, _NOTICE)) for notice in row["notice"])
    _refuse_repeated([*rest, *work])
    _refuse([day for day in work if day.weekday() < _SATURDAY], _("上班的调休日不是星期六、星期日"))
    _refuse([day for day in [*rest, *work] if not _may_arrange(year, day)], _("日期不属于该年的放假安排"))
    return HolidayYear(year, frozenset(rest), frozenset(work), notices)


def _span(row: Any) -> Iterable[date]:
    _row(row, _SPAN)
    first, days = row["first"], (row["last"] - row["first"]).days + 1
    _refuse([first] if days < 1 else [], _("放假的末日早于首日"))
    return [first + day * _ONE_DAY for day in range(days)]


def _may_arrange(year: int, day: date) -> bool:
    """A notice speaks of its own year and of the last days of the year before."""
    return day.year == year or (date(year - 1, _NEXT_NOTICE_MONTH, _NEXT_NOTICE_DAY) <= day < date(year, 1, 1))


def _refuse_repeated(days: list[date]) -> None:
    _refuse([day for day, times in Counter(days).items() if times > 1], _("同一日安排了两次"))


def _refuse(days: list[date], reason: str) -> None:
    if days:
        raise HolidayTableError(_("放假安排表有误，%(day)s：%(reason)s。", day=days[0].isoformat(), reason=reason))


PUBLISHED = WorkingCalendar.read(Path(__file__).with_name("holidays.toml").read_text(encoding="utf-8"))
