"""An officer's look at a return whose certificates have changed."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.services import record
from casework.decisions import digest_of
from casework.errors import MatterChanged
from quota.models import HeadcountReturn
from quota.queries.origins import origins_of


@transaction.atomic
def look_at_changes(*, headcount_return: HeadcountReturn, reason: str, actor: User, seen: str | None = None) -> int:
    """Note that somebody has looked at the changed certificates of a return, with the result. Returns the number of
    changes. A new decision, if one is due, is a step of its own. `seen` is the digest of the page shown.

    Raises PermissionMissing, ReasonMissing, SecondPersonNeeded for a person who loaded evidence of the return,
    TransitionNotAllowed if nothing waits, and MatterChanged if the page showed something else.
    """
    region_code = headcount_return.employer.region_id
    if not actor.can(Permission.VERIFY_RETURN, region_code):
        raise PermissionMissing
    if bar := origins_of(headcount_return).bar(actor):
        raise SecondPersonNeeded(bar)
    if not reason.strip():
        raise ReasonMissing
    waiting = headcount_return.certificate_changes.filter(seen_at=None)
    found = list(waiting.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    if not found:
        raise TransitionNotAllowed
    if seen is not None and seen != digest_of(*found):
        raise MatterChanged
    waiting.filter(pk__in=found).update(seen_at=Now(), seen_by=actor)
    record(
        actor=actor,
        action="quota.headcountreturn.look_at_certificates",
        target=headcount_return,
        region_code=region_code,
        reason=reason.strip(),
        details={"changes": len(found)},
    )
    return len(found)
