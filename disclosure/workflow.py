"""The states of a publication: 待公布 → 已公布 → 已更新 or 已撤下. Preparing is the worker's affair (services)."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.step_words import StepWords
from disclosure.models import PublicationState

PUBLISH = Transition(
    "publish",
    sources=frozenset({PublicationState.DRAFT}),
    target=PublicationState.PUBLISHED,
    permission=Permission.PUBLISH,
    stamp="published",
    not_by=("prepared_by",),
)
REPLACE = Transition(
    "replace",
    sources=frozenset({PublicationState.PUBLISHED}),
    target=PublicationState.REPLACED,
    permission=Permission.PUBLISH,
    stamp="replaced",
)
WITHDRAW = Transition(
    "withdraw",
    sources=frozenset({PublicationState.PUBLISHED}),
    target=PublicationState.WITHDRAWN,
    permission=Permission.PUBLISH,
    stamp="withdrawn",
    needs_reason=True,
)
DISCARD = Transition(
    "discard",
    sources=frozenset({PublicationState.DRAFT, PublicationState.FAILED}),
    target=PublicationState.DISCARDED,
    permission=Permission.PUBLISH,
    stamp="discarded",
    needs_reason=True,
)

# What an officer may do on the page of a publication; REPLACE only follows from publishing another one.
PUBLICATION_TRANSITIONS = (PUBLISH, WITHDRAW, DISCARD)

PUBLICATION_WORDS = {
    PUBLISH.name: StepWords(
        _("公布"),
        _("确认公布"),
        _("公布后，任何人都能查询和下载。内容不能修改，只能撤下或以新版替代；同一范围的旧版随即停止公开。"),
    ),
    WITHDRAW.name: StepWords(
        _("撤下"),
        _("确认撤下"),
        _("撤下后，公众立即不能查询和下载，已下载的文件无法收回。撤下不能恢复，须发布新版。"),
    ),
    DISCARD.name: StepWords(_("作废"), _("确认作废"), _("作废后，本版内容和文件删除，可以重新生成。办理记录保留。")),
}
