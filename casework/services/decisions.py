"""Proposing, approving and rejecting, once for every kind of decision by two people.

A kind is a `Decision` beside its services: its transitions, and hooks for what only this kind knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts.models import User
from audit.errors import DomainError, PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import Transition, check, stamp
from casework.decisions import digest_of, unless_changed
from casework.errors import AlreadyProposed, MatterChanged, OwnMatter


def nothing(*_given: object) -> None:
    """The hook of a kind that has nothing to add."""


def about(proposal: models.Model) -> dict[str, Any]:
    """The trail's entry is about the proposal and named after its model."""
    return {"target": proposal, "prefix": proposal._meta.label_lower}


@dataclass(frozen=True, slots=True)
class Decision:
    """One kind of decision: two transitions, and hooks for what only this kind knows. Few kinds need them all.

    `region_of` gives the code of the region whose people decide; `subject` names the field of the person that the
    matter is about. `shown` lists what the page shows. `entry` says what the trail's entry is about and its name up to
    the step, `details` what it keeps.

    An approval calls in this order: `hold` takes the locks that come before the row (docs/locks.md), `refuse` raises
    what stands in the way, `prepare` makes room that the database asks for, and `effect`, once the row is stamped,
    changes what was decided. Proposing calls `refuse` too, rejecting `hold`; `drop` takes a rejected proposal away
    that leaves no row.

    `pending`, `changed`, `own` and `clash` are the kind's own refusals; `clash` is what the database forbids.
    """

    approval: Transition
    shown: Callable[[Any], tuple[object, ...]]
    rejection: Transition | None = None
    region_of: Callable[[Any], str] = attrgetter("region_id")
    subject: str = ""
    hold: Callable[[Any], None] = nothing
    refuse: Callable[[Any, User], None] = nothing
    prepare: Callable[[Any, User], None] = nothing
    effect: Callable[[Any, User], None] = nothing
    drop: Callable[[Any, User, str], None] | None = None
    entry: Callable[[Any], dict[str, Any]] = about
    details: Callable[[Any], dict[str, Any]] = lambda proposal: {}
    pending: type[DomainError] = AlreadyProposed
    changed: type[DomainError] = MatterChanged
    own: type[DomainError] = OwnMatter
    clash: type[DomainError] = MatterChanged

    def propose(self, proposal: Any, *, actor: User, reason: str | None = None) -> Any:
        """Save a proposal, which then waits for a second person.

        Raises the kind's `own`, PermissionMissing, what `refuse` raises, ReasonMissing for an empty reason (None asks
        for none), and `pending` where the same waits already.
        """
        self._refuse_own(proposal, actor)
        if not actor.can(self.approval.permission, self.region_of(proposal)):
            raise PermissionMissing
        self.refuse(proposal, actor)
        if reason is not None and not reason.strip():
            raise ReasonMissing
        return self.enter(proposal, actor=actor, reason=reason or "")

    @transaction.atomic
    def enter(self, proposal: Any, *, actor: User, reason: str = "") -> Any:
        """Save a proposal of this person, where its kind asks something else of who may propose. Raises `pending`."""
        proposal.proposed_by = actor
        try:
            with transaction.atomic():
                proposal.save()
        except IntegrityError:
            raise self.pending from None
        record(**self._entry("propose", proposal, actor, reason))
        return proposal

    def seen(self, proposal: Any) -> str:
        """The digest of what a page shows now: an approval sent from it holds for exactly this (promise A10)."""
        return digest_of(*self.shown(proposal))

    @transaction.atomic
    def approve(self, proposal: Any, *, actor: User, seen: str | None = None, reason: str = "") -> Any:
        """Let a proposal take effect, by another person than the one who made it; returns the stamped row.

        `seen` is the digest of what the person was shown, None where nothing was. Raises the kind's `own`, what
        audit.workflow.check raises, `changed`, what `refuse` raises, and `clash`.
        """
        self._refuse_own(proposal, actor)
        self.hold(proposal)
        locked = self._locked(proposal)
        check(locked, self.approval, actor=actor, region_code=self.region_of(locked), reason=reason)
        unless_changed(seen, self.shown, self.changed)(locked)
        self.refuse(locked, actor)
        self.prepare(locked, actor)
        before = locked.state
        try:
            with transaction.atomic():
                stamp(locked, self.approval, actor=actor)
        except IntegrityError:
            raise self.clash from None
        self.effect(locked, actor)
        record(**self._entry(self.approval.name, locked, actor, reason, {"from": before, "to": self.approval.target}))
        return locked

    @transaction.atomic
    def reject(self, proposal: Any, *, actor: User, reason: str) -> Any:
        """Leave everything as it was. Who proposed it withdraws it in the same way.

        Raises the kind's `own`, and what audit.workflow.check raises.
        """
        assert self.rejection is not None
        self._refuse_own(proposal, actor)
        self.hold(proposal)
        locked = self._locked(proposal)
        check(locked, self.rejection, actor=actor, region_code=self.region_of(locked), reason=reason)
        moved = {"from": locked.state, "to": self.rejection.target}
        entry = self._entry(self.rejection.name, locked, actor, reason, moved)
        if self.drop is None:
            stamp(locked, self.rejection, actor=actor)
        else:
            self.drop(locked, actor, reason)
        record(**entry)
        return locked

    def _refuse_own(self, proposal: Any, actor: User) -> None:
        if self.subject and getattr(proposal, f"{self.subject}_id") == actor.pk:
            raise self.own

    def _locked(self, proposal: Any) -> Any:
        rows = type(proposal)._default_manager.select_for_update(of=("self",), no_key=True)
        locked = rows.filter(pk=proposal.pk).first()
        if locked is None:  # rejected meanwhile, and its kind keeps no row of that
            raise TransitionNotAllowed
        return locked

    def _entry(
        self, step: str, proposal: Any, actor: User, reason: str, moved: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        named = self.entry(proposal)
        return {
            "actor": actor,
            "action": f"{named.pop('prefix')}.{step}",
            "region_code": self.region_of(proposal),
            "details": {**(moved or {}), **self.details(proposal)},
            **named,
            "reason": reason or named.get("reason", ""),
        }
