"""Writing to the audit trail, and sealing it outside the database."""

import logging
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from audit.models import AuditEntry
from audit.origin import present_origin
from audit.queries import seal_path

logger = logging.getLogger(__name__)
NOTICE_OF_SECURITY = 10 * 8 + 5  # facility authpriv, severity notice


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

    Within a request, but not while an answer is streamed, the entry also notes its browser and address, as digests
    (audit.origin).
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
    """Note the chain's head outside the database, so that a chain that was cut or written anew shows.

    The seal goes into a file of ours, into the log and, if one is set, to the machine's or another's system log: the
    places that this process cannot rewrite are those that prove something.
    """
    head = AuditEntry.objects.order_by("-id").first()
    if head is None:
        return
    seal = f"{head.id} {bytes(head.hash).hex()} {head.at.isoformat(timespec='seconds')}"
    seal_path().parent.mkdir(parents=True, exist_ok=True)
    with seal_path().open("a", encoding="ascii") as seals:
        seals.write(f"{seal}\n")
    logger.info("trail sealed", extra={"seal": seal})
    if settings.SEAL_SYSLOG:
        _tell_system_log(settings.SEAL_SYSLOG, f"audit seal {seal}")


def _tell_system_log(address: str, message: str) -> None:
    host, _, port = address.rpartition(":")
    family, place = (socket.AF_INET, (host, int(port))) if port.isdecimal() else (socket.AF_UNIX, address)
    with socket.socket(family, socket.SOCK_DGRAM) as log:
        log.sendto(f"<{NOTICE_OF_SECURITY}>levy: {message}".encode("ascii"), place)
