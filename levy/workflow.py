"""The states of a run: 试算 → 核对 → 核定; collection takes the last step, 移交. The ledger computes (services.runs).

And those of a change to parameters or divisions: 提出 → 批准 or 不批准."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.decisions import decision_transitions
from casework.step_words import StepWords
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
DISCARD = Transition(
    "discard",
    sources=frozenset({RunState.COMPUTING, RunState.PARTIAL, RunState.DRAFT, RunState.CHECKED}),
    target=RunState.DISCARDED,
    permission=Permission.RUN_ASSESSMENT,
    stamp="discarded",
    needs_reason=True,
)

RUN_TRANSITIONS = (CHECK, CONFIRM, DISCARD)

RUN_WORDS = {
    CHECK.name: StepWords(_("核对通过"), _("确认核对通过"), _("核对通过后，由另一人核定。核定前仍可作废重算。")),
    CONFIRM.name: StepWords(
        _("核定"), _("确认核定"), _("核定后费额不再修改，只能按更正程序以新的核定替代。此操作不能撤回。")
    ),
    DISCARD.name: StepWords(_("作废"), _("确认作废"), _("作废后明细删除，可以重新试算。批次和办理记录保留。")),
}


def run_transitions(run: AssessmentRun) -> tuple[Transition, ...]:
    """The steps of a run. The run of a single correction has none: it is confirmed or discarded with the
    correction."""
    return () if run.is_correction else RUN_TRANSITIONS


PARAMETER_TRANSITIONS = decision_transitions(Permission.MANAGE_PARAMETERS)
APPROVE_PARAMETER, REJECT_PARAMETER = PARAMETER_TRANSITIONS

DIVISION_TRANSITIONS = decision_transitions(Permission.MANAGE_REGIONS)
APPROVE_DIVISION, REJECT_DIVISION = DIVISION_TRANSITIONS

CORRECTION_TRANSITIONS = decision_transitions(Permission.CONFIRM_ASSESSMENT)
APPROVE_CORRECTION, REJECT_CORRECTION = CORRECTION_TRANSITIONS

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
    """The words of the steps of a change to the divisions; those of the approval depend on its kind."""
    effect = DIVISION_EFFECTS[RegionChange.Kind(change.kind)]
    return {
        "approve": StepWords(_("批准"), _("批准行政区划变更"), effect, _("已批准，立即生效。")),
        **DIVISION_WORDS,
    }


CORRECTION_KEPT = _("原核定不变，重新计算的结果删除，理由记入办理记录。")
CORRECTION_UNDONE = _("未更正，原核定不变。")
CORRECTION_WORDS = {
    "approve": StepWords(
        _("批准"),
        _("批准更正"),
        _("批准后，新的核定立即替代原核定，已签发的通知书标为已替代。此操作不能撤回，只能再次更正。"),
        _("已更正，新的核定替代原核定。"),
    ),
    "reject": StepWords(_("不批准"), _("不批准更正"), CORRECTION_KEPT, CORRECTION_UNDONE),
    "withdraw": StepWords(_("撤回"), _("撤回更正"), CORRECTION_KEPT, CORRECTION_UNDONE),
}
SUPPLEMENT_KEPT = _("本户仍没有核定结果，重新计算的结果删除，理由记入办理记录。")
SUPPLEMENT_UNDONE = _("未补充核定，重新计算的结果已删除。")
SUPPLEMENT_WORDS = {
    "approve": StepWords(
        _("批准"),
        _("批准更正"),
        _("批准后，核定立即生效，本户列入征收清单。此操作不能撤回，只能更正。"),
        _("已补充核定，列入征收清单。"),
    ),
    "reject": StepWords(_("不批准"), _("不批准更正"), SUPPLEMENT_KEPT, SUPPLEMENT_UNDONE),
    "withdraw": StepWords(_("撤回"), _("撤回更正"), SUPPLEMENT_KEPT, SUPPLEMENT_UNDONE),
}
