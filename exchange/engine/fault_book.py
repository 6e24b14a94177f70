"""Faults with their cells: a workbook for the sender, masked lines for everyone else."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from rustpy_xlsxwriter import Format, write_worksheet

from exchange.engine.cells import shown
from exchange.engine.contract import Kind
from exchange.engine.faults import Fault
from exchange.engine.source import Source
from exchange.engine.table import Table
from law.identifiers import mask_identity

PERSONAL = frozenset({"姓名", "身份证号", "证件号码"})
PUBLIC = frozenset({"统一社会信用代码", "派遣单位信用代码", "用工单位信用代码", "电子税票号码"})
LONGEST = 200  # characters of a value shown
LONG_NUMBER = re.compile(r"[0-9０-９]{12,}[Xx]?")


def with_values(faults: Iterable[Fault], source: Source, kind: Kind) -> Iterator[Fault]:
    """Add to each fault the cell it is about, in a second reading of the file. Faults must be in line order."""
    waiting: dict[int, list[Fault]] = {}
    for fault in faults:
        waiting.setdefault(fault.line, []).append(fault)
    places = {heading: place for place, heading in enumerate(kind.headings)}
    for batch in Table(source, kind).batches():
        rows = {line: row for row, line in enumerate(batch.lines) if line in waiting}
        for line in sorted({*rows, *(fault.line for fault in batch.faults)}):
            for fault in waiting.pop(line, []):
                place = places.get(fault.heading)
                cell = "" if place is None or line not in rows else batch.columns[place][rows[line]]
                yield fault._replace(value=shown(cell)[:LONGEST])


def masked(fault: Fault) -> Fault:
    """The fault without a person's name, identity number or certificate number, so that it may be stored and shown."""
    if fault.heading in PERSONAL:
        value = mask_identity(fault.value) if fault.heading != "姓名" else fault.value[:1] + "*" * len(fault.value[1:])
        return fault._replace(value=value)
    if fault.heading in PUBLIC:
        return fault
    return fault._replace(value=LONG_NUMBER.sub(lambda found: mask_identity(found[0]), fault.value))


def write_workbook(faults: Iterable[Fault], target: Path | BinaryIO) -> None:
    """Write all faults with their cells, as text that no spreadsheet runs as a formula, for the sender of the file."""
    header = Format().set_bold().set_background_color("#E8EEF5").set_text_wrap()
    records = (
        {
            _("行"): fault.line,
            _("列"): fault.heading or _("整行"),
            _("填写内容"): fault.value,
            _("错误"): fault.reason,
            _("如何改正"): fault.cure,
        }
        for fault in faults
    )
    write_worksheet(
        records,
        target if not isinstance(target, Path) else str(target),
        sheet_name=_("错误清单"),
        freeze_row=1,
        header_format=header,
        column_widths=[8, 24, 32, 44, 44],
        ignore_errors=[_("填写内容")],
    )


def blank_workbook(kind: Kind, target: BinaryIO) -> None:
    """A workbook with the headings of a kind, to fill in. Every column is text, so codes keep what is typed."""
    as_text = Format().set_num_format("@")
    with translation.override(settings.LANGUAGE_CODE):
        sheet_name, notes = str(kind.label), {column.heading: str(column.note) for column in kind.columns}
    write_worksheet(
        [dict.fromkeys(kind.headings, "")],
        target,
        sheet_name=sheet_name,
        freeze_row=1,
        header_format=Format().set_bold().set_num_format("@"),
        column_formats=[as_text] * len(kind.headings),
        column_widths=[24] * len(kind.headings),
        notes=notes,
    )
