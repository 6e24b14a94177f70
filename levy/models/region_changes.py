"""A proposal to add, rename or retire a division, which a second administrator decides."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from casework.decisions import Proposal, decision_constraints


class RegionChange(Proposal):
    """One change of the list of divisions, written once; approving it changes the region's row.

    `code` is not a foreign key, because a new division does not exist yet. `former_name` is the name at the proposal.
    """

    class Kind(models.TextChoices):
        ADD = "add", _("新增")
        RENAME = "rename", _("更名")
        RETIRE = "retire", _("撤销")

    kind = models.CharField(_("事项"), max_length=8, choices=Kind)
    code = models.CharField(_("行政区划代码"), max_length=6, db_index=True)
    name = models.CharField(_("名称"), max_length=60)
    former_name = models.CharField(_("原名称"), max_length=60, blank=True)
    successor = models.ForeignKey(
        Region, verbose_name=_("并入"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    last_day = models.DateField(_("最后有效日"), null=True, blank=True)
    document_number = models.CharField(_("文号"), max_length=80)
    reason = models.CharField(_("理由"), max_length=500)

    class Meta(Proposal.Meta):
        verbose_name = _("行政区划变更")
        verbose_name_plural = _("行政区划变更")
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(state="proposed"), name="one_waiting_region_change"),
            models.CheckConstraint(
                condition=Q(kind="retire", successor__isnull=False, last_day__isnull=False)
                | Q(kind__in=["add", "rename"], successor=None, last_day=None),
                name="region_change_has_what_it_needs",
            ),
            *decision_constraints("region_change"),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.ADD:
            return gettext("新增%(name)s（%(code)s）") % {"name": self.name, "code": self.code}
        if self.kind == self.Kind.RENAME:
            return gettext("%(former)s（%(code)s）更名为%(name)s") % {
                "former": self.former_name, "code": self.code, "name": self.name
            }  # fmt: skip
        return gettext("撤销%(name)s（%(code)s），并入%(successor)s") % {
            "name": self.former_name, "code": self.code, "successor": self.successor
        }  # fmt: skip

    def get_absolute_url(self) -> str:
        return reverse("levy:region_change", args=[self.pk])
