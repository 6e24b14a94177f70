"""Audit entries about a person's account."""

from accounts.models import User
from audit.services import record


def home_region(person: User) -> str:
    """The region whose trail has the person's entries: that of the first appointment in force, "" without one."""
    first = person.appointments.in_force().order_by("pk").first()
    return first.region_id if first else ""


def record_of_person(
    *, action: str, person: User, actor: User | None, reason: str = "", **details: str | int | bool
) -> None:
    """Record one entry about an account, in the region where the person works."""
    record(
        actor=actor,
        action=action,
        target=person,
        region_code=home_region(person),
        reason=reason,
        details={"user": person.username, **details},
    )
