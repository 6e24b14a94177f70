"""The states of a run: 试算 → 核对 → 核定 → 移交. Computing itself is the ledger's affair (services.runs).

And those of a change to parameters or divisions: 提出 → 批准 or 不批准."""

from accounts.permissions import Permission
from audit.workflow import Transition
from levy.models import AssessmentRun, ChangeState, RunState

CHECK = Transition(
    "check",
    sources=frozenset({RunState.DRAFT}),
    target=RunState.CHECKED,
    permission=Permission.RUN_ASSESSMENT,
    stamp="checked",
)
CONFIRM = Transition(
    "confirm",
    sources=frozenset({RunState.CHECKED}),
    target=RunState.CONFIRMED,
    permission=Permission.CONFIRM_ASSESSMENT,
    stamp="confirmed",
    not_by=("checked_by",),
)
HAND_OVER = Transition(
    "hand_over",
    sources=frozenset({RunState.CONFIRMED}),
    target=RunState.HANDED_OVER,
    permission=Permission.TAKE_OVER_LIST,
    stamp="handed_over",
)
DISCARD = Transition(
    "discard",
    sources=frozenset({RunState.COMPUTING, RunState.PARTIAL, RunState.DRAFT, RunState.CHECKED}),
    target=RunState.DISCARDED,
    permission=Permission.RUN_ASSESSMENT,
    stamp="discarded",
    needs_reason=True,
)

RUN_TRANSITIONS = (CHECK, CONFIRM, HAND_OVER, DISCARD)


def run_transitions(run: AssessmentRun) -> tuple[Transition, ...]:
    """The steps of a run for itself; the run of a single correction is checked, confirmed and discarded with it."""
    return (HAND_OVER,) if run.is_correction else RUN_TRANSITIONS


APPROVE_CHANGE = Transition(
    "approve",
    sources=frozenset({ChangeState.PROPOSED}),
    target=ChangeState.APPROVED,
    permission=Permission.MANAGE_PARAMETERS,
    stamp="approved",
    not_by=("proposed_by",),
)
REJECT_CHANGE = Transition(
    "reject",
    sources=frozenset({ChangeState.PROPOSED}),
    target=ChangeState.REJECTED,
    permission=Permission.MANAGE_PARAMETERS,
    stamp="rejected",
    needs_reason=True,
)
CHANGE_TRANSITIONS = (APPROVE_CHANGE, REJECT_CHANGE)
