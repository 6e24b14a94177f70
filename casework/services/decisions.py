"""Proposing, approving and rejecting, once for every kind of decision by two people.

An app declares each kind as a `Decision` beside its services: the transitions, and hooks for the kind's own rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts.errors import RoleMissing
from accounts.models import User
from audit.errors import DomainError, PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import Transition, check, stamp
from casework.decisions import digest_of, unless_changed
from casework.errors import AlreadyProposed, MatterChanged, OwnMatter


def nothing(*_given: object) -> None:
    """The hook of a kind that has nothing to add."""


def about(proposal: models.Model) -> dict[str, Any]:
    """Target and name of the trail's entry: the proposal and its model."""
    return {"target": proposal, "prefix": proposal._meta.label_lower}


@dataclass(frozen=True, slots=True)
class Decision:
    """One kind of decision: two transitions, and hooks for its own rules. Few kinds need all of them.

    `region_of` gives the code of the region whose people decide. `subject` names the field of the person whom the
    matter concerns. `shown` lists the values on the page. `entry` gives the target of the trail's entry and its name
    without the step, `details` the contents.

    An approval calls, in this order: `hold`, which takes the locks before the row's own (docs/locks.md); `refuse`,
    which raises an obstacle; `prepare`, which ends rows that a constraint does not allow beside this one; and, once
    the row is stamped, `effect`, which makes the change. Proposing also calls `refuse`, rejecting also calls `hold`.
    `drop` deletes a rejected proposal of a kind that keeps no row.

    `pending`, `changed`, `own` and `clash` are the kind's own errors; `clash` replaces an IntegrityError.
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

        Raises the kind's `own`, PermissionMissing, the errors of `refuse`, ReasonMissing for an empty reason (None:
        the kind needs none), and `pending` if the same already waits.
        """
        self._refuse_own(proposal, actor)
        if not actor.can(self.approval.permission, self.region_of(proposal)):
            raise RoleMissing(self.approval.permission)
        self.refuse(proposal, actor)
        if reason is not None and not reason.strip():
            raise ReasonMissing
        return self.enter(proposal, actor=actor, reason=reason or "")

    @transaction.atomic
    def enter(self, proposal: Any, *, actor: User, reason: str = "") -> Any:
        """Save a proposal after the kind's own check of the person, instead of that of `propose`. Raises `pending`."""
        proposal.proposed_by = actor
        try:
            with transaction.atomic():
                proposal.save()
        except IntegrityError:
            raise self.pending from None
        record(**self._entry("propose", proposal, actor, reason))
        return proposal

    def seen(self, proposal: Any) -> str:
        """The digest of the values on the page: an approval sent from it is valid for exactly these (promise A10)."""
        return digest_of(*self.shown(proposal))

    @transaction.atomic
    def approve(self, proposal: Any, *, actor: User, seen: str | None = None, reason: str = "") -> Any:
        """Put a proposal into effect; the proposer may not. Returns the stamped row.

        `seen` is the digest of the page, None if there was none. Raises the kind's `own`, the errors of
        audit.workflow.check, `changed`, the errors of `refuse`, and `clash`.
        """
        self._refuse_own(proposal, actor)
        self.hold(proposal)
        locked = self._locked(proposal)
        self._check(locked, self.approval, actor, reason)
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
        """Reject a proposal; nothing else changes. The proposer withdraws it in the same way.

        Raises the kind's `own` and the errors of audit.workflow.check.
        """
        assert self.rejection is not None
        self._refuse_own(proposal, actor)
        self.hold(proposal)
        locked = self._locked(proposal)
        self._check(locked, self.rejection, actor, reason)
        moved = {"from": locked.state, "to": self.rejection.target}
        entry = self._entry(self.rejection.name, locked, actor, reason, moved)
        if self.drop is None:
            stamp(locked, self.rejection, actor=actor)
        else:
            self.drop(locked, actor, reason)
        record(**entry)
        return locked

    def _check(self, locked: Any, step: Transition, actor: User, reason: str) -> None:
        try:
            check(locked, step, actor=actor, region_code=self.region_of(locked), reason=reason)
        except PermissionMissing:
            raise RoleMissing(step.permission) from None

    def _refuse_own(self, proposal: Any, actor: User) -> None:
        if self.subject and getattr(proposal, f"{self.subject}_id") == actor.pk:
            raise self.own

    def _locked(self, proposal: Any) -> Any:
        rows = type(proposal)._default_manager.select_for_update(of=("self",), no_key=True)
        locked = rows.filter(pk=proposal.pk).first()
        if locked is None:  # rejected meanwhile, and its kind keeps no row
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
