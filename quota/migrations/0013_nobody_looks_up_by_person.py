"""Six indexes go that no query uses: who submitted, reviewed, verified, sent back, reopened or decided."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

INDEXES = {
    "quota_headcountreturn_submitted_by_id_b13da96c": ("headcountreturn", "submitted_by"),
    "quota_headcountreturn_reviewed_by_id_a06dc112": ("headcountreturn", "reviewed_by"),
    "quota_headcountreturn_verified_by_id_35b93447": ("headcountreturn", "verified_by"),
    "quota_headcountreturn_sent_back_by_id_9e0177a0": ("headcountreturn", "sent_back_by"),
    "quota_headcountreturn_reopened_by_id_4b070ba8": ("headcountreturn", "reopened_by"),
    "quota_placementcheck_decided_by_id_1a54d26f": ("placementcheck", "decided_by"),
}
PERSON: dict[str, Any] = {
    "db_index": False,
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": settings.AUTH_USER_MODEL,
}


def without_index(index: str, model: str, field: str) -> migrations.SeparateDatabaseAndState:
    """Dropped beside those who work; an AlterField would also check every row's reference again."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                f"CREATE INDEX CONCURRENTLY {index} ON quota_{model} ({field}_id)",
            )
        ],
        state_operations=[migrations.AlterField(model, field, models.ForeignKey(**PERSON))],
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("quota", "0012_queue_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [without_index(index, *column) for index, column in INDEXES.items()]
