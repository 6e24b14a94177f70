"""The states of an award: 待批准 → 已批准 → 已拨付, or 不予奖励; an approval can be taken back before payment.

And those of a programme: 待核对 → 已启用."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.decisions import ProposalState
from casework.step_words import StepWords
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
# Steps that give money: both need an assessment still in force.
GIVING = frozenset({APPROVE, PAY})

PUT_INTO_EFFECT = Transition(
    "approve",
    sources=frozenset({ProposalState.PROPOSED}),
    target=ProposalState.APPROVED,
    permission=Permission.DECIDE_AWARD,
    stamp="approved",
    needs_reason=True,
    not_by=("entered_by",),
)

AWARD_WORDS = {
    APPROVE.name: StepWords(_("批准"), _("确认批准奖励"), _("批准后可以拨付。计算人不能批准。")),
    REFUSE.name: StepWords(_("不予奖励"), _("确认不予奖励"), _("单位可以看到理由。重新计算不会恢复本项。")),
    PAY.name: StepWords(_("登记拨付"), _("确认已拨付"), _("登记后本项办结，不能撤回。")),
    WITHDRAW.name: StepWords(
        _("撤销批准"), _("确认撤销批准奖励"), _("撤销后本项回到待批准，重新计算时按现行核定结果更新。")
    ),
}
LIST_WORDS = StepWords(
    _("全部批准"),
    _("确认批准全部奖励"),
    _("批准后可以拨付。计算人不能批准。名单在此期间有变化的，不会批准。"),
)
CHECK_WORDS = StepWords(
    _("与原文一致，启用"),
    _("核对奖励办法"),
    _("启用后，参数不能修改。与原文不符的，不要启用，请按原文另行录入。同一地区的前一办法至本办法生效前一日止。"),
    _("办法已启用。"),
)
