"""People and their appointments, as the system itself and its commands make them."""

from secrets import token_hex

from django.db import IntegrityError, transaction

from accounts.errors import NumberTaken, RolesApart
from accounts.models import Appointment, Region, User
from accounts.permissions import SEPARATE_ROLES, Role
from accounts.services.trail import record_of_person
from accounts.sign_in.sessions import end_sessions
from audit.services import record


def refuse_mixed_roles(user: User, role: Role) -> None:
    """Raise RolesApart if the person holds another of the three roles that are kept apart."""
    if role in SEPARATE_ROLES:
        others = [other for other in SEPARATE_ROLES if other != role]
        held = user.appointments.filter(role__in=others, ended_at=None).values_list("role", flat=True).first()
        if held is not None:
            raise RolesApart(Role(held))


@transaction.atomic
def appoint(*, user: User, role: Role, region: Region, actor: User | None) -> Appointment:
    """Give a person a role in a region; return an existing appointment unchanged.

    Ends the person's sessions: new rights begin with a new sign-in. Raises RolesApart.
    """
    refuse_mixed_roles(user, role)
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


def set_number(*, person: User, number: str) -> None:
    """Note the office's number of the account's person; the caller records it. Raises NumberTaken if another account
    has it."""
    try:
        with transaction.atomic():
            person.personnel_number = number
            person.save(update_fields=["personnel_number"])
    except IntegrityError:
        raise NumberTaken from None


def record_number(*, person: User, actor: User | None) -> None:
    number = person.personnel_number or ""
    record_of_person(action="accounts.user.register_number", person=person, actor=actor, number=number)


@transaction.atomic
def create_officer(
    *,
    username: str,
    role: Role,
    region: Region,
    password: str | None,
    name: str = "",
    personnel_number: str = "",
    actor: User | None = None,
) -> User:
    """A person with an appointment. Without a password the account cannot sign in, but it can act on the command
    line. Without a number it gets one of its own; a number given later replaces it. Raises NumberTaken, RolesApart."""
    user, is_new = User.objects.get_or_create(username=username, defaults={"name": name})
    if is_new:
        user.set_password(password)
        user.save(update_fields=["password"])
    number = personnel_number or user.personnel_number or f"LOCAL-{token_hex(6).upper()}"
    is_new_number = number != user.personnel_number and role != Role.EMPLOYER
    if is_new_number:
        set_number(person=user, number=number)
    appoint(user=user, role=role, region=region, actor=actor)
    if is_new_number:
        record_number(person=user, actor=actor)
    return user
