"""People and their appointments, as the system itself and its commands make them."""

from django.db import transaction

from accounts.models import Appointment, Region, User
from accounts.permissions import Role
from accounts.sign_in.sessions import end_sessions
from audit.services import record


@transaction.atomic
def appoint(*, user: User, role: Role, region: Region, actor: User | None) -> Appointment:
    """Give a person a role in a region; return an existing appointment unchanged.

    Ends the person's sessions: new rights begin with a new sign-in.
    """
    appointment, is_new = Appointment.objects.get_or_create(user=user, role=role, region=region, ended_at=None)
    if is_new:
        end_sessions(person=user)
        record(
            actor=actor,
            action="accounts.appointment.start",
            target=appointment,
            region_code=region.code,
            details={"user": user.username, "role": str(role)},
        )
    return appointment


@transaction.atomic
def prefer_language(*, person: User, language: str) -> None:
    """Set the language of the person's pages for browsers without a choice. A preference, so nothing is recorded."""
    User.objects.filter(pk=person.pk).exclude(language=language).update(language=language)


@transaction.atomic
def create_officer(
    *, username: str, role: Role, region: Region, password: str | None, name: str = "", actor: User | None = None
) -> User:
    """A person with an appointment. Without a password the account cannot sign in, but it can act on the command
    line."""
    user, is_new = User.objects.get_or_create(username=username, defaults={"name": name})
    if is_new:
        user.set_password(password)
        user.save(update_fields=["password"])
    appoint(user=user, role=role, region=region, actor=actor)
    return user
