"""A new version's schema serves the version before it (promises B5, G4): workers and pages of both run side by side
while one is rolled out."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField
from django.db.models import NOT_PROVIDED

APPS = ("audit", "accounts", "quota", "levy", "subsidies", "disclosure")
# What was there when the first version went out; whatever was added later obeys.
BEFORE = {"audit": 2, "accounts": 2, "quota": 12, "levy": 6, "subsidies": 3, "disclosure": 3}


def added_columns() -> list[tuple[str, AddField]]:
    loader = MigrationLoader(connection)
    return [
        (f"{app}.{name}.{operation.name}", operation)
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in APPS and int(name[:4]) > BEFORE[app]
        for operation in migration.operations
        if isinstance(operation, AddField)
    ]


@pytest.mark.django_db
def test_code_that_does_not_know_a_new_column_can_still_write_its_rows() -> None:
    columns = added_columns()
    assert columns
    for name, operation in columns:
        has_default = operation.field.db_default is not NOT_PROVIDED
        assert operation.field.null or has_default or operation.field.many_to_many, f"{name} has no db_default"
