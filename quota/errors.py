"""Refusals of this app that a user can act on."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class ReturnChanged(DomainError):
    """Another person has saved the return in the meantime (promise A8)."""

    code = "return_changed"
    message = _("本申报刚被他人修改，请核对最新内容后重新提交。您填写的内容仍保留在页面上。")


class ReturnClosed(DomainError):
    """The year's return was reviewed or verified: the employer can no longer change it alone."""

    code = "return_closed"
    message = _("本年度申报已进入复审或已认定，不能自行更正。确需更正的，请联系所在地残联退回或重新认定。")


class ReturnIncomplete(DomainError):
    code = "return_incomplete"
    message = _("请先填写12个月的在职职工人数和全年工资总额，再提交申报。")


class YearNotOver(DomainError):
    code = "year_not_over"
    message = _("只能申报已经结束的年度。")


class SecondCertificate(DomainError):
    code = "second_certificate"
    message = _("同一人在一份申报中只能填写一个证件号码。要更正号码的，请先移除该人的其他各条，再修改这一条。")


class TooManyCertificates(DomainError):
    """More certificate numbers than a day allows. Counts what was typed, right or wrong, so it tells neither."""

    code = "too_many_certificates"
    message = _("今天填写的证件号码过多，已暂停填写。请明天再填，或将花名册交所在地残联窗口办理。")


class DecisionRefused(DomainError):
    """An officer's decision on single months that the law or another decision does not allow."""

    code = "decision_refused"
    message = _("不能这样认定。")


class CaseChanged(DomainError):
    """The case has changed since the page that the person approved."""

    code = "case_changed"
    message = _("本户的核对或认定结果刚有变化，请查看最新内容后再办理。")
