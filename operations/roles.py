"""Lists what the application may do in the database, table by table (docs/decisions/0015-trail-and-roles.md).

Whoever migrates owns the tables. Web server, workers and scheduler sign in as another role, which owns nothing: it
cannot alter or empty a table, switch a trigger off, or change what is written once.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction

APPLICATION = "levy_app"

# The rights on every table that is not in LESS, those of later migrations included.
ALL = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
WRITTEN_ONCE = "SELECT, INSERT"
NEVER_EDITED = "SELECT, INSERT, DELETE"
NEVER_DELETED = "SELECT, INSERT, UPDATE"
LESS = {
    "django_migrations": READ,
    "audit_auditentry": WRITTEN_ONCE,
    "accounts_appointmentevent": WRITTEN_ONCE,
    "casework_casefile": WRITTEN_ONCE,
    "casework_casemessage": WRITTEN_ONCE,
    "quota_certificateevent": WRITTEN_ONCE,
    "quota_employerevent": WRITTEN_ONCE,
    "quota_regionalnumberevent": WRITTEN_ONCE,
    "quota_regionalsettingevent": WRITTEN_ONCE,
    "subsidies_programmeevent": WRITTEN_ONCE,
    "levy_assessment": NEVER_EDITED,
    "disclosure_publishedentry": NEVER_EDITED,
    "disclosure_publishedfigure": NEVER_EDITED,
    "disclosure_publishedfile": NEVER_EDITED,
    "disclosure_publishedregion": NEVER_EDITED,
    "casework_casedelivery": NEVER_DELETED,
    "casework_casepaper": NEVER_DELETED,
    "disclosure_publication": NEVER_DELETED,
}

TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') ORDER BY relname
"""
# A role may always make temporary tables, and PostgreSQL looks among them first: one named like a table that a trigger
# asks would answer in its place.
FIXED_PATHS = """
SELECT format('ALTER FUNCTION %%s SET search_path = public, pg_temp', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype AND proconfig IS NULL
"""
# pgtrigger lets any session name triggers to pass over. Here only the owner of the tables may.
PASSED_OVER = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        RETURN current_user = '{owner}'
            AND trigger_name = ANY(coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{{}}')::text[]);
    END;
$$
"""


def settle_rights(using: str, plan: object = None, **_signal: Any) -> None:
    """Give the application its rights on every table; a receiver of post_migrate. Raises ImproperlyConfigured."""
    if plan is None:  # a flush makes no table
        return
    with transaction.atomic(using), connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [APPLICATION])
        owner, is_there = cursor.fetchone()
        if not is_there:
            raise ImproperlyConfigured(f"The database has no role {APPLICATION}: see docs/deploy.md, Two roles.")
        cursor.execute(PASSED_OVER.format(owner=owner))
        cursor.execute(FIXED_PATHS, [])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        cursor.execute(TABLES)
        for statement in grants([name for (name,) in cursor.fetchall()]):
            cursor.execute(statement)


def grants(tables: list[str]) -> list[str]:
    """The statements that take all rights on these tables and give those that the list grants."""
    statements = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON {_names(tables)} FROM PUBLIC, {APPLICATION}",
    ]
    for rights in (ALL, READ, WRITTEN_ONCE, NEVER_EDITED, NEVER_DELETED):
        if names := [name for name in tables if LESS.get(name, ALL) == rights]:
            statements.append(f"GRANT {rights} ON {_names(names)} TO {APPLICATION}")
    return statements


def _names(tables: list[str]) -> str:
    return ", ".join(f'public."{name}"' for name in tables)


def is_application() -> bool:
    """True if this process works with the application's rights, not the owner's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [APPLICATION])
        return bool(cursor.fetchone()[0])
