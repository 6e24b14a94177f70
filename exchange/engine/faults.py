"""What is wrong with a cell or a row, in words for the person who mends it."""

from typing import NamedTuple, TypeAlias

from law.identifiers import IdentifierError

Cell: TypeAlias = object  # str, int, float, date, datetime or another thing that a spreadsheet cell holds


class Refusal(NamedTuple):
    """Why a value cannot be taken, and what to do about it. Both are sentences."""

    reason: str
    cure: str


class CellFault(Exception):
    """Raised by a reader (cells.py) for one cell."""

    def __init__(self, reason: object, cure: object) -> None:
        self.refusal = Refusal(str(reason), str(cure))
        super().__init__(self.refusal.reason)

    @classmethod
    def of_identifier(cls, error: IdentifierError) -> "CellFault":
        """An identifier's message is cause and cure in one; the cure begins with 请."""
        reason, please, cure = str(error).partition("请")
        return cls(reason.rstrip("，；。") + "。", please + cure)


class Fault(NamedTuple):
    """One fault of a file. `line` is the row as a spreadsheet counts it; `value` is filled in when it is shown."""

    line: int
    heading: str
    reason: str
    cure: str
    value: str = ""
