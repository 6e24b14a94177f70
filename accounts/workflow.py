"""The states of a change that gives access: 提出 → 批准 or 不批准."""

from accounts.models import AccessChange
from accounts.permissions import Permission
from audit.workflow import Transition

APPROVE = Transition(
    "approve",
    sources=frozenset({AccessChange.State.PROPOSED}),
    target=AccessChange.State.APPROVED,
    permission=Permission.MANAGE_PEOPLE,
    stamp="approved",
    not_by=("proposed_by", "person"),
)
REJECT = Transition(
    "reject",
    sources=frozenset({AccessChange.State.PROPOSED}),
    target=AccessChange.State.REJECTED,
    permission=Permission.MANAGE_PEOPLE,
    stamp="rejected",
    needs_reason=True,
    not_by=("person",),
)
CHANGE_TRANSITIONS = (APPROVE, REJECT)
