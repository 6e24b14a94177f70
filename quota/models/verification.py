"""The findings of the checks, and the decisions of two people of the federation."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from quota.enums import DecisionReason
from quota.models.employers import Employer
from quota.models.provenance import FROM_FILE
from quota.models.registers import Certificate
from quota.models.returns import BY_PERSON, LEVY_YEAR_BOUNDS, FiledQuerySet, HeadcountReturn, Holds, Placement

MONTHS = 12
WEIGHTS_OF_YEAR = "0 <= ALL(%(expressions)s) AND 2 >= ALL(%(expressions)s)"


class PlacementCheck(models.Model):
    """A placement's twelve months.

    `reasons` has law.counting.Reason per month (0: counted); `computed` and `decided` have the person-months per month
    (0, 1 or 2). `decided` counts; it starts as `computed` and only an officer's decision changes it. `claimed_months`
    is this row's share of the employer's claim for the person: a month covered by two rows is claimed once.
    `has_other_holder` means that the register gives the certificate to another person: the month counts
    (docs/rules.md), but a person looks at it.
    """

    placement = models.OneToOneField(
        Placement, primary_key=True, on_delete=models.CASCADE, related_name="check_result"
    )
    weight = models.PositiveSmallIntegerField(_("每月计入"))
    claimed_months = models.PositiveSmallIntegerField(_("申报人月"))
    reasons = ArrayField(models.PositiveSmallIntegerField(), size=MONTHS)
    computed = ArrayField(models.PositiveSmallIntegerField(), size=MONTHS)
    has_other_holder = models.BooleanField(default=False, db_default=False)
    decided = ArrayField(models.PositiveSmallIntegerField(), size=MONTHS)
    decision_reason = models.CharField(_("认定理由"), max_length=8, blank=True)
    decision_note = models.TextField(_("说明"), blank=True)
    decided_at = models.DateTimeField(_("认定时间"), null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)

    class Meta:
        verbose_name = _("逐月核对")
        verbose_name_plural = _("逐月核对")
        constraints = [
            models.CheckConstraint(condition=Q(weight__in=[1, 2]), name="check_weight_known"),
            models.CheckConstraint(condition=Q(claimed_months__lte=2 * MONTHS), name="check_claimed_bounds"),
            models.CheckConstraint(
                condition=Q(Holds("reasons", "99 >= ALL(%(expressions)s)")),
                name="check_reasons_bounds",
            ),
            models.CheckConstraint(condition=Q(Holds("computed", WEIGHTS_OF_YEAR)), name="check_computed_bounds"),
            models.CheckConstraint(condition=Q(Holds("decided", WEIGHTS_OF_YEAR)), name="check_decided_bounds"),
            models.CheckConstraint(
                condition=Q(decided=F("computed")) | ~Q(decision_reason=""),
                name="check_difference_has_reason",
                violation_error_message=_("与系统核算不同的，须选择理由。"),
            ),
            models.CheckConstraint(
                condition=Q(decision_reason="") | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="check_decision_has_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.placement_id}"

    @property
    def decision_words(self) -> str:
        """The listed reason of an officer's decision, "" where the computed months are unchanged."""
        return DecisionReason(self.decision_reason).words if self.decision_reason else ""


class DispatchTransfer(models.Model):
    """Months of a dispatched person that count at the host instead of the agency.

    The agency loses `weight_months`; the host gets `credited_months`, which is 0 if it filed late or not at all.
    `staff_months` of staff move along. Checks keep the row up to date; it is effective while the agency has a valid
    VerifiedHeadcount.
    """

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="transfers")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    agency = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="+")
    host = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="+")
    weight_months = models.PositiveSmallIntegerField(_("转出人月"))
    credited_months = models.PositiveSmallIntegerField(_("转入人月"))
    staff_months = models.PositiveSmallIntegerField(_("职工人月"))

    class Meta:
        verbose_name = _("派遣计入")
        verbose_name_plural = _("派遣计入")
        constraints = [
            models.UniqueConstraint(fields=["placement", "host"], name="one_transfer_per_host"),
            models.CheckConstraint(
                condition=Q(weight_months__lte=2 * MONTHS, staff_months__lte=MONTHS)
                & Q(credited_months__in=[0, F("weight_months")]),
                name="transfer_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.host_id}"


class CertificateChange(models.Model):
    """A certificate whose level, state, name, period or holder a file changed while a return claimed by it.

    The federation's office looks at the return again: `seen_by`.
    """

    headcount_return = models.ForeignKey(
        HeadcountReturn, on_delete=models.CASCADE, related_name="certificate_changes", verbose_name=_("申报")
    )
    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="+", db_index=False)
    file = models.ForeignKey(**FROM_FILE)
    was_level = models.PositiveSmallIntegerField(_("原残疾等级"))
    was_state = models.CharField(_("原状态"), max_length=12)
    was_name = models.CharField(_("原姓名"), max_length=60)
    was_valid_from = models.DateField(_("原有效期起"), null=True)
    was_valid_until = models.DateField(_("原有效期止"), null=True)
    had_other_holder = models.BooleanField(_("持证人变更"))
    level = models.PositiveSmallIntegerField(_("残疾等级"))
    state = models.CharField(_("状态"), max_length=12)
    name = models.CharField(_("姓名"), max_length=60)
    valid_from = models.DateField(_("有效期起"), null=True)
    valid_until = models.DateField(_("有效期止"), null=True)
    changed_at = models.DateTimeField(_("变更时间"), db_default=Now())
    seen_at = models.DateTimeField(_("核对时间"), null=True)
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, **BY_PERSON)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("证件变化")
        verbose_name_plural = _("证件变化")
        indexes = [
            models.Index(fields=["headcount_return"], condition=Q(seen_at=None), name="certificate_change_unseen")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="certificate_change_seen_has_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.headcount_return_id} {self.certificate_id}"


class HeadcountSeries(models.Model):
    """The last number given to a 审核认定书 of one county in one year; its row is the lock for the next number."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("认定书编号")
        verbose_name_plural = _("认定书编号")
        constraints = [models.UniqueConstraint(fields=["region", "year"], name="one_series_per_region_year")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.year} {self.last}"


class VerifiedQuerySet(FiledQuerySet):
    def current(self) -> "VerifiedQuerySet":
        return self.filter(withdrawn_at=None)


class VerifiedHeadcount(models.Model):
    """审核认定书: the federation's numbered decision on the person-months that an employer placed.

    `credited_months` is before dispatch transfers; the assessment adds those from both sides.
    """

    headcount_return = models.ForeignKey(HeadcountReturn, on_delete=models.PROTECT, related_name="verified_headcounts")
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="verified_headcounts")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    number = models.CharField(_("认定书编号"), max_length=40, unique=True)
    claimed_months = models.PositiveIntegerField(_("申报人月"))
    computed_months = models.PositiveIntegerField(_("核算人月"))
    credited_months = models.PositiveIntegerField(_("认定人月"))
    issued_at = models.DateTimeField(_("签发时间"))
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    # Of the verification code; the certificates of the first version have none until `renew_keys` keeps theirs.
    code_seed = models.UUIDField(default=uuid4, null=True, editable=False)

    objects = VerifiedQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at"]
        verbose_name = _("审核认定书")
        verbose_name_plural = _("审核认定书")
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "levy_year"], condition=Q(withdrawn_at=None), name="one_current_headcount"
            ),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="headcount_levy_year_bounds"),
            models.CheckConstraint(
                condition=Q(credited_months__lte=24_000_000, claimed_months__lte=24_000_000),
                name="headcount_months_bounds",
            ),
            models.CheckConstraint(condition=~Q(first_by=F("second_by")), name="headcount_two_people"),
        ]

    def __str__(self) -> str:
        return self.number
