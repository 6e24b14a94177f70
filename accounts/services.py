"""Appointing people and keeping the list of divisions."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.errors import RegionListIncomplete
from accounts.models import Appointment, Region, User, region_level
from accounts.permissions import Role
from audit.services import record


@transaction.atomic
def appoint(*, user: User, role: Role, region: Region, actor: User | None) -> Appointment:
    """Give a person a role in a region; an appointment in force is returned unchanged."""
    appointment, is_new = Appointment.objects.get_or_create(user=user, role=role, region=region, ended_at=None)
    if is_new:
        record(
            actor=actor,
            action="accounts.appointment.start",
            target=appointment,
            region_code=region.code,
            details={"user": user.username, "role": str(role)},
        )
    return appointment


@transaction.atomic
def create_officer(
    *, username: str, role: Role, region: Region, password: str | None, name: str = "", actor: User | None = None
) -> User:
    """A person with an appointment. Without a password the account cannot sign in but can act on the command line."""
    user, is_new = User.objects.get_or_create(username=username, defaults={"name": name})
    if is_new:
        user.set_password(password)
        user.save(update_fields=["password"])
    appoint(user=user, role=role, region=region, actor=actor)
    return user


COUNTRY = "100000"  # in GB/T 2260 the whole country; no row of its own


@dataclass(frozen=True, slots=True)
class RegionChanges:
    """How many divisions a new list added, changed (renamed or brought back) and retired."""

    added: int
    changed: int
    retired: int


@transaction.atomic
def load_regions(*, names: Mapping[str, str], actor: User | None) -> RegionChanges:
    """Bring the divisions to a complete list, code to name. What it no longer has is retired today, never deleted.

    The same list again changes nothing. Raises RegionListIncomplete if a province in force is missing.
    """
    known = Region.objects.in_bulk()
    added = [
        Region(code=code, name=name, level=region_level(code)) for code, name in names.items() if code not in known
    ]
    changed = [region for code, region in known.items() if code in names and _update(region, names[code])]
    retired = [region for code, region in known.items() if code not in names and region.valid_until is None]
    if any(region.level == Region.Level.PROVINCE for region in retired):
        raise RegionListIncomplete
    for region in retired:
        region.valid_until = timezone.localdate()
    Region.objects.bulk_create(added)
    Region.objects.bulk_update([*changed, *retired], ["name", "valid_until"], batch_size=500)
    changes = RegionChanges(added=len(added), changed=len(changed), retired=len(retired))
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
