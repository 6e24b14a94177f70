"""Refusals that every decision by two people shares."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class MatterChanged(DomainError):
    """The page that the person decided on no longer shows what there is (promise A10)."""

    code = "matter_changed"
    message = _("内容刚有变化，请查看最新内容后再办理。")


class AlreadyProposed(DomainError):
    code = "already_proposed"
    message = _("同样的事项已经提出，正等待另一人批准。")


class OwnMatter(DomainError):
    """Nobody decides about oneself, not even with a colleague's help."""

    code = "own_matter"
    message = _("不能为本人办理，请由他人办理。")
