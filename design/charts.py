"""Geometry of the server-drawn charts: per cent across, pixels down, so that text keeps its size on every screen.

Pure arithmetic on exact numbers; templates/components/chart_*.html draw what is computed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

NARROWEST = 288  # pixels of a chart on a 320 px screen; labels must fit there
LINE_OF_TEXT = 16  # pixels that a written value takes
WIDE_SIGN, NARROW_SIGN = 14, 8  # pixels of a Chinese character and of a digit at 14 px


def share(value: Decimal, whole: Decimal) -> Decimal:
    """value ÷ whole in per cent with two decimals, 0 when there is no whole."""
    return (value * 100 / whole if whole else Decimal(0)).quantize(Decimal("0.01"))


def text_width(text: str) -> int:
    return sum(WIDE_SIGN if ord(sign) > 0x2E7F else NARROW_SIGN for sign in text)


@dataclass(frozen=True, slots=True)
class Bar:
    width: Decimal
    y: int
    text: str
    is_hatched: bool

    @property
    def text_y(self) -> int:
        return self.y + 13


@dataclass(frozen=True, slots=True)
class BarRow:
    label: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars of one or two series, the first of two hatched; `left` is the pixels kept for the labels."""

    id: str
    title: str
    description: str
    series: tuple[str, ...]
    rows: tuple[BarRow, ...]
    left: int
    height: int


def bar_chart(
    *,
    id: str,
    title: str,
    description: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Decimal]]],
    texts: Sequence[Sequence[str]],
) -> BarChart:
    """Bars for every label; `texts` are the written values, series by series. The unit belongs into the title."""
    left = max(map(text_width, labels), default=0) + 8
    written = max((text_width(text) for column in texts for text in column), default=0) + 12
    reach = Decimal(NARROWEST - left - written) / NARROWEST
    longest = max((value for _name, values in series for value in values), default=Decimal(0))
    step = 14 + 18 * len(series)
    rows = []
    for index, label in enumerate(labels):
        top = 2 + step * index
        bars = tuple(
            Bar(
                share(values[index] * reach, longest),
                top + 18 * number,
                texts[number][index],
                number < len(series) - 1,
            )
            for number, (_name, values) in enumerate(series)
        )
        rows.append(BarRow(label, top + 9 * len(series) + 4, bars))
    names = tuple(name for name, _values in series)
    return BarChart(id, title, description, names, tuple(rows), left, step * len(labels))


@dataclass(frozen=True, slots=True)
class Point:
    x: Decimal
    y: Decimal
    label: str
    text: str

    @property
    def text_y(self) -> Decimal:
        return self.y - 13


@dataclass(frozen=True, slots=True)
class Rule:
    y: Decimal
    text: str

    @property
    def text_y(self) -> Decimal:
        return self.y - 6


@dataclass(frozen=True, slots=True)
class LineChart:
    """One series over time, with rules across and, if wanted, a dashed line for a prescribed value."""

    id: str
    title: str
    description: str
    points: tuple[Point, ...]
    rules: tuple[Rule, ...]
    reference: Rule | None
    base: int = 216
    height: int = 250

    @property
    def path(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def line_chart(
    *,
    id: str,
    title: str,
    description: str,
    labels: Sequence[str],
    values: Sequence[Decimal],
    texts: Sequence[str],
    rules: Sequence[tuple[Decimal, str]],
    reference: tuple[Decimal, str] | None = None,
) -> LineChart:
    """Points between the lowest rule, drawn at the foot, and the highest value or reference, drawn near the top.

    A rule whose text would lie in that of the reference is left out.
    """
    floor = min(value for value, _text in rules)
    highest = max([*values, *(value for value, _text in rules), *([reference[0]] if reference else [])])
    span = highest - floor or Decimal(1)

    def down(value: Decimal) -> Decimal:
        return (216 - 176 * (value - floor) / span).quantize(Decimal("0.1"))

    gap = Decimal(72) / max(len(labels) - 1, 1)
    points = tuple(
        Point((20 + gap * index).quantize(Decimal("0.01")), down(value), label, text)
        for index, (label, value, text) in enumerate(zip(labels, values, texts, strict=True))
    )
    mark = Rule(down(reference[0]), reference[1]) if reference else None
    lines = (Rule(down(value), text) for value, text in rules)
    apart = tuple(line for line in lines if mark is None or abs(line.y - mark.y) >= LINE_OF_TEXT)
    return LineChart(id, title, description, points, apart, mark)


@dataclass(frozen=True, slots=True)
class CellBar:
    """A bar inside a table cell, in per cent of the cell: from `start`, so wide, with a line at `mark`."""

    start: Decimal
    width: Decimal
    mark: Decimal


def cell_bar(value: Decimal, *, low: Decimal, high: Decimal, mark: Decimal, origin: Decimal = Decimal(0)) -> CellBar:
    """A bar from `origin` to `value` on a scale from low to high, cut off at the ends of the scale."""
    ends = sorted(min(max(end, low), high) for end in (origin, value))
    return CellBar(
        share(ends[0] - low, high - low), share(ends[1] - ends[0], high - low), share(mark - low, high - low)
    )
