"""Converts cells to staged text, one column of a batch at a time. Most values recur, so each is read once."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import compress
from typing import TypeAlias

from django.utils.translation import gettext as _

from exchange.engine.cells import is_blank
from exchange.engine.contract import Column, Kind, Resolver, Scope
from exchange.engine.control import ControlTotals
from exchange.engine.faults import Cell, CellFault, Fault, Refusal
from exchange.engine.staging import copy_text

Converted: TypeAlias = str | Refusal

REMEMBERED = 200_000  # values per column, then start again: a column of unique values must not fill the memory


class ColumnReader(dict[Cell, Converted]):
    """A cache from a cell to its staged text. With `beside`, the key is the tuple of all the cells."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.column = column
        self.blank = copy_text([column.blank] * len(column.staged))

    def __missing__(self, cell: Cell) -> Converted:
        if len(self) >= REMEMBERED:
            self.clear()
        self[cell] = converted = self._converted(*cell) if self.column.beside else self._converted(cell)
        return converted

    def _converted(self, *cells: Cell) -> Converted:
        if is_blank(cells[-1]):
            if self.column.required:
                return Refusal(_("未填写。"), _("请补填。"))
            return self.blank
        try:
            read = self.column.read(*cells)
        except CellFault as fault:
            return fault.refusal
        return copy_text(read if isinstance(read, tuple) else (read,))


class CodeReader:
    """A column whose codes are looked up in the database: one query per batch, for the codes not yet known."""

    def __init__(self, column: Column, resolve: Resolver, scope: Scope) -> None:
        self.codes = ColumnReader(column)
        self.resolve = resolve
        self.scope = scope
        self.known: dict[Converted, Converted] = {}

    def read(self, cells: Iterable[Cell]) -> list[Converted]:
        codes = list(map(self.codes.__getitem__, cells))
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        if fresh := set(codes).difference(self.known):
            self.known.update({code: code for code in fresh if isinstance(code, Refusal)})
            self.known.update(self.resolve([code for code in fresh if isinstance(code, str)], self.scope))
        return list(map(self.known.__getitem__, codes))


class Converter:
    """Reads the batches of one file of one kind."""

    def __init__(self, kind: Kind, scope: Scope) -> None:
        self.kind = kind
        self.readers = [
            CodeReader(column, column.resolve, scope) if column.resolve else ColumnReader(column)
            for column in kind.columns
        ]
        self.left_out = ControlTotals()  # of rows with a fault whose amount could be read

    def convert(self, lines: Sequence[int], columns: Sequence[Sequence[Cell]]) -> tuple[str, list[Fault]]:
        """Returns the sound rows in COPY's text format, and the faults of the others.

        `columns` are the file's cells in the order of the kind's columns.
        """
        staged = [self._read(index, columns) for index in range(len(columns))]
        faults: list[Fault] = []
        sound = [True] * len(lines)
        for column, values in zip(self.kind.columns, staged, strict=True):
            if Refusal not in set(map(type, values)):  # the usual case, without a loop in Python
                continue
            for row, value in enumerate(values):
                if isinstance(value, Refusal):
                    sound[row] = False
                    faults.append(Fault(lines[row], column.heading, *value))
        rows: Iterable[tuple[str, ...]] = zip(map(str, lines), *staged, strict=True)
        if faults:
            rows = compress(rows, sound)
            self._count_left_out(staged, sound)
        text = "\n".join(map("\t".join, rows))
        return (f"{text}\n" if text else ""), faults

    def _count_left_out(self, staged: list[list[Converted]], sound: list[bool]) -> None:
        if self.kind.control is None:
            return
        column = self.kind.headings.index(self.kind.heading_of(self.kind.control.column))
        amounts = (value for value, kept in zip(staged[column], sound, strict=True) if not kept)
        self.left_out += ControlTotals.of(Decimal(amount) for amount in amounts if isinstance(amount, str))

    def _read(self, index: int, columns: Sequence[Sequence[Cell]]) -> list[Converted]:
        column, reader = self.kind.columns[index], self.readers[index]
        if isinstance(reader, CodeReader):
            return reader.read(columns[index])
        if column.beside:
            beside = [columns[self.kind.headings.index(heading)] for heading in column.beside]
            return list(map(reader.__getitem__, zip(*beside, columns[index], strict=True)))
        return list(map(reader.__getitem__, columns[index]))
