"""The one writer of CSV files: UTF-8 with the mark that spreadsheets look for; no cell is ever a formula (promise C6).

Only the levy list leaves PostgreSQL as finished lines, for speed; its SELECT escapes with `escaped_in_sql`.
"""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
# Spreadsheets run a cell that begins with one of these, also in its full-width form.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_file(headings: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """A whole file, line by line: the mark, the headings, the rows."""
    yield BOM + csv_line(headings)
    yield from map(csv_line, rows)


def csv_line(cells: Iterable[object]) -> bytes:
    """One line. Numbers are written as numbers, None as an empty cell; everything else is text and is escaped."""
    line = StringIO()
    csv.writer(line).writerow([_written(cell) for cell in cells])
    return line.getvalue().encode()


def _written(cell: object) -> object:
    return cell if cell is None or isinstance(cell, int | Decimal) else escape_formula(str(cell))


def escape_formula(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it: an apostrophe goes before a risky beginning.

    XLSX cells that hold strings need no escape.
    """
    return f"'{text}" if text.startswith(RISKY) else text


def escaped_in_sql(text: str) -> str:
    """The SQL expression `text`, escaped as `escape_formula` does it."""
    marks = ", ".join(f"'{mark}'" for mark in RISKY)
    return f"CASE WHEN left({text}, 1) IN ({marks}) THEN '''' || {text} ELSE {text} END"
