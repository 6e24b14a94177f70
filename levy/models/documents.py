"""Documents with a verification code, and the batches that print them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.scoping import RegionScopedQuerySet
from levy.models.assessments import Assessment
from levy.models.runs import AssessmentRun


class NoticeQuerySet(RegionScopedQuerySet):
    region_path = "assessment__region"
    member_path = "assessment__employer__memberships__user"

    def with_contents(self) -> "NoticeQuerySet":
        """With all data that the notice prints, in one query."""
        return self.select_related(
            "assessment__employer",
            "assessment__run__policy_version",
            "assessment__supersedes__old__notice",
            "assessment__superseded_by__new__notice",
        )


class Notice(models.Model):
    """征收核定通知书: issued once per assessment; anyone with the paper can check number and code."""

    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="notice")
    number = models.CharField(_("文书编号"), max_length=40, unique=True)
    verification_code = models.CharField(_("校验码"), max_length=20, unique=True)
    issued_at = models.DateTimeField(_("签发时间"), auto_now_add=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("征收核定通知书")
        verbose_name_plural = _("征收核定通知书")

    def __str__(self) -> str:
        return self.number

    @property
    def is_replaced(self) -> bool:
        """True if an approved correction replaced its assessment."""
        correction = getattr(self.assessment, "superseded_by", None)
        return correction is not None and correction.approved_at is not None


class BatchState(models.TextChoices):
    WORKING = "working", _("生成中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("失败")

    @property
    def tone(self) -> str:
        """The tone of the state's tag: see templates/components/tag.html."""
        return {BatchState.WORKING: "now", BatchState.DONE: "ok", BatchState.FAILED: "bad"}[self]


class BatchQuerySet(RegionScopedQuerySet):
    region_path = "run__region"


class DocumentBatch(models.Model):
    """The notices of a run as one file, printed by a worker; the row says how far it is."""

    run = models.ForeignKey(AssessmentRun, on_delete=models.PROTECT, related_name="document_batches")
    state = models.CharField(_("状态"), max_length=8, choices=BatchState, default=BatchState.WORKING)
    total = models.PositiveIntegerField(_("份数"))
    done = models.PositiveIntegerField(_("已生成"), default=0)
    result = models.FileField(_("文件"), upload_to="notices/", blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    error = models.TextField(_("错误"), blank=True)
    created_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    touched_at = models.DateTimeField(auto_now=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("文书批次")
        verbose_name_plural = _("文书批次")
        constraints = [
            models.UniqueConstraint(
                fields=["run"], condition=Q(state=BatchState.WORKING), name="one_working_batch_per_run"
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="batch_done_bounds"),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.done}/{self.total}"

    @property
    def status(self) -> BatchState:
        return BatchState(self.state)
