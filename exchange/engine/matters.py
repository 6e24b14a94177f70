"""Finds what in an upload needs a second person: counts, sums, rows with old and new values, and their digest."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Field
from django.utils import translation
from django.utils.translation import gettext as _

from design.csv_lines import csv_file
from exchange.engine.contract import Kind, Matter
from exchange.engine.staging import Staging

ROWS = """
SELECT s.line, {amount}, {selected}
FROM ({source}) s LEFT JOIN {table} t ON {same_key} WHERE {where} ORDER BY s.line
"""


class ChangedCell(NamedTuple):
    """One column of a row: the stored value and the new one, in the words of the file."""

    heading: str
    old: str
    new: str


class ChangedRow(NamedTuple):
    """One row of one matter. `subject` names it to a person."""

    code: str
    line: int
    subject: list[str]
    cells: list[ChangedCell]


@dataclass(slots=True)
class SecondLook:
    """Tells what a second person has to see. `counts` has the number of rows and the sum of each matter found."""

    counts: dict[str, tuple[int, Decimal | None]] = field(default_factory=dict)
    rows: list[ChangedRow] = field(default_factory=list)

    @property
    def digest(self) -> str:
        sums = {code: (rows, str(amount)) for code, (rows, amount) in self.counts.items()}
        return hashlib.sha256(repr((sums, self.rows)).encode()).hexdigest()

    @property
    def stored(self) -> list[dict[str, Any]]:
        """The counts and sums as the file's row keeps them."""
        return [
            {"code": code, "rows": rows, "amount": None if amount is None else str(amount)}
            for code, (rows, amount) in self.counts.items()
        ]


def second_look(staging: Staging) -> SecondLook:
    """The matters of the sound rows. Values are in the office's Chinese, whatever the reader's language."""
    look = SecondLook()
    with translation.override(settings.LANGUAGE_CODE):
        for matter in staging.kind.matters:
            found = list(_rows(staging, matter))
            if found:
                amounts = [amount for amount, _row in found if amount is not None]
                look.counts[matter.code] = (len(found), sum(amounts, Decimal(0)) if matter.amount else None)
                look.rows += [row for _amount, row in found]
    return look


def _rows(staging: Staging, matter: Matter) -> Iterator[tuple[Decimal | None, ChangedRow]]:
    kind = staging.kind
    selected = [sql for _heading, sql in kind.subject]
    selected += [f"{table}.{name}" for name in matter.columns for table in "ts"]
    sql = ROWS.format(
        amount=matter.amount or "NULL::numeric",
        selected=", ".join(selected),
        source=kind.source,
        table=kind.table,
        same_key=staging.same_key,
        where=matter.where,
    )
    columns = [(kind.heading_of(name), _writer(kind.model._meta.get_field(name))) for name in matter.columns]
    width = len(kind.subject)
    for line, amount, *found in staging.rows(sql):
        subject, values = found[:width], found[width:]
        cells = [
            ChangedCell(heading, written(values[2 * place]), written(values[2 * place + 1]))
            for place, (heading, written) in enumerate(columns)
        ]
        yield amount, ChangedRow(matter.code, line, [str(part) for part in subject], cells)


def _writer(stored: Field) -> Callable[[Any], str]:
    """Writes values of a column as people read them: official words, yuan with two places."""
    words = {None: "", True: "1", False: "0", **{code: str(word) for code, word in stored.flatchoices}}
    is_yuan = getattr(stored, "decimal_places", None) == 2

    def written(value: Any) -> str:
        if isinstance(value, Decimal):
            return f"{value:,.2f}" if is_yuan else f"{value.normalize():f}"
        return words.get(value, str(value))

    return written


def change_csv(kind: Kind, rows: Iterable[ChangedRow]) -> Iterator[bytes]:
    """Every row as CSV, one line per column."""
    headings = [_("行"), *(heading for heading, _sql in kind.subject), _("列"), _("原内容"), _("新内容")]
    return csv_file(headings, ([row.line, *row.subject, *cell] for row in rows for cell in row.cells))
