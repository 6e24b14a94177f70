"""The states of an award: 待批准 → 已批准 → 已拨付, or 不予奖励; an approval is taken back before it is paid."""

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
WITHDRAW = Transition(
    "withdraw",
    sources=frozenset({AwardState.APPROVED}),
    target=AwardState.PROPOSED,
    permission=Permission.DECIDE_AWARD,
    stamp="withdrawn",
    needs_reason=True,
)

AWARD_TRANSITIONS = (APPROVE, REFUSE, PAY, WITHDRAW)
# Steps that give money: on an assessment that is still in force, or not at all.
GIVING = frozenset({APPROVE, PAY})
