"""The judge: reads the database over its own connection, and files; no log, no application code.

When a connection breaks, the outcome is unknown: ask again before judging.
"""

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from tools.faults.report import demand

ROWS = """
SELECT count(*), count(*) - count(DISTINCT employer_id), coalesce(sum(payable), 0),
       md5(coalesce(string_agg(concat_ws('|', employer_id, region_id, outcome, staff_months, credited_months,
           average_wage, charged_wage, gross, relief, payable), E'\\n' ORDER BY employer_id, id), ''))
FROM levy_assessment WHERE run_id = %s
"""
RUN = "SELECT levy_year, state, employer_count, payable_total, digest FROM levy_assessmentrun WHERE id = %s"
SLICES = """
SELECT count(*), count(*) FILTER (WHERE state = 'done'), coalesce(sum(employer_count), 0),
       coalesce(sum(payable_total), 0)
FROM levy_assessmentslice WHERE run_id = %s
"""
PATIENCE = 120


@dataclass(frozen=True)
class Fingerprint:
    """The result of a run. Two runs of the same facts must agree in all of it."""

    employers: int
    payable: Decimal
    digest: str  # stored by the system
    rows: str  # computed by the checker


class Checker:
    """`url` connects as a superuser."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str, *given: Any) -> list[tuple[Any, ...]]:
        """The rows of a query; asks again while the database is away."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(self._url, connect_timeout=5, autocommit=True) as connection:
                    return connection.execute(query, given or None).fetchall()
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def do(self, statement: str, *given: Any) -> None:
        """One statement as superuser, for faults that only the owner of the machine can cause."""
        with psycopg.connect(self._url, connect_timeout=5, autocommit=True) as connection:
            connection.execute(statement, given or None)

    def value(self, query: str, *given: Any) -> Any:
        return self.ask(query, *given)[0][0]

    def state(self, run_id: int) -> str:
        return str(self.value("SELECT state FROM levy_assessmentrun WHERE id = %s", run_id))

    def done(self, run_id: int) -> tuple[int, int]:
        """Number of slices done, and of all slices."""
        total, done, _employers, _payable = self.ask(SLICES, run_id)[0]
        return int(done), int(total)

    def fingerprint(self, run_id: int) -> Fingerprint:
        """The result of a finished run. Raises Broken if run, slices and rows disagree or an employer has two rows."""
        (_year, state, employers, payable, digest) = self.ask(RUN, run_id)[0]
        (rows, doubled, row_sum, row_digest) = self.ask(ROWS, run_id)[0]
        (_total, _done, slice_rows, slice_sum) = self.ask(SLICES, run_id)[0]
        demand(doubled == 0, f"run {run_id}: {doubled} employers were assessed twice")
        demand(state != "partial", f"run {run_id} ended partial: innocent slices were put aside")
        demand(state == "draft", f"run {run_id} is {state}")
        demand(employers == rows == slice_rows, f"run {run_id}: {employers} employers, {rows} rows, {slice_rows}")
        demand(payable == row_sum == slice_sum, f"run {run_id}: sums {payable}, {row_sum}, {slice_sum}")
        return Fingerprint(rows, row_sum, digest, row_digest)
