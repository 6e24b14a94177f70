"""A new value of a region's number or rule, proposed by one administrator and decided by another."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from casework.decisions import Proposal, decision_constraints
from levy.parameter_words import name_in_words, value_in_words


class ParameterChange(Proposal):
    """A new dated value of a region's number or rule. Written once; approving it enters the dated row.

    `name` is a quota.enums.NumberKind or a rule of CountingRules and AssessmentRules, `value` as those store it.
    `replaced` is filled at the approval: the former value, in words.
    """

    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("参数"), max_length=60)
    value = models.CharField(_("数值"), max_length=60)
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("失效日期"), null=True, blank=True)
    document_number = models.CharField(_("文号"), max_length=80)
    source = models.CharField(_("来源"), max_length=300)
    replaced = models.CharField(_("原数值"), max_length=300, blank=True)

    objects = RegionScopedQuerySet.as_manager()

    class Meta(Proposal.Meta):
        verbose_name = _("参数变更")
        verbose_name_plural = _("参数变更")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"], condition=Q(state="proposed"), name="one_waiting_parameter_change"
            ),
            *decision_constraints("parameter_change"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="parameter_change_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}{self.label}"

    def get_absolute_url(self) -> str:
        return reverse("levy:parameter_change", args=[self.pk])

    @property
    def label(self) -> str:
        return name_in_words(self.name)

    @property
    def value_text(self) -> str:
        return value_in_words(self.name, self.value)
