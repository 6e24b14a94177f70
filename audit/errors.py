"""Errors a user can act on. Each app's errors.py subclasses DomainError."""

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal with a stable code and a message that says what to do; views and the API show it as it is."""

    code = "refused"
    message = _("不能办理。")

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.code = code or self.code
        self.message = message or self.message
        super().__init__(str(self.message))


class TransitionNotAllowed(DomainError):
    code = "transition_not_allowed"
    message = _("当前状态不能进行此项操作，请刷新页面查看最新状态。")


class ReasonMissing(DomainError):
    code = "reason_missing"
    message = _("请填写理由。")


class SecondPersonNeeded(DomainError):
    """Four eyes: whoever took an earlier step of a case does not take this one."""

    code = "second_person_needed"
    message = _("您已办理本事项的前一步，须由另一人办理这一步。")


class PermissionMissing(DomainError):
    code = "permission_missing"
    message = _("您没有办理此项的权限。")
