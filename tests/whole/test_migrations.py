"""A new version's schema serves the old version too, and migrating stops no person's work (promises B5, G4).

Workers and pages of both versions run side by side during a rollout.
"""

import os
import re
import subprocess
import sys

import pytest
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField
from django.db.models import NOT_PROVIDED

from tests.production import compose_services
from tools.runner.state import ROOT

# The first version's migrations; later ones obey the rules.
BEFORE = {
    "access": 2,
    "accounts": 1,
    "audit": 2,
    "casework": 1,
    "collection": 2,
    "disclosure": 3,
    "exchange": 1,
    "levy": 2,
    "operations": 1,
    "quota": 2,
    "subsidies": 1,
}
# Some thousands of rows at most, however large the province: what reads one of them whole takes milliseconds.
SMALL = {
    "accounts_region",
    "exchange_importedfile",
    "levy_assessmentrun",
    "levy_assessmentslice",
    "subsidies_programme",
}

TABLE = r'"?(?P<table>\w+)"?'
# What keeps writers out for as long as the table is large, or breaks the code that knows only the former schema.
RULES = {
    "an index that is built while writers wait": rf"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY\b).* ON {TABLE}",
    "a check of every row": (
        rf"ALTER TABLE {TABLE} (ADD COLUMN .*\bCHECK\b|ADD CONSTRAINT (?!.*(NOT VALID|USING INDEX)))"
    ),
    "a column that must be filled": rf"ALTER TABLE {TABLE} ALTER COLUMN \S+ SET NOT NULL",
    "every row written anew": rf"ALTER TABLE {TABLE} .*(ALTER COLUMN \S+ (SET DATA )?TYPE|ADD COLUMN .*\bGENERATED\b)",
    "a default of its own for every row": (
        rf"ALTER TABLE {TABLE} ADD COLUMN .*DEFAULT \(?(gen_random_uuid|random|nextval|clock)"
    ),
}
NEVER = {
    "an index that goes while writers wait": r"DROP INDEX (?!CONCURRENTLY\b)",
    "something the former code still uses": r"DROP TABLE|DROP COLUMN|RENAME (TO|COLUMN)",
    "rows changed in the schema's transaction": r"^(UPDATE|DELETE FROM|INSERT INTO) |CANNOT BE WRITTEN AS SQL",
}


def later_migrations() -> list[tuple[str, Migration]]:
    found = sorted(MigrationLoader(connection).disk_migrations.items())
    return [
        (f"{app}.{name}", migration)
        for (app, name), migration in found
        if app in BEFORE and int(name[:4]) > BEFORE[app]
    ]


@pytest.mark.django_db
def test_the_first_version_is_whole() -> None:
    """A migration counted here that does not exist would let a later one pass unasked under its number."""
    last: dict[str, int] = {}
    for app, name in MigrationLoader(connection).disk_migrations:
        last[app] = max(last.get(app, 0), int(name[:4]) if name[:4].isdigit() else 0)
    assert {app: number for app, number in BEFORE.items() if last.get(app, 0) < number} == {}


def findings(statements: list[str]) -> list[str]:
    """The forbidden parts of a migration's SQL; a table that it creates itself has no rows and no users yet."""
    sql = [" ".join(statement.split()) for statement in statements]
    spared = SMALL | {made["table"] for line in sql if (made := re.match(rf"CREATE TABLE {TABLE}", line))}
    found = [rule for line in sql for rule, pattern in NEVER.items() if re.search(pattern, line)]
    hits = [(rule, re.match(pattern, line)) for line in sql for rule, pattern in RULES.items()]
    return found + [rule for rule, hit in hits if hit and hit["table"] not in spared]


@pytest.mark.django_db
def test_no_migration_stops_whoever_is_working() -> None:
    loader = MigrationLoader(connection, replace_migrations=False)
    for name, migration in later_migrations():
        assert not findings(loader.collect_sql([(migration, False)])), name


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ('CREATE INDEX "by_day" ON "quota_placement" ("born_on");', "an index that is built while writers wait"),
        (
            'ALTER TABLE "collection_payment" ADD CONSTRAINT "positive" CHECK ("amount" > 0);',
            "a check of every row",
        ),
        (
            'ALTER TABLE "collection_payment" ADD COLUMN "tries" integer DEFAULT 0 NOT NULL CHECK ("tries" >= 0);',
            "a check of every row",
        ),
        ('ALTER TABLE "collection_payment" ALTER COLUMN "amount" TYPE bigint;', "every row written anew"),
        (
            'ALTER TABLE "collection_payment" ADD COLUMN "key" uuid DEFAULT gen_random_uuid() NOT NULL;',
            "a default of its own for every row",
        ),
        ('ALTER TABLE "collection_payment" ALTER COLUMN "paid_on" SET NOT NULL;', "a column that must be filled"),
        ('DROP INDEX IF EXISTS "placement_person";', "an index that goes while writers wait"),
        ('ALTER TABLE "accounts_region" DROP COLUMN "level" CASCADE;', "something the former code still uses"),
        ('ALTER TABLE "accounts_region" RENAME COLUMN "name" TO "title";', "something the former code still uses"),
        ('UPDATE quota_placement SET post = \'\';', "rows changed in the schema's transaction"),
    ],
)  # fmt: skip
def test_twin_what_would_stop_them_is_found(statement: str, rule: str) -> None:
    assert findings([statement]) == [rule]


def test_what_keeps_nobody_waiting_is_let_through() -> None:
    assert not findings(
        [
            'CREATE TABLE "levy_note" ("id" bigint NOT NULL PRIMARY KEY);',
            'CREATE INDEX "levy_note_by_id" ON "levy_note" ("id");',
            'CREATE INDEX CONCURRENTLY "by_day" ON "quota_placement" ("born_on");',
            'ALTER TABLE "collection_payment" ADD COLUMN "note" varchar(20) DEFAULT \'\' NOT NULL;',
            'ALTER TABLE "collection_payment" ADD CONSTRAINT "positive" CHECK ("amount" > 0) NOT VALID;',
        ]
    )


def test_a_migration_gives_up_its_lock_after_two_seconds() -> None:
    """Every writer would queue behind a migration that waits for one long reader."""
    process = compose_services()["migrate"]["environment"]["LEVY_PROCESS"]
    asked = "from django.db import connection; print(connection.settings_dict['OPTIONS'])"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", asked],
        cwd=ROOT, env=os.environ | {"LEVY_PROCESS": process}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "-c lock_timeout=2s" in done.stdout


@pytest.mark.django_db
def test_code_that_does_not_know_a_new_column_can_still_write_its_rows() -> None:
    columns = [
        (f"{name}.{operation.name}", operation)
        for name, migration in later_migrations()
        for operation in migration.operations
        if isinstance(operation, AddField)
    ]
    for name, operation in columns:
        has_default = operation.field.db_default is not NOT_PROVIDED
        assert operation.field.null or has_default or operation.field.many_to_many, f"{name} has no db_default"
