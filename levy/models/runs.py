"""A run of the annual assessment and the ledger of its slices."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from quota.models.returns import LEVY_YEAR_BOUNDS

MAX_TOTAL = 10**16
# The counterpart of levy.models.assessments.SUPPLEMENT_ONCE, under the same lock.
WITHOUT_SUPPLEMENTS = """
    PERFORM pg_advisory_xact_lock(hashtext('levy supplement'), NEW.levy_year);
    IF EXISTS (
        SELECT 1 FROM levy_supersession s JOIN levy_assessment supplement ON supplement.id = s.new_id
        JOIN levy_assessment a ON a.run_id = NEW.id AND a.employer_id = supplement.employer_id
        WHERE s.old_id IS NULL AND s.approved_at IS NOT NULL AND supplement.levy_year = NEW.levy_year
    ) THEN
        RAISE EXCEPTION 'an employer of the run was assessed by a supplement' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
"""


class PolicyVersion(models.Model):
    """Every number and setting of a run: the national year and each region's values, frozen with their documents."""

    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    digest = models.CharField(_("摘要"), max_length=64, unique=True)
    content = models.JSONField(_("内容"))
    created_at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("政策版本")
        verbose_name_plural = _("政策版本")

    def __str__(self) -> str:
        return f"{self.levy_year}-{self.digest[:8]}"


class RunState(models.TextChoices):
    COMPUTING = "computing", _("试算中")
    PARTIAL = "partial", _("部分完成")
    DRAFT = "draft", _("试算完成")
    CHECKED = "checked", _("已核对")
    CONFIRMED = "confirmed", _("已核定")
    HANDED_OVER = "handed_over", _("已移交税务")
    DISCARDED = "discarded", _("已作废")

    @property
    def tone(self) -> str:
        return RUN_TONES[self]


RUN_TONES = {
    RunState.COMPUTING: "now",
    RunState.PARTIAL: "bad",
    RunState.DRAFT: "warn",
    RunState.CHECKED: "warn",
    RunState.CONFIRMED: "done",
    RunState.HANDED_OVER: "ok",
    RunState.DISCARDED: "off",
}


class PauseReason(models.TextChoices):
    DISK_FULL = "disk_full", _("数据库存储空间不足")
    NO_DATABASE = "no_database", _("与数据库的连接中断")


LIVE_STATES = [RunState.COMPUTING, RunState.PARTIAL, RunState.DRAFT, RunState.CHECKED]
FINAL_STATES = [RunState.CONFIRMED, RunState.HANDED_OVER]
COMPUTED_STATES = [RunState.DRAFT, RunState.CHECKED, *FINAL_STATES]  # complete, with every total
WORKER_LOST = "WorkerLost"  # the error of a slice whose worker died every time


class AssessmentRun(models.Model):
    """One computation for a levy year and a region with everything below it.

    While a cause outside the run's own facts stops it, `pause_reason` names the cause, `interruptions` counts how
    often in a row, and `paused_until` says when a slice is tried again (services.interruptions).
    """

    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(_("状态"), max_length=12, choices=RunState, default=RunState.COMPUTING)
    is_correction = models.BooleanField(_("更正批次"), default=False)
    employer_count = models.PositiveIntegerField(_("户数"), default=0)
    payable_total = models.DecimalField(_("应缴费额合计"), max_digits=18, decimal_places=2, null=True)
    digest = models.CharField(_("明细摘要"), max_length=32, blank=True)
    pause_reason = models.CharField(_("暂停原因"), max_length=12, choices=PauseReason, blank=True, db_default="")
    paused_until = models.DateTimeField(_("暂停至"), null=True)
    interruptions = models.PositiveIntegerField(_("连续中断次数"), db_default=0)

    started_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(_("试算完成时间"), null=True)
    checked_at = models.DateTimeField(_("核对时间"), null=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(_("核定时间"), null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    handed_over_at = models.DateTimeField(_("移交时间"), null=True)
    handed_over_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    discarded_at = models.DateTimeField(_("作废时间"), null=True)
    discarded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = RegionScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("核定批次")
        verbose_name_plural = _("核定批次")
        triggers = [
            pgtrigger.Trigger(
                name="without_supplements",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="confirmed", new__is_correction=False),
                func=WITHOUT_SUPPLEMENTS,
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["levy_year", "region"],
                condition=Q(state__in=LIVE_STATES, is_correction=False),
                name="one_live_run",
            ),
            models.UniqueConstraint(
                fields=["levy_year", "region"],
                condition=Q(state__in=FINAL_STATES, is_correction=False),
                name="one_confirmed_run",
            ),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="run_levy_year_bounds"),
            models.CheckConstraint(
                condition=Q(payable_total=None) | Q(payable_total__range=(0, MAX_TOTAL)), name="run_total_bounds"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[RunState.DRAFT, RunState.CHECKED, *FINAL_STATES])
                | Q(finished_at__isnull=False, payable_total__isnull=False),
                name="run_finished_has_total",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[RunState.CHECKED, *FINAL_STATES])
                | Q(checked_at__isnull=False, checked_by__isnull=False),
                name="run_checked_has_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FINAL_STATES) | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="run_confirmed_has_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FINAL_STATES) | ~Q(confirmed_by=F("checked_by")), name="run_two_people"
            ),
            models.CheckConstraint(
                condition=~Q(state=RunState.HANDED_OVER) | Q(handed_over_at__isnull=False),
                name="run_handed_over_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.levy_year}-{self.region_id}-{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("levy:run_detail", args=[self.pk])

    @property
    def status(self) -> RunState:
        return RunState(self.state)


class SliceState(models.TextChoices):
    TODO = "todo", _("待计算")
    DONE = "done", _("已完成")
    QUARANTINED = "quarantined", _("已隔离")


class AssessmentSlice(models.Model):
    """Employers `first_id` to `last_id` (both included) of a run. Done means its rows are committed.

    `attempts` counts failures that a worker reported; `unended_starts` counts starts without a recorded end: a killed
    worker leaves one.
    """

    run = models.ForeignKey(AssessmentRun, on_delete=models.CASCADE, related_name="slices")
    number = models.PositiveIntegerField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=SliceState, default=SliceState.TODO)
    attempts = models.PositiveSmallIntegerField(default=0)
    unended_starts = models.PositiveSmallIntegerField(db_default=0)
    sent_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    employer_count = models.PositiveIntegerField(default=0)
    payable_total = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    digest = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["run", "number"]
        verbose_name = _("核定分片")
        verbose_name_plural = _("核定分片")
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_slice_per_number"),
            models.CheckConstraint(condition=Q(last_id__gte=F("first_id")), name="slice_order"),
            models.CheckConstraint(
                condition=~Q(state=SliceState.DONE) | Q(done_at__isnull=False, payable_total__range=(0, MAX_TOTAL)),
                name="slice_done_has_total",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"
