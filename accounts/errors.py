"""Refusals of this app."""

import math

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.permissions import SEPARATE_ROLES, Permission, Role, roles_with
from audit.errors import DomainError, PermissionMissing


class RegionListIncomplete(DomainError):
    """A list of divisions lacks a province in force: loading it would take away the scope of that province's
    officers."""

    code = "region_list_incomplete"
    message = _("名单缺少现有的省级行政区划，请使用完整的名单。")


class RoleMissing(PermissionMissing):
    """Says which roles have the right that the person lacks."""

    def __init__(self, permission: Permission) -> None:
        roles = _("、").join(str(role.label) for role in roles_with(permission))
        super().__init__(format_lazy(_("您没有办理此项的权限：须由管辖本地区的{roles}办理。"), roles=roles))


class NumberTaken(DomainError):
    """One person has one account: a second one could decide with the first."""

    code = "number_taken"
    message = _("此人员编号已有账号。一人只能有一个账号，请在原账号上增加岗位。")


class NumberMissing(DomainError):
    code = "number_missing"
    message = _("此人还没有登记人员编号，请填写。")


class RolesApart(DomainError):
    """三权分立: administration, parameters and audit are three people."""

    code = "roles_apart"

    def __init__(self, held: Role) -> None:
        apart = _("、").join(str(role.label) for role in SEPARATE_ROLES)
        super().__init__(
            format_lazy(
                _("此人现任{held}：{apart}三种岗位互相分立，一人只能任其中一种。"), held=held.label, apart=apart
            )
        )


class TooManyAttempts(DomainError):
    """One sentence for a name, a person and an address, known or not: it reveals only the time to wait."""

    code = "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = math.ceil(seconds / 60)
        super().__init__(
            format_lazy(
                _("尝试次数过多，请在{minutes}分钟后再试。忘记密码的，请联系本地区的系统管理员。"), minutes=minutes
            )
        )


class AlreadySetUp(DomainError):
    """Of two sessions that set up the first app at once, one gets in; the other one may be a stranger's."""

    code = "already_set_up"
    message = _("此账号的第二重验证刚在别处设置完成，请重新登录。不是本人设置的，请立即联系系统管理员。")


class NotAnEmployersAccount(DomainError):
    """The account is an officer's with a credit code as its name: no code is issued for it."""

    code = "not_an_employers_account"
    message = _("以此统一社会信用代码为用户名的账号不是单位账号，不能签发登录码，请联系系统管理员。")


class OidcRefused(DomainError):
    code = "oidc_refused"
    message = _("身份认证结果无效或已过期，请重新登录。")


class OidcUnavailable(DomainError):
    code = "oidc_unavailable"
    message = _("身份认证平台暂时没有响应，请稍后再试，或用用户名和密码登录。")


class NoSuchAccount(DomainError):
    code = "no_such_account"
    message = _("身份认证已通过，但本系统没有对应的账号。用人单位请到所在地残联办理，工作人员请联系系统管理员。")
