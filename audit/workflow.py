"""State machines as tables. A state is set by `stamp()`, within `apply()` or a decision, and nowhere else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from django.db import models
from django.db.models.functions import Now

from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.services import record


class Actor(Protocol):
    """The part of a person that the engine needs; accounts.User has it."""

    pk: Any

    def can(self, permission: str, region_code: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of a workflow table.

    `stamp` names the pair `<stamp>_at`, `<stamp>_by` that the step fills. `not_by` names the `_by` fields of
    earlier steps whose person may not take this one.
    """

    name: str
    sources: frozenset[str]
    target: str
    permission: str
    stamp: str
    needs_reason: bool = False
    not_by: tuple[str, ...] = field(default=())


Subject = TypeVar("Subject", bound=models.Model)


def apply(
    subject: Subject,
    transition: Transition,
    *,
    actor: Actor,
    region_code: str,
    reason: str = "",
    expect: Callable[[Subject], None] | None = None,
    **details: Any,
) -> Subject:
    """Take one step: lock the row, check state, right, reason and second person, set state and stamp, write the trail.

    Runs inside the caller's transaction and returns the locked row. `expect` raises where that is not what the person
    was shown.
    Errors: TransitionNotAllowed, PermissionMissing, ReasonMissing, SecondPersonNeeded.
    """
    # Without its key (docs/locks.md): whoever adds a row that points to this one looks it up only when it commits, and
    # then holds the trail that this step waits for.
    manager = type(subject)._default_manager
    locked = manager.select_for_update(of=("self",), no_key=True).get(pk=subject.pk)
    check(locked, transition, actor=actor, region_code=region_code, reason=reason)
    if expect is not None:
        expect(locked)
    before = locked.state  # type: ignore[attr-defined]
    stamp(locked, transition, actor=actor)
    record(
        actor=actor,  # type: ignore[arg-type]
        action=f"{subject._meta.label_lower}.{transition.name}",
        target=subject,
        region_code=region_code,
        reason=reason,
        details={"from": before, "to": transition.target, **details},
    )
    return locked


def check(subject: models.Model, transition: Transition, *, actor: Actor, region_code: str, reason: str = "") -> None:
    """Raise what would make `apply()` refuse; used on the locked row."""
    if subject.state not in transition.sources:  # type: ignore[attr-defined]
        raise TransitionNotAllowed
    if not actor.can(transition.permission, region_code):
        raise PermissionMissing
    if any(getattr(subject, f"{step}_id") == actor.pk for step in transition.not_by):
        raise SecondPersonNeeded
    if transition.needs_reason and not reason.strip():
        raise ReasonMissing


def stamp(locked: models.Model, transition: Transition, *, actor: Actor) -> None:
    """Set state and stamp of a row that the caller has locked and checked, and read it again."""
    values = {"state": transition.target, f"{transition.stamp}_at": Now(), f"{transition.stamp}_by_id": actor.pk}
    type(locked)._default_manager.filter(pk=locked.pk).update(**values)
    locked.refresh_from_db()


def allowed(
    subject: models.Model, transitions: Iterable[Transition], *, actor: Actor, region_code: str
) -> list[Transition]:
    """The steps this person may take now: what the page offers as buttons."""
    offered = []
    for transition in transitions:
        try:
            check(subject, transition, actor=actor, region_code=region_code, reason="-")
        except (TransitionNotAllowed, PermissionMissing, SecondPersonNeeded):
            continue
        offered.append(transition)
    return offered
