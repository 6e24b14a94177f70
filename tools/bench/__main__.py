"""`python3 run.py bench [ROW …] [--employers N] [--person-months N] [--plan N] [--write]`: measure and report."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

import django
from django.db import connection

django.setup()

from tools.bench import amounts, annual_run, checking, lists, loading, notices, pages, plan, reviewers  # noqa: E402  (after the setup)
from tools.bench.province import Size, write_province  # noqa: E402
from tools.bench.report import Line, table  # noqa: E402
from tools.runner import measured  # noqa: E402

# In this order, because each needs the province as the one before leaves it.
ROWS: dict[str, Callable[[Size], Iterator[Line]]] = {
    "amounts": amounts.lines,
    "checking": checking.lines,
    "loading": loading.lines,
    "annual_run": annual_run.lines,
    "lists": lists.lines,
    "notices": notices.lines,
    "pages": pages.lines,
    "reviewers": reviewers.lines,
}


def main() -> int:
    options = _options()
    size = Size(options.employers, options.person_months)
    tell(f"province of {size.employers:,} employers with {size.person_months:,} person-months")
    write_province(size, lambda rows: tell(f"  {rows} rows"))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    rows = {"plan": plan.lines} if options.plan else {name: ROWS[name] for name in options.rows or ROWS}
    lines = [line for name, measure in rows.items() for line in _measured(name, measure, size)]
    province = f"{size.employers:,} employers, {size.person_months:,} person-months"
    result = f"{measured.circumstances()}; {province}.\n\n{table(lines)}"
    print(result, flush=True)
    if options.write:
        measured.write("plan" if options.plan else "bench", result)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py bench", description="Measure what the system costs.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these of: {', '.join(ROWS)}")
    parser.add_argument("--employers", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--person-months", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--plan", action="store_true", help="only the annual run and the size of the tables")
    parser.add_argument("--write", action="store_true", help="put the whole result into docs/measured.md")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.write and options.rows:
        parser.error("--write replaces the whole table: name no rows")
    return options


def _measured(name: str, measure: Callable[[Size], Iterator[Line]], size: Size) -> Iterator[Line]:
    """The lines of one row. A row that fails says so in its line; the others are still measured."""
    began = time.monotonic()
    command = f"run.py bench {name}"
    try:
        for line in measure(size):
            tell(f"{name}: {line.what}: {line.measured} {line.ratio} ({time.monotonic() - began:.0f} s)")
            yield replace(line, command=command)
    except Exception as failure:
        traceback.print_exc()
        yield Line(f"{name}: failed", f"{type(failure).__name__}: {failure}"[:200], holds=False, command=command)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
