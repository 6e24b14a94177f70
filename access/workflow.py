"""The states of a change that gives access: 提出 → 批准 or 不批准."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from casework.decisions import decision_transitions
from casework.step_words import StepWords

APPROVE, REJECT = CHANGE_TRANSITIONS = decision_transitions(Permission.MANAGE_PEOPLE, subject="person")

STEP_WORDS = {
    APPROVE.name: StepWords(
        _("批准"), _("批准权限变更"), _("批准后立即生效，此人的登录全部结束。"), _("已批准，立即生效。")
    ),
    REJECT.name: StepWords(
        _("不批准"), _("不批准权限变更"), _("原状不变，理由记入办理记录。"), _("未批准，原状不变。")
    ),
}
