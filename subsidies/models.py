"""Reward programmes as published by regions, and the awards computed from a confirmed year."""

from decimal import Decimal
from typing import Any

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from casework.decisions import ProposalState, TwoPeople, decision_constraints
from design.law_words import translated
from law.codes import EntityType
from law.support.rewards import RewardBasis, RewardFacts, RewardTerms
from levy.models import Assessment
from quota.models import Employer
from quota.models.employers import MAX_STAFF, MAX_YUAN
from quota.models.parameters import VALIDITY, DatedByRegion, DatedQuerySet
from quota.models.returns import LEVY_YEAR_BOUNDS

YUAN = {"max_digits": 16, "decimal_places": 2}
MONTHS = {"max_digits": 16, "decimal_places": 6}


class ProgrammeKind(models.TextChoices):
    OVER_QUOTA = "over_quota", _("超比例奖励")


class AmountBasis(models.TextChoices):
    """The bases of law.support.rewards.Basis under their official names."""

    MINIMUM_WAGES = RewardBasis.MINIMUM_WAGES.value, _("月最低工资的倍数")
    FIXED = RewardBasis.FIXED.value, _("定额（元）")


@pghistory.track(
    pghistory.InsertEvent(level=pgtrigger.Statement),
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class Programme(DatedByRegion):
    """A region's formula, entered as data. Its terms never change: a new text is a new row.

    It pays nothing until a person has compared it with the original text (`approved_by`). `open_question` names a
    point that the text leaves open; the approver answers it in the reason.
    """

    kind = models.CharField(_("种类"), max_length=16, choices=ProgrammeKind, default=ProgrammeKind.OVER_QUOTA)
    threshold_ratio = models.DecimalField(_("起奖比例"), max_digits=6, decimal_places=5)
    whole_heads = models.BooleanField(_("只计整数人"))
    minimum_excess = models.DecimalField(_("至少超过（人）"), max_digits=6, decimal_places=2)
    severe_counts = models.PositiveSmallIntegerField(_("重度残疾每人计"))
    basis = models.CharField(_("标准种类"), max_length=16, choices=AmountBasis)
    rate = models.DecimalField(_("每人每年标准"), max_digits=10, decimal_places=4)
    cap = models.DecimalField(_("每户每年最高（元）"), null=True, blank=True, **YUAN)
    maximum_years = models.PositiveSmallIntegerField(_("累计年数上限"), null=True, blank=True)
    excluded_entity_types = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    open_question = models.TextField(_("待核对"), blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=ProposalState, default=ProposalState.PROPOSED)
    approved_at = models.DateTimeField(_("核对时间"), null=True)

    class Meta:
        ordering = ["region", "-valid_from"]
        verbose_name = _("奖励办法")
        verbose_name_plural = _("奖励办法")
        constraints = [
            models.UniqueConstraint(fields=["region", "kind", "valid_from"], name="one_programme_per_start"),
            models.CheckConstraint(condition=Q(kind__in=ProgrammeKind.values), name="programme_kind_known"),
            models.CheckConstraint(condition=Q(basis__in=AmountBasis.values), name="programme_basis_known"),
            models.CheckConstraint(condition=Q(severe_counts__in=[1, 2]), name="programme_severe_counts_known"),
            models.CheckConstraint(
                condition=Q(excluded_entity_types__contained_by=EntityType.values()), name="programme_excluded_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    threshold_ratio__range=(Decimal("0.001"), Decimal("0.5")),
                    minimum_excess__range=(0, 1000),
                    rate__range=(Decimal("0.0001"), 500_000),
                ),
                name="programme_terms_bounds",
            ),
            models.CheckConstraint(condition=Q(cap=None) | Q(cap__range=(1, MAX_YUAN)), name="programme_cap_bounds"),
            *decision_constraints("programme", stamps={"proposed": (), "approved": ("approved",)}, first="entered_by"),
            ExclusionConstraint(
                name="programme_periods_apart",
                expressions=[
                    (F("region"), RangeOperators.EQUAL),
                    (F("kind"), RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
                condition=Q(approved_at__isnull=False),
                violation_error_message=_("同一地区同一种类的已启用奖励办法，有效期不能重叠。"),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="programme_terms_frozen",
                fields=[
                    "region",
                    "kind",
                    "valid_from",
                    "threshold_ratio",
                    "whole_heads",
                    "minimum_excess",
                    "severe_counts",
                    "basis",
                    "rate",
                    "cap",
                    "maximum_years",
                    "excluded_entity_types",
                ],
            ),
        ]

    def __str__(self) -> str:
        said = {"region": self.region, "kind": self.get_kind_display(), "document": self.document_number}
        return gettext("%(region)s%(kind)s（%(document)s）") % said

    def get_absolute_url(self) -> str:
        return reverse("subsidies:programme_detail", args=[self.pk])

    def others_in_effect(self) -> DatedQuerySet:
        """The checked texts of the same region and kind."""
        alike = Programme.objects.filter(region=self.region_id, kind=self.kind)
        return alike.exclude(pk=self.pk).exclude(approved_by=None)

    @property
    def is_in_effect(self) -> bool:
        """True if a person has compared it with its original text."""
        return self.approved_by_id is not None

    @property
    def tone(self) -> str:
        """The tone of the status tag, beside its `label`."""
        return "ok" if self.is_in_effect else "warn"

    @property
    def label(self) -> str:
        return _("已启用") if self.is_in_effect else _("待核对")

    @property
    def excluded(self) -> list[str]:
        """The unit types that get nothing, in words."""
        return [str(translated(EntityType(kind).label)) for kind in self.excluded_entity_types]

    @property
    def terms(self) -> RewardTerms:
        """The formula, for the rules."""
        return RewardTerms(
            threshold_ratio=self.threshold_ratio,
            whole_heads=self.whole_heads,
            minimum_excess=self.minimum_excess,
            severe_counts=self.severe_counts,
            basis=RewardBasis(self.basis),
            rate=self.rate,
            citation=self.document_number,
            cap=self.cap,
            maximum_years=self.maximum_years,
            excluded_entity_types=frozenset(self.excluded_entity_types),
        )


class AwardState(models.TextChoices):
    PROPOSED = "proposed", _("待批准")
    APPROVED = "approved", _("已批准")
    PAID = "paid", _("已拨付")
    REFUSED = "refused", _("不予奖励")

    @property
    def tone(self) -> str:
        return {"proposed": "warn", "approved": "now", "paid": "done", "refused": "off"}[self.value]


SETTLED_STATES = [AwardState.APPROVED, AwardState.PAID]
AWARD_STAMPS = {"proposed": (), "approved": ("approved",), "paid": ("approved", "paid"), "refused": ("refused",)}


class AwardQuerySet(RegionScopedQuerySet):
    member_path = "employer__memberships__user"

    def in_force(self) -> "AwardQuerySet":
        """Awards whose assessment is still in force."""
        return self.filter(assessment__in=Assessment.objects.current())

    def like(self, programme: Programme) -> "AwardQuerySet":
        """Awards of the programme's region and kind, under any text."""
        return self.filter(programme__region=programme.region_id, programme__kind=programme.kind)

    def totals(self) -> dict[str, Any]:
        """Their number, and their sum in yuan."""
        return self.aggregate(count=Count("pk"), amount=Sum("amount", default=Decimal("0.00")))


class Award(TwoPeople):
    """One employer's reward for one levy year: its facts, its amount and its state.

    A trigger keeps facts and figures unchanged; computing again replaces undecided rows. The steps are rebuilt from
    the stored facts and the programme.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="awards", verbose_name=_("奖励办法")
    )
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+")
    employer = models.ForeignKey(Employer, verbose_name=_("用人单位"), on_delete=models.PROTECT, related_name="awards")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    entity_type = models.CharField(_("单位类型"), max_length=24)
    staff_months = models.PositiveIntegerField(_("职工人月"))
    credited_months = models.PositiveIntegerField(_("安排人月"))
    head_months = models.PositiveIntegerField(_("安排人月（重度计1）"))
    minimum_wage = models.DecimalField(_("月最低工资"), null=True, **YUAN)
    years_before = models.PositiveSmallIntegerField(_("已奖励年数"))
    rewarded_months = models.DecimalField(_("奖励人月"), **MONTHS)
    amount = models.DecimalField(_("奖励金额"), **YUAN)

    state = models.CharField(_("状态"), max_length=10, choices=AwardState, default=AwardState.PROPOSED)
    paid_at = models.DateTimeField(_("拨付时间"), null=True)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    refused_at = models.DateTimeField(_("不予奖励时间"), null=True)
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤销批准时间"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = AwardQuerySet.as_manager()

    class Meta:
        ordering = ["region", "employer__uscc"]
        verbose_name = _("超比例奖励")
        verbose_name_plural = _("超比例奖励")
        indexes = [models.Index(fields=["levy_year", "region", "state"], name="award_list")]
        constraints = [
            models.UniqueConstraint(fields=["programme", "employer", "levy_year"], name="one_award_per_year"),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="award_levy_year_bounds"),
            models.CheckConstraint(condition=Q(entity_type__in=EntityType.values()), name="award_entity_known"),
            models.CheckConstraint(
                condition=Q(amount__range=(Decimal("0.01"), MAX_YUAN), rewarded_months__range=(0, 24 * MAX_STAFF)),
                name="award_figures_bounds",
            ),
            models.CheckConstraint(condition=Q(head_months__lte=F("credited_months")), name="award_heads_within"),
            *decision_constraints("award", stamps=AWARD_STAMPS, only=False, message=_("批准须由另一人办理。")),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="award_figures_frozen",
                exclude=[
                    "state",
                    "approved_at",
                    "approved_by",
                    "paid_at",
                    "paid_by",
                    "refused_at",
                    "refused_by",
                    "withdrawn_at",
                    "withdrawn_by",
                ],
            ),
            pgtrigger.Protect(
                name="award_decided_stays",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__state=AwardState.PROPOSED.value),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.levy_year}"

    def get_absolute_url(self) -> str:
        return reverse("subsidies:award_detail", args=[self.pk])

    @property
    def status(self) -> AwardState:
        return AwardState(self.state)

    @property
    def is_in_force(self) -> bool:
        """True unless its assessment has been corrected since; one query."""
        return Assessment.objects.current().filter(pk=self.assessment_id).exists()

    @property
    def facts(self) -> RewardFacts:
        """The facts from which the rule computed it."""
        return RewardFacts(
            entity_type=self.entity_type,
            staff_months=self.staff_months,
            credited_months=self.credited_months,
            head_months=self.head_months,
            minimum_wage=self.minimum_wage,
            years_before=self.years_before,
        )
