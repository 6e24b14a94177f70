"""People and their appointments. Taking access away works at once; giving it waits for a second person."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.errors import OutOfReach, OwnAccount
from accounts.models import Appointment, Region, User
from accounts.permissions import Permission, Role
from accounts.queries.people import may_manage
from accounts.services.locks import lock_account
from accounts.services.trail import record_of_person
from accounts.sign_in import attempts, passwords
from accounts.sign_in.sessions import end_sessions
from audit.errors import PermissionMissing, ReasonMissing
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
def end_appointment(*, appointment: Appointment, reason: str, actor: User) -> None:
    """End the post now, and every session of the person. An ended post stays unchanged."""
    if actor.pk == appointment.user_id:
        raise OwnAccount
    if not actor.can(Permission.MANAGE_PEOPLE, appointment.region_id):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    lock_account(appointment.user)
    if not Appointment.objects.in_force().filter(pk=appointment.pk).update(ended_at=Now()):
        return
    end_sessions(person=appointment.user)
    record(
        actor=actor,
        action="accounts.appointment.end",
        target=appointment,
        region_code=appointment.region_id,
        reason=reason,
        details={"user": appointment.user.username, "role": appointment.role},
    )


@transaction.atomic
def prefer_language(*, person: User, language: str) -> None:
    """Set the language of the person's pages for browsers without a choice. A preference, so nothing is recorded."""
    User.objects.filter(pk=person.pk).exclude(language=language).update(language=language)


@transaction.atomic
def disable(*, person: User, reason: str, actor: User) -> None:
    """Disable the account and end its sessions."""
    _check(actor, person, reason)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person=person)
    record_of_person(action="accounts.user.disable", person=person, actor=actor, reason=reason)


def enable(*, person: User, actor: User) -> None:
    """Enable a disabled account: the effect of an approved change (accounts.services.access_changes)."""
    person.is_active = True
    person.save(update_fields=["is_active"])
    record_of_person(action="accounts.user.enable", person=person, actor=actor)


@transaction.atomic
def end_all_sessions(*, person: User, reason: str, actor: User) -> None:
    _check(actor, person, reason)
    lock_account(person)
    end_sessions(person=person)
    record_of_person(action="accounts.user.end_sessions", person=person, actor=actor, reason=reason)


@transaction.atomic
def unlock(*, person: User, reason: str, actor: User) -> None:
    """Let a person try again at once after too many wrong passwords or codes."""
    _check(actor, person, reason)
    lock_account(person)
    attempts.forgive(attempts.of_person(person.pk, person.username))
    record_of_person(action="accounts.user.unlock", person=person, actor=actor, reason=reason)


@transaction.atomic
def issue_first_password(*, person: User, reason: str, actor: User) -> str:
    """A password for an officer who has none or forgot it, to hand over. It can be read only this once."""
    _check(actor, person, reason)
    return passwords.issue_password(person=person, actor=actor, reason=reason)


def _check(actor: User, person: User, reason: str) -> None:
    if not may_manage(actor, person):
        raise OutOfReach
    if not reason.strip():
        raise ReasonMissing


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
