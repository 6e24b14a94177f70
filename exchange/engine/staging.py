"""The rows of one file in a temporary table, to compare with each other and with stored rows.

The SQL is built only from the declarations of the kinds; the contents of a file are always parameters or COPY data.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from exchange.engine.contract import Kind
from exchange.engine.control import ControlTotals
from exchange.engine.faults import Fault, Refusal

# Groups of rows with one key: the first row of each, and whether all rows of the group are equal.
REPEATED = """
CREATE TEMP TABLE repeated AS
SELECT line, first, bool_and(same) OVER (PARTITION BY first) AS harmless,
       min(nullif(line, first)) OVER (PARTITION BY first) AS second
FROM (
    SELECT s.line, g.first, ROW({others_s}) IS NOT DISTINCT FROM ROW({others_f}) AS same
    FROM (SELECT {key}, min(line) AS first FROM staged GROUP BY {key} HAVING count(*) > 1) g
    JOIN staged s ON {key_s_is_g} JOIN staged f ON f.line = g.first
) pairs
"""

CONTROL = """
SELECT count(*) FILTER (WHERE {amount} > 0), coalesce(sum({amount}) FILTER (WHERE {amount} > 0), 0),
       coalesce(-sum({amount}) FILTER (WHERE {amount} < 0), 0)
FROM staged
"""


class Staging:
    """The temporary table `staged` of one kind, with `line` and the kind's staged columns."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.types = dict(column.split(" ", 1) for declared in kind.columns for column in declared.staged)
        self.nullable = {name for column in kind.columns if not column.required for name in column.names}
        self.same_key = " AND ".join([*(self._equal(name, "s", "t") for name in kind.key), kind.stored_where])
        self.last_stored = 0  # the last row of this kind from before this file
        self._adding = ExitStack()

    def _equal(self, name: str, left: str, right: str) -> str:
        operator = "IS NOT DISTINCT FROM" if name in self.nullable else "="
        return f"{left}.{name} {operator} {right}.{name}"

    def body_differs(self, alias: str) -> str:
        """SQL condition: a row of the source differs in its body from the stored row t of the same key."""
        if not self.kind.body:
            return "false"
        ours, stored = (", ".join(f"{table}.{name}" for name in self.kind.body) for table in (alias, "t"))
        return f"ROW({ours}) IS DISTINCT FROM ROW({stored})"

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def run(self, sql: str, values: Mapping[str, object] | None = None) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, values or {})
            return cursor.rowcount

    def create(self) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in self.types.items())
        self.run("DROP TABLE IF EXISTS staged")
        self.run(f"CREATE TEMP TABLE staged (line integer, {columns})")

    def add(self, rows: str) -> None:
        """Append rows in COPY's text format, the line number first.

        PostgreSQL stores them while the caller reads on; the connection can do nothing else before `settle_added`.
        """
        cursor = self._adding.enter_context(connection.cursor())
        statement = f"COPY staged (line, {', '.join(self.types)}) FROM STDIN"
        self._adding.enter_context(cursor.copy(statement)).write(rows)

    def settle_added(self) -> None:
        """Wait until the rows of the last `add` are in the table."""
        self._adding.close()

    def count(self) -> int:
        return int(self.rows("SELECT count(*) FROM staged")[0][0])

    def control_totals(self) -> ControlTotals:
        """The totals of the staged rows, if their kind is compared with another office's."""
        if self.kind.control is None:
            return ControlTotals()
        (found,) = self.rows(CONTROL.format(amount=self.kind.control.column))
        return ControlTotals(*found)

    def remove(self, faults: Iterable[Fault]) -> None:
        """Remove the faulty rows."""
        lines = sorted({fault.line for fault in faults})
        if lines:
            self.run("DELETE FROM staged WHERE line = ANY(%(lines)s)", {"lines": lines})

    def faults_where(self, condition: str, staged: str, refusal: Refusal, **values: object) -> Iterator[Fault]:
        """A fault for every staged row s that meets the condition, under the heading that fills `staged`."""
        heading = self.kind.heading_of(staged)
        for line in self.lines_where(condition, **values):
            yield Fault(line, heading, *refusal)

    def lines_where(self, condition: str, **values: object) -> list[int]:
        """The lines of the staged rows s that meet the condition."""
        found = self.rows(f"SELECT s.line FROM staged s WHERE {condition} ORDER BY s.line", **values)
        return [line for (line,) in found]

    def differs_from_stored(self) -> str:
        """SQL condition: the row's key is stored with other contents."""
        return f"EXISTS (SELECT FROM {self.kind.table} t WHERE {self.same_key} AND {self.body_differs('s')})"

    def settle_repeated(self) -> tuple[int, list[Fault]]:
        """Keep one of equal rows; rows of one key that differ are all faults. Returns the number of equal rows
        removed."""
        if self.kind.rows_add_up:
            return 0, []
        key, others = list(self.kind.key), self._compared()
        self.run("DROP TABLE IF EXISTS repeated")
        self.run(
            REPEATED.format(
                key=", ".join(name for name in key),
                key_s_is_g=" AND ".join(self._equal(name, "s", "g") for name in key),
                others_s=", ".join(f"s.{name}" for name in others),
                others_f=", ".join(f"f.{name}" for name in others),
            )
        )
        equal = self.run(
            "DELETE FROM staged WHERE line IN (SELECT line FROM repeated WHERE harmless AND line <> first)"
        )
        clashing = self.rows(
            "SELECT line, CASE WHEN line = first THEN second ELSE first END"
            " FROM repeated WHERE NOT harmless ORDER BY line"
        )
        self.run("DROP TABLE repeated")
        return equal, [self._clash(line, other) for line, other in clashing]

    def _compared(self) -> list[str]:
        return [name for name in self.types if name not in (*self.kind.key, *self.kind.companions)]

    def _clash(self, line: int, other: int) -> Fault:
        return Fault(
            line,
            self.kind.heading_of(self.kind.key[0]),
            _("与第%(line)s行是同一记录，内容却不同。") % {"line": other},
            _("请核对后只保留正确的一行。"),
        )

    def compare(self) -> tuple[int, int]:
        """The number of rows that would be new, and of those that would change a stored row."""
        ((new, changed),) = self.rows(
            f"SELECT count(*) FILTER (WHERE t.{self._never_null} IS NULL),"
            f" count(*) FILTER (WHERE t.{self._never_null} IS NOT NULL AND {self.body_differs('s')})"
            f" FROM ({self.kind.source}) s LEFT JOIN {self.kind.table} t ON {self.same_key}"
        )
        return new, changed

    @property
    def _never_null(self) -> str:
        return self.kind.key[0]

    def write(self, values: Mapping[str, object]) -> tuple[int, int]:
        """Write new and changed rows. Returns the number of each."""
        changed = self._update(values) if self.kind.body else 0
        return self._insert(values), changed

    def _update(self, values: Mapping[str, object]) -> int:
        kind = self.kind
        assignments = [f"{name} = s.{name}" for name in (*kind.body, *kind.companions)]
        assignments += [f"{name} = {sql}" for name, sql in kind.change_constants.items()]
        differing = f"FROM ({kind.source}) s WHERE {self.same_key} AND {self.body_differs('s')}"
        released = self.run(f"UPDATE {kind.table} t SET {kind.release} {differing}") if kind.release else 0
        return max(released, self.run(f"UPDATE {kind.table} t SET {', '.join(assignments)} {differing}", values))

    def _insert(self, values: Mapping[str, object]) -> int:
        kind = self.kind
        copied = [*kind.key, *kind.body, *kind.companions]
        selected = [*(f"s.{name}" for name in copied), *kind.constants.values()]
        return self.run(
            f"INSERT INTO {kind.table} ({', '.join([*copied, *kind.constants])})"
            f" SELECT {', '.join(selected)} FROM ({kind.source}) s"
            f" WHERE NOT EXISTS (SELECT FROM {kind.table} t WHERE {self.same_key})",
            values,
        )


@contextmanager
def staging_of(kind: Kind) -> Iterator[Staging]:
    """The table of one reading; it is dropped afterwards."""
    staging = Staging(kind)
    staging.create()
    try:
        yield staging
    finally:
        staging.settle_added()
        if connection.is_usable():
            staging.run("DROP TABLE IF EXISTS staged")


def copy_text(values: Sequence[str | None]) -> str:
    """Staged values in COPY's text format, with tabs between them."""
    return "\t".join("\\N" if value is None else _escaped(value) for value in values)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\") if "\\" in value else value
