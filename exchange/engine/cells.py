"""Readers for single cells. A reader returns the value to store, as text, or raises CellFault; it never repairs.

Cells come from CSV as text and from XLSX as text, numbers, dates or truth values. Numbers and dates may have
full-width characters and blanks around them, names full-width letters; every other value must already be right.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from math import isfinite
from typing import TypeAlias

from django.db import models
from django.utils.translation import gettext as _

from design.law_words import official_words
from design.names import is_visible, narrowed
from exchange.engine.faults import Cell, CellFault
from law import identifiers
from law.identifiers import IdentifierError

Read: TypeAlias = str | tuple[str | None, ...] | None
Reader: TypeAlias = Callable[..., Read]

# Only full-width forms are narrowed: NFKC would also turn 10² into 102.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NUMBER = re.compile(r"-?(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_SPREADSHEET_FLOAT = re.compile(r"[0-9]+\.[0-9]*(?:[eE]\+?[0-9]+)?|[0-9]+[eE]\+[0-9]+")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|([0-9]{2})([0-9]{2}))")
_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})|/([0-9]{1,2})|([0-9]{2}))")

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
MAX_DIGITS = 30


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def shown(cell: Cell) -> str:
    """A cell as a spreadsheet shows it."""
    if isinstance(cell, float):
        return format(cell, ".15g")
    return "" if cell is None else str(cell)


def _narrowed(cell: Cell) -> str:
    return shown(cell).translate(_NARROW).strip()


def _as_text(cell: Cell) -> str:
    """The text of a cell that must be text. A spreadsheet number or date has lost digits or form, so it is a fault."""
    if not isinstance(cell, str):
        raise CellFault(
            _("这一格不是文本，表格软件可能已改动原来的内容。"),
            _("请将该列设为文本后重填。"),
        )
    return cell.strip()


def free_text(cell: Cell, *, longest: int) -> str:
    """Free text without blanks around it, Latin letters half-width. At most `longest` characters, none invisible."""
    found = narrowed(shown(cell) if isinstance(cell, int | float) else _as_text(cell))
    if not is_visible(found):
        raise CellFault(_("含有看不见的字符或已损坏的文字。"), _("请删去后重新输入。"))
    if len(found) > longest:
        raise CellFault(_("超过%(longest)s个字。") % {"longest": longest}, _("请缩短。"))
    return found


def text_up_to(longest: int) -> Reader:
    return partial(free_text, longest=longest)


def identifier(cell: Cell, check: Callable[[str], str]) -> str:
    try:
        return check(_as_text(cell))
    except IdentifierError as error:
        raise CellFault.of_identifier(error) from None


def credit_code(cell: Cell) -> str:
    """统一社会信用代码 (law.identifiers)."""
    return identifier(cell, identifiers.check_uscc)


def region_code(cell: Cell) -> str:
    """行政区划代码. A whole number is accepted too: a spreadsheet number keeps the six digits."""
    code = shown(cell) if isinstance(cell, int | float) else cell
    return identifier(code, identifiers.check_region_code)


def one_of(choices: type[models.TextChoices]) -> Reader:
    """Accepts exactly the official Chinese name of a code."""
    codes = {word: code for code, word in official_words(choices).items()}
    names = "、".join(codes)

    def read(cell: Cell) -> str:
        found = codes.get(cell.strip() if isinstance(cell, str) else "")
        if found is None:
            raise CellFault(_("不是规定的取值。"), _("请填写其中之一：%(names)s。") % {"names": names})
        return found

    return read


def flag(cell: Cell) -> str:
    """1 or 0."""
    found = _narrowed(cell)
    if found not in ("0", "1"):
        raise CellFault(_("只能填1或0。"), _("请填1（是）或0（否）。"))
    return "t" if found == "1" else "f"


def _number(cell: Cell) -> Decimal:
    """A finite number as written. Of a spreadsheet number, the fifteen digits that the spreadsheet shows."""
    if isinstance(cell, int | float) and isfinite(cell):
        return Decimal(format(cell, ".15g"))
    found = _narrowed(cell) if isinstance(cell, str) else ""
    if len(found) > MAX_DIGITS or not _NUMBER.fullmatch(found):
        raise CellFault(
            _("不是数字。"),
            _("请只填数字，可有千分位逗号和小数点，不带单位、货币符号、百分号或科学计数。"),
        )
    return Decimal(found.replace(",", ""))


def _bounded(value: Decimal, low: Decimal, high: Decimal) -> None:
    if value.is_signed() and low >= 0:
        raise CellFault(_("不能为负数。"), _("请核对后填写。"))
    if not low <= value <= high:
        raise CellFault(
            _("超出范围：应在%(low)s至%(high)s之间。") % {"low": f"{low:f}", "high": f"{high:f}"},
            _("请核对数值和单位。"),
        )


def _places(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def decimal(cell: Cell, *, low: Decimal, high: Decimal, places: int) -> str:
    """A number within bounds (both included) with at most `places` decimals."""
    value = _number(cell)
    _bounded(value, low, high)
    if _places(value) > places:
        raise CellFault(_("小数超过%(places)s位。") % {"places": places}, _("请按规定位数填写。"))
    return f"{value:f}"


def number_between(low: object, high: object, *, places: int) -> Reader:
    return partial(decimal, low=Decimal(str(low)), high=Decimal(str(high)), places=places)


def whole(cell: Cell, *, low: int, high: int) -> str:
    """A whole number within bounds. Accepts 200.0, because other programs write whole numbers so."""
    value = _number(cell)
    if value != value.to_integral_value() or _places(value) > 2:
        raise CellFault(_("应为整数。"), _("请填写整数，不带小数。"))
    _bounded(value, Decimal(low), Decimal(high))
    return str(int(value))


def whole_between(low: int, high: int) -> Reader:
    return partial(whole, low=low, high=high)


def year_between(first: int, last: int) -> Reader:
    """A year in four digits."""

    def read(cell: Cell) -> str:
        found = _narrowed(cell)
        if not re.fullmatch(r"[0-9]{4}", found) or not first <= int(found) <= last:
            raise CellFault(
                _("年度应为%(first)s至%(last)s之间的四位数字。") % {"first": first, "last": last},
                _("请按“2025”的样式填写。"),
            )
        return found

    return read


def day(cell: Cell) -> str:
    """A date: 2025-07-01, 2025/7/1, 20250701 or a spreadsheet date without a time of day."""
    return _day(cell, _("请按“2025-07-01”的样式填写。"), _("请核对年份。"))


def ending_day(cell: Cell) -> str:
    """An end date. The cell is empty when there is no end."""
    return _day(cell, _("请按“2025-07-01”的样式填写；不限期的请留空。"), _("请核对年份；不限期的请留空。"))


def _day(cell: Cell, way_to_write: str, year_to_check: str) -> str:
    found = _spreadsheet_date(cell) or _written_date(_narrowed(cell))
    if found is None:
        raise CellFault(_("不是日期，或没有这一天。"), way_to_write)
    if not FIRST_DAY <= found <= LAST_DAY:
        raise CellFault(_("日期应在1900年至2199年之间。"), year_to_check)
    return found.isoformat()


def month(cell: Cell) -> str:
    """A month: 2025-07; also 2025/7, 202507, or the first day of the month, to which spreadsheets turn it."""
    found = _spreadsheet_date(cell)
    if found is None:
        narrowed = _narrowed(cell)
        found = _date_of(_MONTH.fullmatch(narrowed), last=1) or _written_date(narrowed)
    if found is None or found.day != 1 or not FIRST_DAY <= found <= LAST_DAY:
        raise CellFault(_("不是月份。"), _("请按“2025-07”的样式填写。"))
    return found.isoformat()


def _spreadsheet_date(cell: Cell) -> date | None:
    if isinstance(cell, datetime):
        return cell.date() if cell.time() == datetime.min.time() else None
    return cell if isinstance(cell, date) else None


def _written_date(found: str) -> date | None:
    return _date_of(_DATE.fullmatch(found))


def _date_of(match: re.Match[str] | None, *, last: int | None = None) -> date | None:
    """The date in the groups that matched; `last` is the day when none is written."""
    if match is None:
        return None
    parts = [int(part) for part in match.groups() if part is not None]
    try:
        return date(*parts) if last is None else date(*parts, last)
    except ValueError:
        return None


def receipt_number(cell: Cell) -> str:
    """电子税票号码: 1 to 40 letters, digits and hyphens, as text."""
    number = _as_text(cell).translate(_NARROW)
    if _SPREADSHEET_FLOAT.fullmatch(number):
        raise CellFault(_("已被表格软件改成小数或科学计数，末几位已丢失。"), _("请将该列设为文本后重填。"))
    if not re.fullmatch(r"[0-9A-Za-z-]{1,40}", number):
        raise CellFault(_("电子税票号码应为1至40位数字或字母。"), _("请对照税票填写。"))
    return number
