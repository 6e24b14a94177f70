"""Changes in a levy list since a person's download: rows confirmed or corrected since, and rows that left.

Payments do not count as changes: they come from the tax bureau.
"""

from dataclasses import replace
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from accounts.models import User
from audit.models import AuditEntry
from audit.queries import trail_of
from collection.queries.lists import LevyList
from levy.models import Supersession
from levy.models.assessments import SupersessionQuerySet

DOWNLOAD = "levy.list.download"


def reading_moment() -> datetime:
    """The time to store with a download."""
    # A confirmation that still runs will commit with the time at which its transaction began, so a list read now
    # misses it: take the start of the oldest open transaction.
    with connection.cursor() as cursor:
        cursor.execute("SELECT least(now(), min(xact_start)) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def last_download(levy_list: LevyList, by: User) -> AuditEntry | None:
    """The person's own last download of this confirmed list, whole or changes only; None for a trial list."""
    own = trail_of(levy_list.region).filter(action=DOWNLOAD, actor=by)
    same_list = own.filter(details__levy_year=levy_list.levy_year, details__is_final=True)
    return same_list.first() if levy_list.is_final else None


def changes_since(download: AuditEntry, levy_list: LevyList) -> LevyList:
    """The rows of the list that are newer than the download."""
    told = download.details.get("as_of")
    return replace(levy_list, since=datetime.fromisoformat(told) if told else download.at)


def departed(changes: LevyList) -> SupersessionQuerySet:
    """Corrections since then that moved an employer's row to another region's list and not back."""
    found = Supersession.objects.filter(approved_at__gte=changes.since, old__levy_year=changes.levy_year)
    inside = changes.region.prefix
    left = found.filter(old__region__code__startswith=inside).exclude(new__region__code__startswith=inside)
    listed = replace(changes, since=None).assessments().filter(employer=OuterRef("old__employer"))
    return left.filter(~Exists(listed)).select_related("old__employer", "new__region").order_by("pk")
