"""The sign-in codes that were issued for employers, for all people who act for them."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import User
from accounts.sign_in.passwords import ISSUED
from audit.models import AuditEntry
from quota.models import Employer, Membership

TOLD_FOR = timedelta(days=366)


def recent_codes(employers: Collection[Employer]) -> dict[int, AuditEntry]:
    """The last code of the past twelve months by employer id; two queries for any number of employers."""
    pairs = list(
        Membership.objects.filter(employer__in=employers).order_by("pk").values_list("user_id", "employer_id")
    )
    entries = AuditEntry.objects.filter(
        object_type=User._meta.label_lower,
        object_id__in=[str(user) for user, _employer in pairs],
        action=ISSUED,
        at__gte=Now() - TOLD_FOR,
    )
    latest = {entry.object_id: entry for entry in entries.select_related("actor").order_by("pk")}
    found: dict[int, AuditEntry] = {}
    for user, employer in pairs:
        entry = latest.get(str(user))
        if entry and (employer not in found or found[employer].pk < entry.pk):
            found[employer] = entry
    return found
