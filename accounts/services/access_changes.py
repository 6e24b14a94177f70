"""Giving access: one administrator proposes, another one decides, and neither is the person."""

from django.db import IntegrityError, transaction

from accounts.errors import AlreadyProposed, NameTaken, OutOfReach, OwnAccount
from accounts.models import AccessChange, Region, SecondFactor, User
from accounts.permissions import Permission, Role
from accounts.queries.people import may_manage
from accounts.services.locks import lock_account
from accounts.services.people import appoint, enable
from accounts.services.trail import record_of_person
from accounts.sign_in.sessions import end_sessions
from accounts.workflow import APPROVE, REJECT
from audit.errors import PermissionMissing, ReasonMissing
from audit.services import record
from audit.workflow import apply

Kind = AccessChange.Kind


@transaction.atomic
def create_person(*, username: str, name: str, role: Role, region: Region, reason: str, actor: User) -> User:
    """A person who cannot sign in yet, with a first appointment that waits for approval. Raises NameTaken."""
    if User.objects.filter(username__iexact=username).exists():
        raise NameTaken
    person = User(username=username, name=name)
    person.set_unusable_password()
    person.save()
    propose(kind=Kind.APPOINT, person=person, role=role, region=region, reason=reason, actor=actor)
    record(
        actor=actor,
        action="accounts.user.create",
        target=person,
        region_code=region.code,
        details={"user": username},
    )
    return person


@transaction.atomic
def propose(
    *, kind: AccessChange.Kind, person: User, region: Region, reason: str, actor: User, role: Role | None = None
) -> AccessChange:
    """Ask a second administrator for it.

    An account is changed only by who reaches all of the person's posts; a further post needs the right for its own
    region alone. Raises OwnAccount, OutOfReach, PermissionMissing, ReasonMissing, AlreadyProposed.
    """
    if actor.pk == person.pk:
        raise OwnAccount
    if not actor.can(Permission.MANAGE_PEOPLE, region.code):
        raise PermissionMissing
    if kind != Kind.APPOINT and not may_manage(actor, person):
        raise OutOfReach
    if not reason.strip():
        raise ReasonMissing
    try:
        with transaction.atomic():
            change = AccessChange.objects.create(
                kind=kind, person=person, role=role or "", region=region, reason=reason, proposed_by=actor
            )
    except IntegrityError:
        raise AlreadyProposed from None
    record(
        actor=actor,
        action="accounts.accesschange.propose",
        target=change,
        region_code=region.code,
        reason=reason,
        details={"user": person.username, "kind": str(kind), "role": change.role},
    )
    return change


@transaction.atomic
def approve(*, change: AccessChange, actor: User) -> None:
    """The second administrator lets it take effect, at once. Raises SecondPersonNeeded, OwnAccount, OutOfReach."""
    if actor.pk == change.person_id:
        raise OwnAccount
    if change.kind != Kind.APPOINT and not may_manage(actor, change.person):
        raise OutOfReach
    lock_account(change.person)
    decided = apply(change, APPROVE, actor=actor, region_code=change.region_id, user=change.person.username)
    if decided.kind == Kind.APPOINT:
        appoint(user=decided.person, role=Role(decided.role), region=decided.region, actor=actor)
    elif decided.kind == Kind.ENABLE:
        enable(person=decided.person, actor=actor)
    else:
        _reset_second_factor(decided.person, actor)


@transaction.atomic
def reject(*, change: AccessChange, reason: str, actor: User) -> None:
    """It does not take effect. Whoever proposed it may withdraw it in the same way."""
    apply(change, REJECT, actor=actor, region_code=change.region_id, reason=reason, user=change.person.username)


def _reset_second_factor(person: User, actor: User) -> None:
    SecondFactor.objects.filter(user=person).delete()
    person.recovery_codes.all().delete()
    end_sessions(person=person)
    record_of_person(action="accounts.user.reset_second_factor", person=person, actor=actor)
