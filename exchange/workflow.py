"""The steps of a second person about an upload: 批准并写入, 不批准. The uploader may withdraw it.

The other states follow the work on the file (exchange.services.uploads).
"""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.step_words import StepWords
from exchange.models import FileState


def file_transitions(permission: Permission, *, needs_reason: bool) -> tuple[Transition, Transition]:
    """Approval and rejection of files whose kind needs this right; `needs_reason` for the approval too."""
    approve = Transition(
        "approve",
        sources=frozenset({FileState.CHECKED}),
        target=FileState.WRITING,
        permission=permission,
        stamp="applied",
        needs_reason=needs_reason,
        not_by=("loaded_by",),
    )
    reject = Transition(
        "reject",
        sources=frozenset({FileState.CHECKED}),
        target=FileState.REJECTED,
        permission=permission,
        stamp="rejected",
        needs_reason=True,
    )
    return approve, reject


CONTROL_WORDS = StepWords(
    _("核对"),
    _("录入对账总额"),
    _("请按纸质对账单录入，不要按文件计算。与文件不一致的，文件不写入，两者记入办理记录，须查明后重新上传。"),
)
FILE_WORDS = {
    "approve": StepWords(
        _("批准并写入"),
        _("批准写入文件"),
        _("写入前会按当时的数据再核对一遍；与本页所示不同的，不写入，退回重新批准。写入后记入办理记录。"),
        _("已批准。"),
    ),
    "reject": StepWords(
        _("不批准"), _("不批准写入文件"), _("文件不写入，理由记入办理记录。"), _("未批准，没有写入。")
    ),
    "withdraw": StepWords(_("撤回"), _("撤回文件"), _("文件不写入，理由记入办理记录。"), _("已撤回，没有写入。")),
}
