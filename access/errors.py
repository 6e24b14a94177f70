"""Refusals that an administrator can act on."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError
from casework.errors import AlreadyProposed, OwnMatter


class OutOfReach(DomainError):
    """An administrator of a county may not change a person who also serves the province."""

    code = "out_of_reach"
    message = _("此人在您的管辖地区以外也有岗位，请由上级地区的系统管理员办理。")


class OwnAccount(OwnMatter):
    """No person changes their own access, not even with a colleague's help."""

    code = "own_account"
    message = _("不能为本人办理，请由其他系统管理员办理。")


class ChangePending(AlreadyProposed):
    message = _("同样的事项已经提出，正等待另一位管理员批准。")


class GaveAccess(DomainError):
    """Nobody makes an account and then holds its password."""

    code = "gave_access"
    message = _("您提出或批准过此人的权限变更，不能再签发其初始密码，请由其他系统管理员签发。")


class IssuedPassword(DomainError):
    """Nobody holds a password and then gives it a right or a new second factor."""

    code = "issued_password"
    message = _("此人的初始密码由您签发，您不能再提出或批准其权限变更，请由其他系统管理员办理。")


class NameTaken(DomainError):
    code = "name_taken"
    message = _("此用户名已被使用，请换一个。")
