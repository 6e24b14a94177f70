"""A file as a table of one kind: finds and checks its headings, puts its cells in the order of the kind's columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from django.utils.translation import gettext as _

from exchange.engine.contract import Kind
from exchange.engine.csv_rows import csv_rows
from exchange.engine.faults import Cell, Fault
from exchange.engine.source import CSV, Source, recognise
from exchange.engine.xlsx_rows import xlsx_rows
from exchange.errors import FileRefused

BATCH = 5_000
SHOWN = 8  # unknown headings named in a warning


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some rows: their line numbers, their cells per column of the kind, and their faults."""

    lines: Sequence[int]
    columns: Sequence[Sequence[Cell]]
    faults: Sequence[Fault]

    @property
    def last(self) -> int:
        return max([*self.lines[-1:], *(fault.line for fault in self.faults)])


@dataclass(slots=True)
class Table:
    """One reading of a file. `warnings` may grow while the batches are read."""

    source: Source
    kind: Kind
    warnings: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[RowBatch]:
        """The rows below the headings. Raises FileRefused when the file cannot be read as this kind."""
        chunks = self._chunks()
        line, headings = 0, None
        for chunk in chunks:
            first = next((place for place, row in enumerate(chunk) if not _is_empty(row)), len(chunk))
            line += first
            if first < len(chunk):
                headings = [str(heading).strip() for heading in chunk[first]]
                rest = chunk[first + 1 :]
                break
        if headings is None:
            raise FileRefused(_("文件是空的。"))
        places, last = self._places(headings), line + 1 + self.source.limits.rows
        line += 2
        for chunk in chain([rest], chunks):
            if batch := _batch(line, chunk, places, len(headings)):
                if batch.last > last:
                    raise FileRefused(_too_many(self.source.limits.rows))
                yield batch
            line += len(chunk)

    def _chunks(self) -> Iterator[list[list[Cell]]]:
        if recognise(self.source) == CSV:
            return csv_rows(self.source, BATCH)
        return xlsx_rows(self.source, BATCH, self.warnings.append)

    def _places(self, headings: list[str]) -> list[int]:
        """The position of each column of the kind. Raises FileRefused with the headings that are missing or
        repeated."""
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


def _batch(first: int, rows: list[list[Cell]], places: list[int], width: int) -> RowBatch | None:
    """The rows that are not empty. The usual batch has no gaps and no ragged rows: a transpose is enough."""
    if set(map(len, rows)) == {width}:
        columns = list(zip(*rows, strict=True))
        if "" not in columns[places[0]]:
            return RowBatch(range(first, first + len(rows)), [columns[place] for place in places], [])
    kept = [(line, row) for line, row in enumerate(rows, first) if not _is_empty(row)]
    overlong = {line for line, row in kept if not _is_empty(row[width:])}
    sound = [(line, row[:width]) for line, row in kept if line not in overlong]
    columns = list(zip_longest(*(row for _line, row in sound), fillvalue=""))
    columns += [("",) * len(sound)] * (width - len(columns))
    faults = [_overlong(line) for line in sorted(overlong)]
    return RowBatch([line for line, _row in sound], [columns[place] for place in places], faults) if kept else None


def _too_many(rows: int) -> str:
    return _("超过%(rows)s行。请分成几个文件。") % {"rows": f"{rows:,}"}


def _overlong(line: int) -> Fault:
    return Fault(line, "", _("本行的格数多于列标题，内容可能错位。"), _("请检查是否有未加引号的逗号。"))
