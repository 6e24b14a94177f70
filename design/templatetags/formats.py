"""Filters and tags for figures, dates, states and pages. A builtin library: no template loads it by name.

Filters give the bare figure; the template adds the unit: `{{ amount|yuan }}元`. A missing value is written —.
Rounding here is for the reader only; amounts come from the rules already rounded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template.base import Parser, TextNode, Token
from django.template.loader import render_to_string
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

register = template.Library()

MISSING = "—"
MINUS = "−"
TONES = frozenset({"plain", "now", "done", "ok", "warn", "bad", "off"})

Number = Decimal | int | str | None


def _exact(value: Number) -> Decimal:
    """The value without any rounding; a float is a programming error."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"not an exact number: {value!r}")
    return Decimal(value)


def _figure(value: Decimal, places: int) -> str:
    """Thousands separators, a fixed number of decimals, − for negatives, never −0."""
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded + 0:,f}".replace("-", MINUS)


def _trimmed(value: Decimal, places: int) -> str:
    """At most so many decimals, without closing zeros."""
    text = _figure(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_missing(value: object) -> bool:
    return value is None or value == ""


@register.filter
def yuan(value: Number) -> str:
    """Money to the fen: 97744.07 gives 97,744.07."""
    return MISSING if _is_missing(value) else _figure(_exact(value), 2)


@register.filter
def wan_yuan(value: Number) -> str:
    """Yuan told in 万元, in English in millions; only beside the exact amount.

    240555215.68 gives 24,055.52, or 240.56.
    """
    unit = 1_000_000 if get_language() == "en" else 10_000
    return MISSING if _is_missing(value) else _figure(_exact(value) / unit, 2)


@register.filter
def person_months(value: Number) -> str:
    """人月, whole when whole: 2616 gives 2,616 and 39.240 gives 39.24."""
    return MISSING if _is_missing(value) else _trimmed(_exact(value), 4)


@register.filter
def headcount(value: Number, months: int = 12) -> str:
    """Person-months told in heads, ÷ 12 or the months of a part of a year: 39.24 gives 3.27."""
    return MISSING if _is_missing(value) else _figure(_exact(value) / months, 2)


@register.filter
def number(value: Number) -> str:
    """A count: 85625 gives 85,625."""
    return MISSING if _is_missing(value) else _figure(_exact(value), 0)


@register.filter
def percent(value: Number, places: int = 2) -> str:
    """A ratio that was computed: 0.0092 gives 0.92%."""
    return MISSING if _is_missing(value) else f"{_figure(_exact(value) * 100, places)}%"


@register.filter
def rate(value: Number) -> str:
    """A ratio that a document fixes, without closing zeros: 0.0150 gives 1.5% and 0.5 gives 50%."""
    return MISSING if _is_missing(value) else f"{_trimmed(_exact(value) * 100, 4)}%"


@register.filter
def signed(value: Number) -> str:
    """A difference of counts: 618 gives +618, -12 gives −12, 0 gives 0."""
    if _is_missing(value):
        return MISSING
    exact = _exact(value)
    return f"+{_trimmed(exact, 4)}" if exact > 0 else _trimmed(exact, 4)


@register.filter
def growth(value: Number) -> str:
    """A relative change with one decimal: 0.066 gives +6.6%."""
    if _is_missing(value):
        return MISSING
    text = _figure(_exact(value) * 100, 1)
    return f"{'' if text.startswith(MINUS) or text == '0.0' else '+'}{text}%"


@register.filter
def quantity(value: Number, unit: str) -> str:
    """The result of one calculation step, written as its unit wants; words (已达比例) stay as they are."""
    if _is_missing(value):
        return MISSING
    try:
        exact = _exact(value)
    except InvalidOperation:
        return str(value)
    return _figure(exact, 2) if unit == "元" else _trimmed(exact, 4)


CAPITALS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "兆")


def _whole_in_capitals(digits: str) -> str:
    """A whole number in capital numerals; zeros in a row are read once: 10050 gives 壹万零伍拾."""
    words, zero_before = "", False
    for left, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit == "0":
            zero_before = True
        else:
            words += f"{'零' if zero_before and words else ''}{CAPITALS[int(digit)]}{PLACES[left % 4]}"
            zero_before = False
        if left % 4 == 0 and int(digits[max(0, len(digits) - left - 4) : len(digits) - left]):
            words += GROUPS[left // 4]
    return words


@register.filter
def yuan_in_words(value: Number) -> str:
    """Money as a document writes it beside the figures: 43612.84 gives 肆万叁仟陆佰壹拾贰元捌角肆分.

    From 0.00 to 9,999,999,999,999,999.99; negative or larger raises ValueError.
    """
    fen = int(_exact(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP).scaleb(2))
    if not 0 <= fen < 10**18:
        raise ValueError(f"cannot be written in words: {value!r}")
    whole, jiao, cent = fen // 100, fen // 10 % 10, fen % 10
    words = f"{_whole_in_capitals(str(whole))}元" if whole else ""
    if not jiao and not cent:
        return f"{words or '零元'}整"
    if jiao:
        words += f"{CAPITALS[jiao]}角"
    elif words:
        words += "零"
    return f"{words}{CAPITALS[cent]}分" if cent else f"{words}整"


def _local(value: date) -> date:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def _written(value: date | None, pattern: str) -> str:
    """The pattern is one of Django's; in English it also names the month."""
    return MISSING if value is None else dateformat.format(_local(value), pattern)


def cn_date(value: date | None) -> str:
    """A day in a sentence: 2026年10月23日, 23 October 2026."""
    return _written(value, _("Y年n月j日"))


def cn_month(value: date | None) -> str:
    """A month in a sentence: 2025年7月, July 2025."""
    return _written(value, _("Y年n月"))


def cn_time(value: datetime | None) -> str:
    """A moment in Chinese time: 2026年10月14日16:40, 14 October 2026, 16:40."""
    return _written(value, _("Y年n月j日H:i"))


def _unbroken(written: Callable[[Any], str]) -> Callable[[Any], str]:
    """The filter of a date in a sentence: no line ends within it, on screen or on paper."""
    return lambda value: format_html('<span class="phrase">{}</span>', written(value)) if value else MISSING


register.filter("cn_date", _unbroken(cn_date))
register.filter("cn_month", _unbroken(cn_month))
register.filter("cn_time", _unbroken(cn_time))


@register.filter
def iso_date(value: date | None) -> str:
    """A day in a table that spans years, and in <time datetime>: 2026-10-23."""
    return _written(value, "Y-m-d")


MONTH_KINDS = {
    "counted": gettext_lazy("计入"),
    "not": gettext_lazy("不计入"),
    "open": gettext_lazy("待定"),
    "nodata": gettext_lazy("无数据"),
    "unclaimed": gettext_lazy("未申报"),
}


@dataclass(frozen=True, slots=True)
class MonthRun:
    """Months in a row with one outcome and one reason: what a reader hears instead of twelve cells."""

    months: str
    outcome: str
    reason: str
    citation: str = ""
    cure: str = ""

    @property
    def spoken(self) -> str:
        pattern = _("%(months)s%(outcome)s（%(reason)s）") if self.reason else _("%(months)s%(outcome)s")
        return pattern % {"months": self.months, "outcome": self.outcome, "reason": self.reason}


def _month_run(cells: list[dict[str, Any]]) -> MonthRun:
    first, last = cells[0], cells[-1]
    if len(cells) == 1:
        months = _("%(month)s月") % {"month": first["month"]}
    else:
        months = _("%(first)s至%(last)s月") % {"first": first["month"], "last": last["month"]}
    outcome = str(MONTH_KINDS[first["kind"]])
    if first["kind"] == "counted":
        outcome = _("计入，每月按%(weight)s人月") % {"weight": first["weight"]}
    told = (str(first.get(name) or "") for name in ("reason", "citation", "cure"))
    return MonthRun(months, outcome, *told)


MONTH_SIGNS = {"not": "×", "open": "?", "nodata": "–", "unclaimed": ""}


@register.filter
def month_sign(cell: dict[str, Any]) -> str:
    """The sign in the box: the person-months that count, or the outcome's sign."""
    return str(cell["weight"]) if cell["kind"] == "counted" else MONTH_SIGNS[cell["kind"]]


@register.filter
def month_runs(cells: Iterable[dict[str, Any]]) -> list[MonthRun]:
    """Neighbouring months that share kind, weight and reason, as one run each."""
    groups = groupby(cells, key=lambda cell: (cell["kind"], cell.get("weight"), cell.get("reason")))
    return [_month_run(list(group)) for _key, group in groups]


@register.inclusion_tag("components/tag.html")
def status(state: Any, label: str = "") -> dict[str, Any]:
    """The state of one thing, drawn from an enum member with `.label` and `.tone`; `label` may say more (逾期2天)."""
    if state.tone not in TONES:
        raise ValueError(f"{state!r} has no known tone: {state.tone!r}")
    return {"tone": state.tone, "label": label or state.label}


@register.simple_block_tag
def crumbs(content: SafeString) -> str:
    """The way to this page: {% crumbs %}<li><a href="…">…</a></li><li aria-current="page">…</li>{% endcrumbs %}."""
    return render_to_string("components/crumbs.html", {"items": content})


# A tag of HTML or what this piece of the source holds of it, or else a line break with its indentation.
BREAK = re.compile(r"(<[^>]*(?:>|$)|^[^<]*>)|\n *")


class _Joined(template.Node):
    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist
        for written in nodelist.get_nodes_by_type(TextNode):
            written.s = BREAK.sub(lambda found: found[1] or "", written.s)

    def render(self, context: template.Context) -> SafeString:
        return self.nodelist.render(context)


@register.tag
def joined(parser: Parser, _token: Token) -> template.Node:
    """Chinese on several lines of a template, read without a gap: {% joined %}…{% endjoined %} drops its line breaks.

    The breaks of the template itself, not those of the values in it, nor those of a {% block %} that a page fills.
    """
    nodelist = parser.parse(("endjoined",))
    parser.delete_first_token()
    return _Joined(nodelist)


@register.filter
def page_numbers(page: Page) -> Iterator[int | str]:
    """First, last and neighbouring page numbers, … for the gaps."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)


@register.filter
def short_digest(value: str) -> str:
    """A SHA-256 shortened for people: 9f2c71ab…e04d. Pages give the whole one to machines."""
    return f"{value[:8]}…{value[-4:]}"


@register.filter
def unit(field: BoundField) -> str:
    """The unit after the control, from the widget's attribute data-unit."""
    return str(field.field.widget.attrs.get("data-unit", ""))
