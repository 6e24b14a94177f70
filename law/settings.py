"""Regional differences from the national rules, read from a region's dated setting rows.

Each difference is one field of a frozen dataclass with the national default. A row is a name and a text. An unknown
name or value is refused here, before it can count anyone wrongly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self

from law.words import Words as _


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
