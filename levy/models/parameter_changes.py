"""What shall hold in a region from a day on, waiting for a second administrator."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from levy.parameter_words import name_in_words, value_in_words


class ChangeState(models.TextChoices):
    """Where a change stands that one administrator proposes and another one decides."""

    PROPOSED = "proposed", _("待批准")
    APPROVED = "approved", _("已批准")
    REJECTED = "rejected", _("未批准")

    @property
    def tone(self) -> str:
        return {"proposed": "warn", "approved": "ok", "rejected": "off"}[self.value]


class ParameterChange(models.Model):
    """A new dated value of a region's number or rule. Written once; approving it enters the dated row.

    `name` is a quota.enums.NumberKind or a rule of CountingRules and AssessmentRules, `value` as those store it.
    `replaced` says in words what stood before, from the approval on.
    """

    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("参数"), max_length=60)
    value = models.CharField(_("数值"), max_length=60)
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("失效日期"), null=True, blank=True)
    document_number = models.CharField(_("文号"), max_length=80)
    source = models.CharField(_("来源"), max_length=300)
    replaced = models.CharField(_("原数值"), max_length=300, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=ChangeState, default=ChangeState.PROPOSED)
    proposed_at = models.DateTimeField(_("提出时间"), db_default=Now())
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(_("批准时间"), null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    rejected_at = models.DateTimeField(_("不批准时间"), null=True)
    rejected_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = RegionScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("参数变更")
        verbose_name_plural = _("参数变更")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"], condition=Q(state="proposed"), name="one_waiting_parameter_change"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", approved_at=None, rejected_at=None)
                | Q(state="approved", approved_at__isnull=False, approved_by__isnull=False, rejected_at=None)
                | Q(state="rejected", rejected_at__isnull=False, rejected_by__isnull=False, approved_at=None),
                name="parameter_change_state_has_its_stamp",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")), name="parameter_change_two_people"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="parameter_change_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}{self.label}"

    def get_absolute_url(self) -> str:
        return reverse("levy:parameter_change", args=[self.pk])

    @property
    def status(self) -> ChangeState:
        return ChangeState(self.state)

    @property
    def label(self) -> str:
        return name_in_words(self.name)

    @property
    def value_text(self) -> str:
        return value_in_words(self.name, self.value)
