"""The one writer of CSV files; it makes text harmless for spreadsheets (promise C6)."""

import csv
from collections.abc import Iterable
from io import StringIO

# Spreadsheets run a cell that begins with one of these, also in its full-width form.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it: a risky beginning gets an apostrophe before it.

    For text columns. Numbers are written as numbers, and XLSX cells as strings need no escape.
    """
    return f"'{text}" if text.startswith(RISKY) else text


BOM = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()


def csv_line(cells: Iterable[object]) -> bytes:
    """One line of a CSV file. Text is escaped by whoever gives it (design.csv_lines)."""
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
