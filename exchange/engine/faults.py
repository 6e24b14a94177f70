"""Faults of a cell or a row, in words for the person who corrects them."""

from typing import NamedTuple, TypeAlias

from law.identifiers import IdentifierError

Cell: TypeAlias = object  # str, int, float, date, datetime or another value of a spreadsheet cell


class Refusal(NamedTuple):
    """The reason for refusing a value, and the cure. Both are sentences."""

    reason: str
    cure: str


class CellFault(Exception):
    """A fault of one cell, raised by its reader (cells.py)."""

    def __init__(self, reason: object, cure: object) -> None:
        self.refusal = Refusal(str(reason), str(cure))
        super().__init__(self.refusal.reason)

    @classmethod
    def of_identifier(cls, error: IdentifierError) -> "CellFault":
        """Split an identifier's message into reason and cure; the cure begins with 请."""
        reason, please, cure = str(error).partition("请")
        return cls(reason.rstrip("，；。") + "。", please + cure)


class Fault(NamedTuple):
    """One fault of a file. `line` is the row number in a spreadsheet; `value` is filled in only for showing."""

    line: int
    heading: str
    reason: str
    cure: str
    value: str = ""
