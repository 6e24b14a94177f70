"""A decision by two people: the fields of the row, its constraints, and the two steps as transitions.

`casework.services.decisions` takes the steps; `casework.steps` draws their page. Both people are compared by account:
an officer's account has the unique personnel number of its person (accounts.models.User), so two accounts are two
people.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.errors import DomainError
from audit.workflow import Transition
from casework.errors import MatterChanged


class ProposalState(models.TextChoices):
    """The states of a proposal, which one person makes and another one decides."""

    PROPOSED = "proposed", _("待批准")
    APPROVED = "approved", _("已批准")
    REJECTED = "rejected", _("未批准")

    @property
    def tone(self) -> str:
        return {"proposed": "warn", "approved": "ok", "rejected": "off"}[self.value]


class TwoPeople(models.Model):
    """Person and time of the proposal and of the approval, for a kind with states of its own."""

    proposed_at = models.DateTimeField(_("提出时间"), db_default=Now())
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("提出人"), on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("批准人"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True


class Proposal(TwoPeople):
    """A proposal that stays on record, approved or rejected."""

    state = models.CharField(_("状态"), max_length=12, choices=ProposalState, default=ProposalState.PROPOSED)
    rejected_at = models.DateTimeField(_("不批准时间"), null=True)
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("不批准人"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True
        ordering = ["-pk"]

    @property
    def status(self) -> ProposalState:
        return ProposalState(self.state)


PROPOSAL_STAMPS = {"proposed": (), "approved": ("approved",), "rejected": ("rejected",)}


def decision_constraints(
    name: str,
    *,
    stamps: Mapping[str, Sequence[str]] = PROPOSAL_STAMPS,
    only: bool = True,
    first: str = "proposed_by",
    second: str = "approved_by",
    subject: str = "",
    message: str | None = None,
) -> list[CheckConstraint]:
    """The constraints of a kind, which the database checks even if the program does not.

    A row in a state of `stamps` has the time and the person of each stamp listed for that state, and with `only` no
    other stamp. `second` is a different person from `first`; if the matter is about a person, the field `subject`, it
    is a third one.
    """
    return [
        CheckConstraint(condition=_stamped(stamps, only), name=f"{name}_state_has_its_stamp"),
        CheckConstraint(
            condition=_two_people(first, second, subject), name=f"{name}_two_people", violation_error_message=message
        ),
    ]


def _stamped(stamps: Mapping[str, Sequence[str]], only: bool) -> Q:
    known = sorted({stamp for needed in stamps.values() for stamp in needed})
    allowed = Q()
    for state, needed in stamps.items():
        values = {f"{stamp}_{part}__isnull": False for stamp in needed for part in ("at", "by")}
        if only:
            values |= {f"{stamp}_{part}": None for stamp in known if stamp not in needed for part in ("at", "by")}
        allowed |= Q(state=state, **values)
    return allowed


def _two_people(first: str, second: str, subject: str) -> Q:
    apart = Q(**{first: None}) | ~Q(**{second: F(first)})
    if not subject:
        return Q(**{second: None}) | apart
    return ~Q(**{first: F(subject)}) & (Q(**{second: None}) | (apart & ~Q(**{second: F(subject)})))


def decision_transitions(permission: Permission, *, subject: str = "") -> tuple[Transition, Transition]:
    """批准 by another person, 不批准 with a reason.

    The proposer withdraws a proposal by rejecting it. The person in the field `subject` may do neither.
    """
    about = (subject,) if subject else ()
    approve = Transition(
        "approve",
        sources=frozenset({ProposalState.PROPOSED}),
        target=ProposalState.APPROVED,
        permission=permission,
        stamp="approved",
        not_by=("proposed_by", *about),
    )
    reject = Transition(
        "reject",
        sources=frozenset({ProposalState.PROPOSED}),
        target=ProposalState.REJECTED,
        permission=permission,
        stamp="rejected",
        needs_reason=True,
        not_by=about,
    )
    return approve, reject


def digest_of(*shown: object) -> str:
    """A digest of the values that a page shows: a decision sent from the page is valid for exactly these."""
    return hashlib.sha256(repr(_plain(shown)).encode()).hexdigest()


def _plain(value: object) -> object:
    """The value without enums: a new row still has members as choices, a row read back has their values."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value.value if isinstance(value, Enum) else value


def unless_changed(
    seen: str | None, shown: Callable[[Any], tuple[object, ...]], changed: type[DomainError] = MatterChanged
) -> Callable[[Any], None]:
    """For audit.workflow.apply: raise `changed` unless the row matches the digest `seen` (None: no page was shown)."""

    def expect(row: Any) -> None:
        if seen is not None and seen != digest_of(*shown(row)):
            raise changed

    return expect
