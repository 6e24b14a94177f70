"""The result: one line per measurement, compared with its bar, printed and written to docs/measured.md."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.bench.measure import Comparison, Cost

HEADINGS = ("What", "Measured", "Held against", "Ratio", "of CPU", "Bar", "", "Command")
MIB, GIB = 1024**2, 1024**3


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement in words. `holds` is None if there is no bar or no measurement."""

    what: str
    measured: str
    against: str = "–"
    ratio: str = ""
    cpu_ratio: str = ""
    bar: str = "–"
    holds: bool | None = None
    command: str = ""

    def cells(self) -> tuple[str, ...]:
        sign = {True: "✓", False: "✗", None: ""}[self.holds]
        command = f"`{self.command}`" if self.command else ""
        return (self.what, self.measured, self.against, self.ratio, self.cpu_ratio, self.bar, sign, command)


def compared(what: str, comparison: Comparison, *, limit: str, bar: float | None = None) -> Line:
    """The work's wall time as a multiple of its limit's; the bar applies to that."""
    ratio, cpu = comparison.wall_ratio, comparison.cpu_ratio
    return Line(
        what,
        times(comparison.subject),
        f"{limit}: {times(comparison.limit)}",
        f"{ratio:.2f}",
        "" if cpu is None else f"{cpu:.2f}",
        "–" if bar is None else f"≤ {bar}",
        None if bar is None else round(ratio, 2) <= bar,
    )


def bounded(what: str, value: float | None, bar: float, shown: str, unit: str = "") -> Line:
    """A figure with a bound of its own; `shown` is the figure in words."""
    if value is None:
        return Line(what, "not measured on this machine")
    return Line(what, shown, bar=f"≤ {bar:g}{unit}", holds=value <= bar)


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def times(cost: Cost) -> str:
    """Wall time and processor time, in words."""
    return seconds(cost.wall) if cost.cpu is None else f"{seconds(cost.wall)} (CPU {seconds(cost.cpu)})"


def table(lines: Iterable[Line]) -> str:
    """The lines as a table in Markdown."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(line.cells() for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
