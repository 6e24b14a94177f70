"""Refusals of this app."""

import math

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class RegionListIncomplete(DomainError):
    """A list of divisions lacks a province in force: loading it would take away the scope of that province's
    officers."""

    code = "region_list_incomplete"
    message = _("名单缺少现有的省级行政区划，请使用完整的名单。")


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
