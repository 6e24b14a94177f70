"""Changes of an account by one administrator: taking access away works at once."""

from django.db import transaction
from django.db.models.functions import Now

from access.errors import GaveAccess, OutOfReach, OwnAccount
from access.queries.reach import givers_of_access, may_manage
from accounts.models import Appointment, User
from accounts.permissions import Permission
from accounts.services.locks import lock_account
from accounts.services.trail import record_of_person
from accounts.sign_in import attempts, passwords
from accounts.sign_in.sessions import end_sessions
from audit.errors import PermissionMissing, ReasonMissing
from audit.services import record


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
def disable(*, person: User, reason: str, actor: User) -> None:
    """Disable the account and end its sessions."""
    _check(actor, person, reason)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person=person)
    record_of_person(action="accounts.user.disable", person=person, actor=actor, reason=reason)


def enable(*, person: User, actor: User) -> None:
    """Enable a disabled account: the effect of an approved change (access.services.changes)."""
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
    """Let a person try again at once after too many wrong passwords. Wrong codes of the second factor stay counted."""
    _check(actor, person, reason)
    lock_account(person)
    attempts.forgive(attempts.of_person(person.pk, person.username))
    record_of_person(action="accounts.user.unlock", person=person, actor=actor, reason=reason)


@transaction.atomic
def issue_first_password(*, person: User, reason: str, actor: User) -> str:
    """Issue a password, to hand over to an officer who has none or forgot it. It can be read only this once.

    Raises GaveAccess: with the password of a person whom one has appointed or given a new second factor, one would be
    two people.
    """
    _check(actor, person, reason)
    lock_account(person)
    if actor.pk in givers_of_access(person):
        raise GaveAccess
    return passwords.issue_password(person=person, actor=actor, reason=reason)


def _check(actor: User, person: User, reason: str) -> None:
    if not may_manage(actor, person):
        raise OutOfReach
    if not reason.strip():
        raise ReasonMissing
