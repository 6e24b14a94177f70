"""Reading the audit trail, and proving that nobody rewrote it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, models
from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KT

from audit.models import AuditEntry
from audit.origin import present_origin

NEWEST = 200  # entries of one object that are looked through for a shared origin
SEAL = re.compile(r"\b(\d+) ([0-9a-f]{64})\b")
# The first row whose position, link or own hash does not follow from the row before it.
FIRST_BROKEN = """
SELECT entry.id FROM (
    SELECT e AS whole, e.id, e.hash, e.previous_hash,
           coalesce(lag(e.hash) OVER chain, ''::bytea) AS before, row_number() OVER chain AS place
    FROM audit_auditentry e WINDOW chain AS (ORDER BY e.id)
) entry
WHERE entry.id <> entry.place OR entry.previous_hash <> entry.before
   OR entry.hash <> audit_entry_hash(entry.whole)
ORDER BY entry.id LIMIT 1
"""


def trail_of(*targets: models.Model) -> models.QuerySet[AuditEntry]:
    """Everything that happened to these objects, newest first."""
    about = models.Q(pk__in=[])
    for target in targets:
        about |= models.Q(object_type=target._meta.label_lower, object_id=str(target.pk))
    return AuditEntry.objects.filter(about).select_related("actor")


def with_shared_origin(entries: models.QuerySet[AuditEntry]) -> models.QuerySet[AuditEntry]:
    """Mark the entries whose object another person handled before from the same browser or address: `same_browser`,
    `same_address`."""
    marked = entries
    for part in ("browser", "address"):
        path = f"details__origin__{part}"
        marked = marked.annotate(**{f"at_{part}": KT(path)})
        others = AuditEntry.objects.exclude(actor=None).exclude(actor=OuterRef("actor"))
        earlier = others.annotate(place=KT(path)).filter(
            object_type=OuterRef("object_type"),
            object_id=OuterRef("object_id"),
            pk__lt=OuterRef("pk"),
            place=OuterRef(f"at_{part}"),
        )
        marked = marked.annotate(**{f"same_{part}": Exists(earlier)})
    return marked


@dataclass(frozen=True, slots=True)
class SharedOrigin:
    """Another person's entry on the same object, and what it shares with the present request."""

    entry: AuditEntry
    same_browser: bool
    same_address: bool


def handled_from_here(target: models.Model, *, but: models.Model) -> list[SharedOrigin]:
    """For each other person who handled the object from the browser or address of the present request, the newest
    such entry. `but` is the reader."""
    here = present_origin()
    found: dict[int, SharedOrigin] = {}
    others = trail_of(target).exclude(actor=None).exclude(actor=but.pk)[:NEWEST]
    for entry in others if here else ():
        there = entry.details.get("origin", {})
        same = [bool(here.get(part)) and here[part] == there.get(part) for part in ("browser", "address")]
        if any(same):
            found.setdefault(entry.actor_id, SharedOrigin(entry, *same))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`broken_at` is the position of the first entry that does not fit, None for a whole chain."""

    entries: int
    broken_at: int | None


def seal_path() -> Path:
    """The file that holds the head of the chain outside the database; containers share and keep its folder."""
    return Path(settings.MEDIA_ROOT) / "audit-seals.log"


def verify_chain(seals: Iterable[str] = ()) -> ChainReport:
    """Recompute every hash and compare with the stored chain, with the seal file, and with lines kept elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry")
        (entries,) = cursor.fetchone()
        cursor.execute(FIRST_BROKEN)
        row = cursor.fetchone()
    broken = [row[0]] if row else []
    broken += _unlike({*sealed(seals), *sealed(_own_seals())})
    return ChainReport(entries=entries, broken_at=min(broken, default=None))


def sealed(lines: Iterable[str]) -> set[tuple[int, str]]:
    """Position and hash of each seal in these lines, whatever a log has put around them."""
    return {(int(found[1]), found[2]) for line in lines if (found := SEAL.search(line))}


def _own_seals() -> list[str]:
    return seal_path().read_text(encoding="ascii").splitlines() if seal_path().exists() else []


def _unlike(seals: set[tuple[int, str]]) -> list[int]:
    stored = dict(AuditEntry.objects.filter(id__in={position for position, _ in seals}).values_list("id", "hash"))
    return [position for position, digest in seals if bytes(stored.get(position, b"")).hex() != digest]
