"""Writing many rows at once: COPY into tables whose keys and indexes wait until the rows are there."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

from django.db import connection

# How to drop and how to make again: foreign keys, indexes of no constraint, and the keys of tables nothing refers to.
SET_ASIDE = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint held
WHERE conrelid = ANY(%(tables)s::regclass[])
  AND (contype = 'f' OR contype IN ('p', 'u', 'x') AND NOT EXISTS (
      SELECT FROM pg_constraint WHERE confrelid = held.conrelid
  ))
UNION ALL
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY(%(tables)s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@contextmanager
def set_aside(tables: Sequence[str]) -> Iterator[None]:
    """Drop the tables' keys and indexes, as far as others allow, and make the same again, checked against every row.

    Inside one transaction: whatever happens, nobody ever sees the tables without them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(SET_ASIDE, {"tables": list(tables)})
        found = cursor.fetchall()
        for drop, _create in found:
            cursor.execute(drop)
        yield
        for _drop, create in found:
            cursor.execute(create)


class Writer:
    """Writes lines in COPY's text format while the caller makes the next ones; at most one batch waits.

    Must be used inside one transaction and closed before anything else runs in it. `columns` names each table's.
    """

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._connection = connection.connection  # the thread below has no connection of its own
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._waiting: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._thread.shutdown()
        if self._waiting is not None and failure == (None, None, None):
            self._waiting.result()

    def write(self, lines: Mapping[str, Sequence[str]]) -> None:
        """Hand over one batch, table by table in the order of references; raises what an earlier batch raised."""
        if self._waiting is not None:
            self._waiting.result()
        self._waiting = self._thread.submit(self._copy, lines)

    def _copy(self, lines: Mapping[str, Sequence[str]]) -> None:
        with self._connection.cursor() as cursor:
            for table, rows in lines.items():
                if rows:
                    with cursor.copy(f"COPY {table} ({self._columns[table]}) FROM STDIN") as copy:
                        copy.write("\n".join(rows) + "\n")
