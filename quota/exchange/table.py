"""A file as a table of one kind: its headings found and checked, its cells in the order of the kind's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

from django.utils.translation import gettext as _

from quota.errors import FileRefused
from quota.exchange.contract import Kind
from quota.exchange.csv_rows import csv_rows
from quota.exchange.faults import Cell, Fault
from quota.exchange.source import CSV, Source, recognise
from quota.exchange.xlsx_rows import xlsx_rows

BATCH = 20_000
SHOWN = 8  # unknown headings named in a warning


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: their line numbers and, per column of the kind, their cells."""

    lines: Sequence[int]
    columns: Sequence[Sequence[Cell]]
    faults: Sequence[Fault]


@dataclass(slots=True)
class Table:
    """One reading of a file. `warnings` may grow while the batches are read."""

    source: Source
    kind: Kind
    warnings: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[Batch]:
        """The rows below the headings. Raises FileRefused when the file cannot be read as this kind."""
        is_csv = recognise(self.source) == CSV
        rows = csv_rows(self.source) if is_csv else xlsx_rows(self.source, self.warnings.append)
        numbered = enumerate(rows, start=1)
        heading_line, headings = next(((line, row) for line, row in numbered if not _is_empty(row)), (0, []))
        if not heading_line:
            raise FileRefused(_("文件是空的。"))
        places = self._places([str(heading).strip() for heading in headings])
        width = len(headings)
        while chunk := list(islice(numbered, BATCH)):
            if chunk[-1][0] - heading_line > self.source.limits.rows and any(
                not _is_empty(row) for _line, row in chunk
            ):
                raise FileRefused(_("超过%(rows)s行。请分成几个文件。") % {"rows": f"{self.source.limits.rows:,}"})
            if batch := _batch(chunk, places, width):
                yield batch

    def _places(self, headings: list[str]) -> list[int]:
        """Where each column of the kind stands. Raises FileRefused naming what is missing or stands twice."""
        if len(headings) > self.source.limits.columns:
            raise FileRefused(_("超过%(columns)s列。请删除多余的列。") % {"columns": self.source.limits.columns})
        wanted = self.kind.headings
        if missing := [heading for heading in wanted if heading not in headings]:
            raise FileRefused(_missing(missing, headings, self.kind))
        if doubled := [heading for heading in wanted if headings.count(heading) > 1]:
            raise FileRefused(_("列标题重复：%(names)s。请只保留一列。") % {"names": "、".join(doubled)})
        unknown = [heading for heading in headings if heading and heading not in wanted]
        if unknown:
            names = "、".join(heading[:20] for heading in unknown[:SHOWN])
            more = _("等%(count)s列") % {"count": len(unknown)} if len(unknown) > SHOWN else ""
            self.warnings.append(_("不认识的列未读取：%(names)s%(more)s。") % {"names": names, "more": more})
        return [headings.index(heading) for heading in wanted]


def _is_empty(row: Sequence[Cell]) -> bool:
    return row.count("") == len(row)


def _missing(missing: list[str], headings: list[str], kind: Kind) -> str:
    if len(headings) == 1 and any(mark in headings[0] for mark in "\t;；，|"):
        return _("列之间应以英文逗号分隔。请用表格软件另存为CSV后再导入。")
    return _("“%(kind)s”文件缺少列标题：%(names)s。请对照格式说明补全第一行。") % {
        "kind": kind.label,
        "names": "、".join(missing),
    }


def _batch(chunk: list[tuple[int, list[Cell]]], places: list[int], width: int) -> Batch | None:
    kept = [(line, row) for line, row in chunk if row.count("") != len(row)]
    faults: list[Fault] = []
    if any(len(row) > width for _line, row in kept):
        overlong = {line for line, row in kept if not _is_empty(row[width:])}
        faults = [_overlong(line) for line in sorted(overlong)]
        kept = [(line, row[:width]) for line, row in kept if line not in overlong]
    if not kept and not faults:
        return None
    columns = list(zip_longest(*(row for _line, row in kept), fillvalue=""))
    columns += [("",) * len(kept)] * (width - len(columns))
    return Batch([line for line, _row in kept], [columns[place] for place in places], faults)


def _overlong(line: int) -> Fault:
    return Fault(
        line,
        "",
        _("本行的格数多于列标题，内容可能错位。"),
        _("请检查是否有未加引号的逗号。"),
    )
