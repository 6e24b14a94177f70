"""The states of a run: 试算 → 核对 → 核定 → 移交. Computing itself is the ledger's affair (services.runs).

And those of a change to parameters or divisions: 提出 → 批准 or 不批准."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.decisions import decision_transitions
from casework.steps import StepWords
from levy.models import AssessmentRun, RegionChange, RunState

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


APPROVE_CHANGE, REJECT_CHANGE = CHANGE_TRANSITIONS = decision_transitions(Permission.MANAGE_PARAMETERS)

UNCHANGED = _("未批准，原状不变。")
PARAMETER_WORDS = {
    "approve": StepWords(
        _("批准"),
        _("批准参数变更"),
        _("批准后从生效日期起适用于以后的核对和试算。已有批次仍按其锁定的数值。"),
        _("已批准，按生效日期适用。"),
    ),
    "reject": StepWords(
        _("不批准"), _("不批准参数变更"), _("原数值不变，理由记入办理记录。"), _("未批准，原数值不变。")
    ),
    "withdraw": StepWords(
        _("撤回"), _("撤回参数变更"), _("原数值不变，理由记入办理记录。"), _("未批准，原数值不变。")
    ),
}
DIVISION_WORDS = {
    "reject": StepWords(_("不批准"), _("不批准行政区划变更"), _("原状不变，理由记入办理记录。"), UNCHANGED),
    "withdraw": StepWords(_("撤回"), _("撤回行政区划变更"), _("原状不变，理由记入办理记录。"), UNCHANGED),
}
DIVISION_EFFECTS = {
    RegionChange.Kind.ADD: _("批准后立即生效，可以在此任职、登记单位和参数。"),
    RegionChange.Kind.RENAME: _("批准后立即生效。代码不变，以后的页面和文书使用新名称。"),
    RegionChange.Kind.RETIRE: _(
        "批准后立即生效：在此地区的岗位随之失效，须在并入地重新任职；单位仍列在原代码下，由上级地区办理，"
        "直到税务名册改用新代码。往年的记录不变。"
    ),
}


def division_words(change: RegionChange) -> dict[str, StepWords]:
    """The steps of a change to the divisions; what an approval does depends on its kind."""
    effect = DIVISION_EFFECTS[RegionChange.Kind(change.kind)]
    return {
        "approve": StepWords(_("批准"), _("批准行政区划变更"), effect, _("已批准，立即生效。")),
        **DIVISION_WORDS,
    }
