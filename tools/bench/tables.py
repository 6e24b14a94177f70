"""Rows between tables and files, in COPY's text format: the limit for most rows of the bench."""

from pathlib import Path

from django.db import connection

CHUNK = 1024 * 1024


def copy_out(query: str, file: Path) -> None:
    """Write the query's rows to a file."""
    with connection.cursor() as cursor, file.open("wb") as target, cursor.copy(f"COPY ({query}) TO STDOUT") as rows:
        target.writelines(rows)


def copy_in(file: Path, table: str) -> None:
    """Write the file's rows to a table; `table` may name its columns."""
    with connection.cursor() as cursor, file.open("rb") as source, cursor.copy(f"COPY {table} FROM STDIN") as rows:
        while chunk := source.read(CHUNK):
            rows.write(chunk)
