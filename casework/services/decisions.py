"""Proposing, approving and rejecting, once for every kind of decision by two people.

A kind is a `Decision` beside its services: its transitions, and hooks for what only this kind knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, models, transaction

from accounts.models import User
from audit.errors import DomainError, PermissionMissing, ReasonMissing
from audit.services import record
from audit.workflow import Transition, check, stamp
from casework.decisions import digest_of
from casework.errors import AlreadyProposed, MatterChanged, OwnMatter


def nothing(*_given: object) -> None:
    """The hook of a kind that has nothing to add."""


def about(proposal: models.Model) -> dict[str, Any]:
    """The trail's entry is about the proposal and named after its model."""
    return {"target": proposal, "prefix": proposal._meta.label_lower}


@dataclass(frozen=True, slots=True)
class Decision:
    """One kind of decision.

    `region_of` gives the code of the region whose people decide. `subject` names the field of the person that the
    matter is about. `hold` takes the locks that come before the row. `shown` lists what the page shows. `refuse`
    raises what stands in the way of approving it now, and of proposing it. `effect` is what an approval changes, once
    it is stamped. `drop` removes a rejected proposal that leaves no row. `entry` says how the trail
    names the step; `details` what it keeps of it. `pending`, `changed`, `own`, `clash` are the kind's own refusals;
    `clash` that of a database which forbids the approval.
    """

    approval: Transition
    rejection: Transition
    region_of: Callable[[Any], str] = attrgetter("region_id")
    subject: str = ""
    hold: Callable[[Any], None] = nothing
    shown: Callable[[Any], tuple[object, ...]] = lambda proposal: (proposal.pk, proposal.state)
    refuse: Callable[[Any, User], None] = nothing
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
        with transaction.atomic():
            self._save(proposal)
            self._record("propose", proposal, actor, reason or "", {})
        return proposal

    def _save(self, proposal: Any) -> None:
        try:
            with transaction.atomic():
                proposal.save()
        except IntegrityError:
            raise self.pending from None

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
        if seen is not None and seen != self.seen(locked):
            raise self.changed
        self.refuse(locked, actor)
        moved = {"from": locked.state, "to": self.approval.target}
        try:
            with transaction.atomic():
                stamp(locked, self.approval, actor=actor)
        except IntegrityError:
            raise self.clash from None
        self.effect(locked, actor)
        self._record(self.approval.name, locked, actor, reason, moved)
        return locked

    @transaction.atomic
    def reject(self, proposal: Any, *, actor: User, reason: str) -> None:
        """Leave everything as it was. Who proposed it withdraws it in the same way.

        Raises the kind's `own`, and what audit.workflow.check raises.
        """
        self._refuse_own(proposal, actor)
        locked = self._locked(proposal)
        check(locked, self.rejection, actor=actor, region_code=self.region_of(locked), reason=reason)
        moved = {"from": locked.state, "to": self.rejection.target}
        if self.drop is None:
            stamp(locked, self.rejection, actor=actor)
        self._record(self.rejection.name, locked, actor, reason, moved)
        if self.drop is not None:
            self.drop(locked, actor, reason)

    def _refuse_own(self, proposal: Any, actor: User) -> None:
        if self.subject and getattr(proposal, f"{self.subject}_id") == actor.pk:
            raise self.own

    def _locked(self, proposal: Any) -> Any:
        return type(proposal)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=proposal.pk)

    def _record(self, step: str, proposal: Any, actor: User, reason: str, moved: dict[str, str]) -> None:
        entry = {"region_code": self.region_of(proposal), "reason": reason} | self.entry(proposal)
        prefix = entry.pop("prefix")
        record(actor=actor, action=f"{prefix}.{step}", details=moved | self.details(proposal), **entry)
