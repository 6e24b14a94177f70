"""One filled province for a module of tests, removed at its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from demo.province import COLUMNS
from tools.roles import as_owner

EMPLOYERS = 800


@dataclass(frozen=True, slots=True)
class Filled:
    """The command's output, and the keys and indexes of the filled tables before it ran."""

    printed: str
    told: str
    schema: list[Any]


def schema_of_filled_tables() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = ANY(%(tables)s::regclass[])
            UNION ALL
            SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = ANY(%(tables)s::regclass[])
            ORDER BY 1, 2, 3
            """,
            {"tables": list(COLUMNS)},
        )
        return cursor.fetchall()


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[Filled]:
    with django_db_blocker.unblock(), transaction.atomic():
        schema, printed, told = schema_of_filled_tables(), StringIO(), StringIO()
        with as_owner():
            call_command("demo", employers=EMPLOYERS, stdout=printed, stderr=told)
        yield Filled(printed.getvalue(), told.getvalue(), schema)
        transaction.set_rollback(True)
