"""The states of an award: 待批准 → 已批准 → 已拨付, or 不予奖励."""

from accounts.permissions import Permission
from audit.workflow import Transition
from subsidies.models import AwardState

APPROVE = Transition(
    "approve",
    sources=frozenset({AwardState.PROPOSED}),
    target=AwardState.APPROVED,
    permission=Permission.DECIDE_AWARD,
    stamp="approved",
    not_by=("proposed_by",),
)
REFUSE = Transition(
    "refuse",
    sources=frozenset({AwardState.PROPOSED}),
    target=AwardState.REFUSED,
    permission=Permission.DECIDE_AWARD,
    stamp="refused",
    needs_reason=True,
    not_by=("proposed_by",),
)
PAY = Transition(
    "pay",
    sources=frozenset({AwardState.APPROVED}),
    target=AwardState.PAID,
    permission=Permission.DECIDE_AWARD,
    stamp="paid",
)

AWARD_TRANSITIONS = (APPROVE, REFUSE, PAY)
