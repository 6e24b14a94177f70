"""The states of a return: 申报 → 核对 → 初审 → 复审. The check itself is the system's step (quota.services.checks).

A return that comes back to the first review is checked again, because nothing has checked it since.
"""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.step_words import StepWords
from quota.enums import ReturnState

SUBMIT = Transition(
    "submit",
    sources=frozenset({ReturnState.DRAFT, ReturnState.SENT_BACK}),
    target=ReturnState.SUBMITTED,
    permission=Permission.FILE_RETURN,
    stamp="submitted",
)
REVIEW = Transition(
    "review",
    sources=frozenset({ReturnState.CHECKED}),
    target=ReturnState.REVIEWED,
    permission=Permission.VERIFY_RETURN,
    stamp="reviewed",
    not_by=("submitted_by",),
)
VERIFY = Transition(
    "verify",
    sources=frozenset({ReturnState.REVIEWED}),
    target=ReturnState.VERIFIED,
    permission=Permission.VERIFY_RETURN,
    stamp="verified",
    not_by=("reviewed_by", "submitted_by"),
)
SEND_BACK = Transition(
    "send_back",
    sources=frozenset({ReturnState.CHECKED, ReturnState.REVIEWED}),
    target=ReturnState.SENT_BACK,
    permission=Permission.VERIFY_RETURN,
    stamp="sent_back",
    needs_reason=True,
)
RETURN_TO_REVIEW = Transition(
    "return_to_review",
    sources=frozenset({ReturnState.REVIEWED}),
    target=ReturnState.SUBMITTED,
    permission=Permission.VERIFY_RETURN,
    stamp="reopened",
    needs_reason=True,
)
REOPEN = Transition(
    "reopen",
    sources=frozenset({ReturnState.VERIFIED}),
    target=ReturnState.SUBMITTED,
    permission=Permission.VERIFY_RETURN,
    stamp="reopened",
    needs_reason=True,
)

RETURN_TRANSITIONS = (SUBMIT, REVIEW, VERIFY, SEND_BACK, RETURN_TO_REVIEW, REOPEN)

CASE_WORDS = {
    REVIEW.name: StepWords(_("初审通过"), _("确认初审通过"), _("提交复审后，由另一人办理；您不得参与本户复审。")),
    VERIFY.name: StepWords(_("复审认定"), _("确认复审认定"), _("认定后签发审核认定书，按认定人月核定费额。")),
    SEND_BACK.name: StepWords(
        _("退回补正"), _("确认退回补正"), _("单位在15日内补正并重新提交的，原申报日期不变。理由对单位可见。")
    ),
    RETURN_TO_REVIEW.name: StepWords(
        _("退回初审"), _("确认退回初审"), _("回到待初审，可以重新逐月认定。单位不受影响，也不必补正。")
    ),
    REOPEN.name: StepWords(
        _("重新认定"), _("确认重新认定"), _("撤回审核认定书，回到初审。已核定的费额不变，须另按更正程序办理。")
    ),
}
