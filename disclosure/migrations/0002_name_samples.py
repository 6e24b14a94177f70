"""Samples of the index of published names: 100 misjudge how often a text occurs (docs/decisions/0011)."""

from django.db import migrations

FORWARD = """
ALTER INDEX entry_name_pairs ALTER COLUMN 1 SET STATISTICS 1000;
"""
BACKWARD = """
ALTER INDEX entry_name_pairs ALTER COLUMN 1 SET STATISTICS -1;
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
