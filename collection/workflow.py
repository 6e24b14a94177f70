"""移交: the tax bureau takes over the list of a confirmed run and then collects by it."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from casework.step_words import StepWords
from levy.models import RunState

HAND_OVER = Transition(
    "hand_over",
    sources=frozenset({RunState.CONFIRMED}),
    target=RunState.HANDED_OVER,
    permission=Permission.TAKE_OVER_LIST,
    stamp="handed_over",
)
HAND_OVER_WORDS = StepWords(_("接收清单"), _("确认接收清单"), _("接收后，税务部门按清单征收。此操作不能撤回。"))
