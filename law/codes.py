"""Codes that files, tables and rules share, each with its official Chinese name."""

from law.words import Code
from law.words import Words as _


class EntityType(Code):
    """单位类型: the five payers of 财税〔2015〕72号第二条, and sole traders, who are registered but not liable."""

    ORGAN = "organ", _("机关")
    ASSOCIATION = "association", _("团体")
    ENTERPRISE = "enterprise", _("企业")
    INSTITUTION = "institution", _("事业单位")
    PRIVATE_NON_ENTERPRISE = "private_non_enterprise", _("民办非企业单位")
    SOLE_TRADER = "sole_trader", _("个体工商户")


class CertificateKind(Code):
    """证件类型."""

    DISABLED_PERSON = "disabled_person", _("残疾人证")
    DISABLED_SOLDIER = "disabled_soldier", _("残疾军人证")


class CertificateState(Code):
    """The register's state of a certificate."""

    VALID = "valid", _("有效")
    CANCELLED = "cancelled", _("注销")
    FROZEN = "frozen", _("冻结")


class EmploymentForm(Code):
    """用工形式."""

    ESTABLISHMENT = "establishment", _("在编")
    CONTRACT = "contract", _("劳动合同")
    DISPATCH = "dispatch", _("劳务派遣")
