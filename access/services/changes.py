"""Giving access: one administrator proposes, another one decides, and neither is the person."""

from typing import Any

from django.db import transaction

from access.errors import ChangePending, IssuedPassword, NameTaken, OutOfReach, OwnAccount
from access.models import AccessChange
from access.queries.reach import may_manage
from access.services.people import enable
from access.workflow import APPROVE, REJECT
from accounts.errors import NumberMissing
from accounts.models import Region, SecondFactor, User
from accounts.permissions import Role
from accounts.services.locks import lock_account
from accounts.services.people import appoint, record_number, refuse_mixed_roles, set_number
from accounts.services.trail import record_of_person
from accounts.sign_in.passwords import last_issued
from accounts.sign_in.sessions import end_sessions
from audit.services import record
from casework.services.decisions import Decision

Kind = AccessChange.Kind


@transaction.atomic
def create_person(
    *, username: str, name: str, personnel_number: str, role: Role, region: Region, reason: str, actor: User
) -> User:
    """Add a person who cannot sign in yet, with a first appointment that waits for approval.

    Raises NameTaken, NumberTaken.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise NameTaken
    person = User(username=username, name=name)
    person.set_unusable_password()
    person.save()
    set_number(person=person, number=personnel_number)
    propose(kind=Kind.APPOINT, person=person, role=role, region=region, reason=reason, actor=actor)
    record(
        actor=actor,
        action="accounts.user.create",
        target=person,
        region_code=region.code,
        details={"user": username, "number": personnel_number},
    )
    return person


@transaction.atomic
def propose(
    *,
    kind: AccessChange.Kind,
    person: User,
    region: Region,
    reason: str,
    actor: User,
    role: Role | None = None,
    personnel_number: str = "",
) -> AccessChange:
    """Ask a second administrator for a change. A person who has no personnel number yet gets it with the appointment.

    To change an account, the administrator needs all of the person's posts within reach; for a further post, only the
    right for its region. Raises OwnAccount, PermissionMissing, IssuedPassword, RolesApart, OutOfReach, ReasonMissing,
    ChangePending, NumberMissing, NumberTaken.
    """
    has_no_number = kind == Kind.APPOINT and person.personnel_number is None
    if has_no_number:
        if not personnel_number:
            raise NumberMissing
        set_number(person=person, number=personnel_number)
    change = AccessChange(kind=kind, person=person, role=role or "", region=region, reason=reason)
    proposed = ACCESS.propose(change, actor=actor, reason=reason)
    if has_no_number:
        record_number(person=person, actor=actor)
    return proposed


def _hold(change: AccessChange) -> None:
    lock_account(change.person)


def _refuse(change: AccessChange, actor: User) -> None:
    issued = last_issued(change.person)
    if issued and issued.actor_id == actor.pk:
        raise IssuedPassword
    if change.kind == Kind.APPOINT:
        refuse_mixed_roles(change.person, Role(change.role))
    elif not may_manage(actor, change.person):
        raise OutOfReach


def _take_effect(change: AccessChange, actor: User) -> None:
    """Make the change and end every session of the person."""
    if change.kind == Kind.APPOINT:
        appoint(user=change.person, role=Role(change.role), region=change.region, actor=actor)
    elif change.kind == Kind.ENABLE:
        enable(person=change.person, actor=actor)
    else:
        _reset_second_factor(change.person, actor)


def _reset_second_factor(person: User, actor: User) -> None:
    SecondFactor.objects.filter(user=person).delete()
    person.recovery_codes.all().delete()
    person.outside_identities.all().delete()
    end_sessions(person=person)
    record_of_person(action="accounts.user.reset_second_factor", person=person, actor=actor)


def _shown(change: AccessChange) -> tuple[object, ...]:
    person = (change.person_id, change.person.personnel_number)
    return (change.pk, change.state, change.kind, person, change.role, change.region_id, change.reason)


def _details(change: AccessChange) -> dict[str, Any]:
    return {"user": change.person.username, "kind": change.kind, "role": change.role}


ACCESS = Decision(
    approval=APPROVE,
    rejection=REJECT,
    subject="person",
    hold=_hold,
    shown=_shown,
    refuse=_refuse,
    effect=_take_effect,
    details=_details,
    pending=ChangePending,
    own=OwnAccount,
)
