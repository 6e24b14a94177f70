"""Refusals of a decision by two people and of a case."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class MatterChanged(DomainError):
    """The record has changed since the page on which the person decided (promise A10)."""

    code = "matter_changed"
    message = _("内容刚有变化，请查看最新内容后再办理。")


class AlreadyProposed(DomainError):
    code = "already_proposed"
    message = _("同样的事项已经提出，正等待另一人批准。")


class OwnMatter(DomainError):
    """No person decides their own matter, not even with a colleague's help."""

    code = "own_matter"
    message = _("不能为本人办理，请由他人办理。")


class NotExtendable(DomainError):
    code = "not_extendable"
    message = _("该事项的办理期限不能延长：没有延长的规定、已延长过，或者期限已届满。")


class ProofMissing(DomainError):
    code = "proof_missing"
    message = _("请先登记送达证明材料，并在送达记录中指明。")


class ConsentMissing(DomainError):
    code = "consent_missing"
    message = _("电子送达须有受送达人的确认书，请先登记。")


class DayImpossible(DomainError):
    code = "day_impossible"
    message = _("日期不合理：不能晚于今天，收到日期不能早于送出日期。")
