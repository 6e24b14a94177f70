"""The two roles of the database, for tests, the bench and the fault run (docs/decisions/0015-trail-and-roles.md)."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from django.db import DatabaseError, connection

AS_OWNER = "SET ROLE levy"


@contextmanager
def as_owner() -> Iterator[None]:
    """Act as the owner of the tables on the present connection.

    Works in throwaway clusters only, where run.py makes the application's role a member of the owner's.
    """
    with connection.cursor() as cursor:
        cursor.execute(AS_OWNER)
    try:
        yield
    finally:
        # In a transaction that failed the role goes back with it.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def sign_in(url: str) -> None:
    """Let this and every later connection of the process use the role of a `postgresql://` address."""
    parts = urlsplit(url)
    connection.close()
    connection.settings_dict |= {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
