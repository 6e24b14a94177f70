"""Refusals of this app that a user can act on."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class ProgrammeUnchecked(DomainError):
    """The programme has not been compared with its original text."""

    code = "programme_unchecked"
    message = _("该办法尚未与原文核对，不能据此计算奖励。请先核对办法。")


class ProgrammeNotInForce(DomainError):
    code = "programme_not_in_force"
    message = _("该办法在费款所属年度的12月31日不在有效期内。")


class YearNotConfirmed(DomainError):
    code = "year_not_confirmed"
    message = _("该年度尚无已核定的结果，不能计算奖励。")


class AssessmentReplaced(DomainError):
    """The assessment that an award was computed from has been corrected since."""

    code = "assessment_replaced"
    message = _("所依据的核定结果已更正，不能批准或拨付。请重新计算；已批准的，先撤销批准。")


class ListChanged(DomainError):
    """The list to approve has changed since the page on which the person decided."""

    code = "list_changed"
    message = _("名单在您查看之后有变化，请重新查看后再批准。")
