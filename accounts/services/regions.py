"""The list of divisions."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.errors import RegionListIncomplete
from accounts.models import Region, User, region_level
from audit.services import record

COUNTRY = "100000"  # the whole country in GB/T 2260; it has no row


@dataclass(frozen=True, slots=True)
class RegionChanges:
    """The number of divisions that a new list added, changed (renamed or brought back) and retired.

    `kept` differ from the list because two administrators registered them otherwise.
    """

    added: int
    changed: int
    retired: int
    kept: int = 0


@transaction.atomic
def load_regions(*, names: Mapping[str, str], actor: User | None) -> RegionChanges:
    """Bring the divisions to a complete list, code to name. Divisions that it lacks are retired today, never deleted.

    The same list again changes nothing, and rows that two administrators registered stay. Raises RegionListIncomplete
    if a province in force is missing.
    """
    known = Region.objects.select_for_update(no_key=True).order_by("code").in_bulk()  # a province before its parts
    registered = {code: region for code, region in known.items() if region.document_number}
    kept = [
        code for code, region in registered.items() if names.get(code) != (None if region.valid_until else region.name)
    ]
    added = [
        Region(code=code, name=name, level=region_level(code)) for code, name in names.items() if code not in known
    ]
    listed = {code: region for code, region in known.items() if code not in registered}
    changed = [region for code, region in listed.items() if code in names and _update(region, names[code])]
    retired = [region for code, region in listed.items() if code not in names and region.valid_until is None]
    if any(region.level == Region.Level.PROVINCE for region in retired):
        raise RegionListIncomplete
    for region in retired:
        region.valid_until = timezone.localdate()
    Region.objects.bulk_create(added)
    Region.objects.bulk_update([*changed, *retired], ["name", "valid_until"], batch_size=500)
    changes = RegionChanges(added=len(added), changed=len(changed), retired=len(retired), kept=len(kept))
    if added or changed or retired:
        record(
            actor=actor,
            action="accounts.region.load",
            target=Region(code=COUNTRY),
            details={
                "added": changes.added,
                "changed": sorted(region.code for region in changed),
                "retired": sorted(region.code for region in retired),
            },
        )
    return changes


def _update(region: Region, name: str) -> bool:
    is_other = region.name != name or region.valid_until is not None
    region.name, region.valid_until = name, None
    return is_other
