"""Refusals of this app that a user can act on."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class NothingConfirmed(DomainError):
    code = "nothing_confirmed"
    message = _("该地区该年度尚无已核定的结果，不能公示。")


class PublicationInPreparation(DomainError):
    code = "publication_in_preparation"
    message = _("该地区该年度已有一版正在准备，请先公布或作废。")


class WiderPublicationExists(DomainError):
    """A region inside a published one may not publish the same year: two pages would disagree."""

    code = "wider_publication_exists"
    message = _("上级地区已公布该年度，须由上级发布新版。")


class FiguresDisagree(DomainError):
    """The published totals would differ from those of the run (promise A1)."""

    code = "figures_disagree"
    message = _("公示数据与核定结果不一致，不能公布。请重新生成；仍不一致的，请报告管理员。")


class EmbargoHolds(DomainError):
    """A version under embargo may not replace a public one: the public would see neither."""

    code = "embargo_holds"
    message = _("该地区该年度已有公布的版本，新版须在“公布不早于”的时间之后公布。")
