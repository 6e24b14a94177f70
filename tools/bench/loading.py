"""Loading a file, beside reading it and copying its rows: into the same table, and into one without keys or checks.

The bar applies to the first, because a stored row has its key, its checks and its reference to an employer: no way of
loading can avoid them. The second is printed beside it.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import rustpy_xlsxwriter as xlsx
from django.conf import settings
from django.db import connection
from python_calamine import CalamineWorkbook

from demo.codes import identity_number
from exchange.engine.contract import Kind
from exchange.engine.loading import Mode, load_file
from exchange.engine.source import COMMAND_LINE, Source
from quota.kinds import INSURANCE, RETURNS
from quota.models import Employer
from tools.bench.measure import Comparison, Cost, alternating, cost_of
from tools.bench.province import Size
from tools.bench.report import MIB, Line, bounded, compared
from tools.bench.tables import copy_in, copy_out
from tools.roles import as_owner

TURNS = 2
FILED_YEAR = 2024  # the province has no rows of this year
MONTHS = 12
FIRST_PERSON = 50_000_000  # beyond every person of the province
FLAT = 1.5  # at most so many times the memory for ten times the rows


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of one kind, the least way to read it, and the table rows that it brings."""

    kind: Kind
    path: Path
    read: Callable[[Path], Iterable[list[object]]]
    brought: str


def lines(size: Size) -> Iterator[Line]:
    """Returns as a workbook of a tenth of the province; insurance rows as text, one per person-month."""
    with TemporaryDirectory() as folder:
        returns = write_returns(Path(folder) / "returns.xlsx", size.tenth)
        yield from _lines_of(f"load of {size.tenth:,} returns (XLSX)", returns, "calamine")
        insurance = write_insurance(Path(folder) / "insurance.csv", size.person_months)
        yield from _lines_of(f"load of {size.person_months:,} insurance rows (CSV)", insurance, "csv")
        tenth = write_insurance(Path(folder) / "tenth.csv", size.person_months // 10)
        few, many = command_memory(tenth), command_memory(insurance)
    shown = f"{many / MIB:.0f} MiB for {size.person_months:,} rows, {few / MIB:.0f} MiB for a tenth of them"
    yield bounded("load: memory of the command for ten times the rows", many / few, FLAT, shown, " ×")


def _lines_of(title: str, sample: Sample, reader: str) -> Iterator[Line]:
    with TemporaryDirectory() as folder:
        finished = Path(folder) / "rows"
        load, same, bare = alternating(
            TURNS, lambda: _load(sample, finished), lambda: _same_table(sample, finished), lambda: _bare_table(sample)
        )
    forget(sample)
    yield compared(title, Comparison(load, same), limit=f"{reader} and COPY into the same table", bar=2.0)
    yield compared(title, Comparison(load, bare), limit=f"{reader} and COPY into a bare table")


def write_returns(path: Path, count: int) -> Sample:
    """One return for each of the first `count` employers."""
    heads = RETURNS.headings
    codes = Employer.objects.order_by("pk").values_list("uscc", "pk")[:count]
    rows = [
        dict(
            zip(heads, [uscc, FILED_YEAR, "2025-05-06", *[pk % 200 + 1] * MONTHS, 54_321.5 * (pk % 200)], strict=True)
        )
        for uscc, pk in codes
    ]
    xlsx.write_worksheet(iter(rows), str(path))
    return Sample(RETURNS, path, _workbook_rows, f"levy_year = {FILED_YEAR}")


def write_insurance(path: Path, count: int) -> Sample:
    """The twelve months of as many people as needed, two at each employer."""
    codes = list(Employer.objects.order_by("pk").values_list("uscc", flat=True)[: count // MONTHS // 2 + 1])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(INSURANCE.headings)
        people = ((codes[n // 2], identity_number(FIRST_PERSON + n)[0]) for n in range(count // MONTHS + 1))
        rows = ([*who, f"{FILED_YEAR}-{month:02}", 1, 1, 1, 1] for who in people for month in range(1, MONTHS + 1))
        writer.writerows(islice(rows, count))
    return Sample(INSURANCE, path, _text_rows, f"month < '{FILED_YEAR + 1}-01-01'")


def _workbook_rows(path: Path) -> Iterable[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()


def _text_rows(path: Path) -> Iterator[list[object]]:
    with path.open(newline="") as file:
        yield from csv.reader(file)


def _load(sample: Sample, finished: Path) -> Cost:
    """Load the file; keep the stored rows for the other two ways."""
    forget(sample)
    cost = cost_of(lambda: load(sample))
    if not finished.exists():
        copy_out(f"SELECT {_columns(sample)} FROM {sample.kind.table} WHERE {sample.brought}", finished)
    return cost


def load(sample: Sample) -> int:
    """Load the file as the command does. Returns the number of new rows. Raises RuntimeError if rows were refused."""
    source = Source(sample.path.name, COMMAND_LINE, path=sample.path)
    report = load_file(kind=sample.kind, source=source, mode=Mode.APPLY, actor=None)
    if not report.is_applied or report.new != report.rows:
        raise RuntimeError(f"{report.new} of {report.rows} rows were stored: {report.faults[:3]}")
    return report.new


def _columns(sample: Sample) -> str:
    return ", ".join(f.column for f in sample.kind.model._meta.concrete_fields if f.column and not f.primary_key)


def _same_table(sample: Sample, finished: Path) -> Cost:
    forget(sample)
    return cost_of(lambda: _read_and_copy(sample, f"{sample.kind.table} ({_columns(sample)})", finished))


def _bare_table(sample: Sample) -> Cost:
    """A table for the cells as text, as they are in the file."""
    heads = ", ".join(f'"{heading}" text' for heading in sample.kind.headings)
    with TemporaryDirectory() as folder, as_owner(), connection.cursor() as cursor:
        file = Path(folder) / "cells"
        with file.open("w") as cells:
            cells.writelines("\t".join(map(str, row)) + "\n" for row in sample.read(sample.path))
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        cursor.execute(f"CREATE TABLE bench_bare ({heads})")
        cost = cost_of(lambda: _read_and_copy(sample, "bench_bare", file))
        cursor.execute("DROP TABLE bench_bare")
    return cost


def _read_and_copy(sample: Sample, target: str, finished: Path) -> None:
    for _row in sample.read(sample.path):
        pass
    copy_in(finished, target)


def forget(sample: Sample) -> None:
    """Delete what the file brought."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {sample.kind.table} WHERE {sample.brought}")
        cursor.execute(f"VACUUM (ANALYZE) {sample.kind.table}")


def command_memory(sample: Sample) -> int:
    """The peak memory in bytes of `manage.py load`, which reports without writing, or of its reader."""
    command = [sys.executable, "manage.py", "load", sample.kind.name, str(sample.path)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the command ended with {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
