"""Small exchange files for tests, in the forms in which offices send them."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from exchange.engine.contract import Kind
from exchange.engine.loading import Mode, Report, load_file
from exchange.engine.source import UPLOAD, Limits, Source
from tests.accounts.factories import UserFactory

Row = Sequence[Any]


def csv_bytes(rows: Iterable[Row], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: Iterable[Row]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def source(content: bytes, limits: Limits = UPLOAD) -> Source:
    return Source("文件", limits, content=content)


def load(
    kind: Kind, rows: Iterable[Row], mode: Mode = Mode.APPLY, *, headings: Sequence[str] | None = None, **people: Any
) -> Report:
    """Load rows under the kind's own headings; in the name of two people where the kind needs them."""
    if kind.needs_two_people and not people:
        people = {"actor": UserFactory(), "second": UserFactory()}
    content = csv_bytes([headings or kind.headings, *rows])
    return load_file(kind=kind, source=source(content), mode=mode, **{"actor": None} | people)


def reasons(report: Report) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.heading, fault.reason) for fault in report.faults]
