"""Codes of the exchange files and their official names."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CountsAt(models.TextChoices):
    AGENCY = "agency", _("派遣单位")
    HOST = "host", _("用工单位")


class NumberKind(models.TextChoices):
    """Numbers a region sets, with the unit they are stored in."""

    REQUIRED_RATIO = "required_ratio", _("规定比例")
    SOCIAL_AVERAGE_WAGE = "social_average_wage", _("社会平均工资")
    MINIMUM_WAGE = "minimum_wage", _("最低工资")


class ReturnState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待核对")
    CHECKED = "checked", _("待初审")
    REVIEWED = "reviewed", _("待复审")
    VERIFIED = "verified", _("已认定")
    SENT_BACK = "sent_back", _("待补正")
    REPLACED = "replaced", _("已由其他申报取代")

    @property
    def tone(self) -> str:
        return RETURN_TONES[self]


RETURN_TONES = {
    ReturnState.DRAFT: "warn",
    ReturnState.SUBMITTED: "now",
    ReturnState.CHECKED: "plain",
    ReturnState.REVIEWED: "now",
    ReturnState.VERIFIED: "ok",
    ReturnState.SENT_BACK: "warn",
    ReturnState.REPLACED: "off",
}


DECIDED = (ReturnState.REVIEWED, ReturnState.VERIFIED)
TOLD = (ReturnState.VERIFIED, ReturnState.SENT_BACK)


class ReturnSource(models.TextChoices):
    PORTAL = "portal", _("网上申报")
    WINDOW = "window", _("窗口申报")
    FILE = "file", _("文件导入")


class DecisionReason(models.TextChoices):
    """The reasons of an officer who departs from the checks in a month; the code is stored and printed."""

    EVIDENCE_ACCEPTED = "R01", _("补充材料可以采信，符合计入条件")
    EVIDENCE_REJECTED = "R02", _("材料不实或未实际到岗，不符合计入条件")
    REGISTER_CORRECTED = "R03", _("证件信息经登记机关核实更正")
    EMPLOYED_HERE = "R04", _("重复申报，经核实由本单位安排")
    EMPLOYED_ELSEWHERE = "R05", _("重复申报，经核实由其他单位安排")
    DISPATCH_AGREED = "R06", _("劳务派遣，按双方协议认定")

    @property
    def citation(self) -> str:
        """The article the reason rests on."""
        return DECISION_CITATIONS[self]

    @property
    def words(self) -> str:
        """Code, reason and article, as forms and pages show them."""
        pattern = _("%(code)s　%(reason)s（%(article)s）")
        return pattern % {"code": self.value, "reason": self.label, "article": self.citation}


DECISION_CITATIONS = {
    DecisionReason.EVIDENCE_ACCEPTED: "财税〔2015〕72号第七条第一款",
    DecisionReason.EVIDENCE_REJECTED: "财税〔2015〕72号第七条第一款",
    DecisionReason.REGISTER_CORRECTED: "财税〔2015〕72号第四条",
    DecisionReason.EMPLOYED_HERE: "残联厅函〔2022〕63号（三）",
    DecisionReason.EMPLOYED_ELSEWHERE: "残联厅函〔2022〕63号（三）",
    DecisionReason.DISPATCH_AGREED: "财政部公告2019年第98号第二条",
}
