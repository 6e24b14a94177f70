"""The states of a return: 申报 → 核对 → 初审 → 复审. The check itself is the system's step (quota.services.checks).

A return that comes back to the first review is checked again, because nothing has checked it since.
"""

from accounts.permissions import Permission
from audit.workflow import Transition
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
