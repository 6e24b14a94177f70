"""Writing to the audit trail, and sealing it outside the database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from audit.models import AuditEntry
from audit.origin import present_origin
from audit.queries import seal_path


def record(
    *,
    actor: models.Model | None,
    action: str,
    target: models.Model,
    region_code: str = "",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append one entry in the caller's transaction. `actor` None means the system itself or the command line.

    Within a request the entry also notes its browser and address, as digests (audit.origin).
    Call it last: the chain is locked from here to the commit. Never pass an identity number or a name of a person.
    """
    origin = present_origin()
    AuditEntry.objects.create(
        id=0,  # the database gives position, time and hash
        at=datetime.fromtimestamp(0).astimezone(),
        actor=actor,
        action=action,
        region_code=region_code,
        object_type=target._meta.label_lower,
        object_id=str(target.pk),
        reason=reason,
        details={**(details or {}), **({"origin": origin} if origin else {})},
    )


def seal_trail() -> None:
    """Note the chain's head outside the database, so that cutting off its tail shows."""
    head = AuditEntry.objects.order_by("-id").values_list("id", "hash").first()
    if head is not None:
        seal_path().parent.mkdir(parents=True, exist_ok=True)
        with seal_path().open("a", encoding="ascii") as seals:
            seals.write(f"{head[0]} {bytes(head[1]).hex()}\n")
