"""Changes that give access: an appointment, an account enabled again, a new second factor."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.permissions import Role
from casework.decisions import Proposal, decision_constraints


class AccessChange(Proposal):
    """A change that one administrator proposes and another one decides; neither is the person concerned."""

    class Kind(models.TextChoices):
        APPOINT = "appoint", _("任职")
        ENABLE = "enable", _("恢复账号")
        RESET_FACTOR = "reset_factor", _("重置第二重验证")

    kind = models.CharField(_("事项"), max_length=20, choices=Kind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="access_changes"
    )
    role = models.CharField(_("岗位"), max_length=30, choices=Role, blank=True)
    region = models.ForeignKey(Region, verbose_name=_("管辖地区"), on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=1000)

    class Meta(Proposal.Meta):
        verbose_name = _("权限变更")
        verbose_name_plural = _("权限变更")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "role", "region"],
                condition=Q(state="proposed"),
                name="one_waiting_access_change",
                violation_error_message=_("同样的事项已经提出，正等待另一位管理员批准。"),
            ),
            models.CheckConstraint(
                condition=Q(kind="appoint", role__in=[role for role in Role.values if role != Role.EMPLOYER])
                | Q(kind__in=["enable", "reset_factor"], role=""),
                name="access_change_role_where_needed",
            ),
            *decision_constraints("access_change", subject="person"),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.APPOINT:
            post = {"person": self.person, "role": self.get_role_display(), "region": self.region}
            return gettext("%(person)s：%(role)s（%(region)s）") % post
        return gettext("%(person)s：%(kind)s") % {"person": self.person, "kind": self.get_kind_display()}
