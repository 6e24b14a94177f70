"""The files that were read, so that every number leads back to its file."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet


class FileState(models.TextChoices):
    READING = "reading", _("读取中")
    CHECKED = "checked", _("已读取，待确认")
    WRITING = "writing", _("写入中")
    APPLIED = "applied", _("已写入")
    REFUSED = "refused", _("有错，未写入")
    REJECTED = "rejected", _("未批准")
    FAILED = "failed", _("不能读取")

    @property
    def tone(self) -> str:
        return FILE_TONES[self]


FILE_TONES = {
    FileState.READING: "now",
    FileState.CHECKED: "warn",
    FileState.WRITING: "now",
    FileState.APPLIED: "ok",
    FileState.REFUSED: "bad",
    FileState.REJECTED: "off",
    FileState.FAILED: "bad",
}
AT_WORK = (FileState.READING, FileState.WRITING)


class ImportedFile(models.Model):
    """One reading of one exchange file, from the command line or the upload page.

    `region` is the uploader's: colleagues with the same right there see the file too. The sealed contents of an upload
    are kept until they are written, the workbook of its faults for as long as someone may have to correct them.

    `needs_second`: a second person decides about the file. `matters` tells why, by the codes of its kind, with counts
    and sums; `changes` are the first hundred of those rows, `change_list` is all of them, `changes_digest` their
    digest: an approval is valid for exactly these. `totals` are the file's, `control` the typed ones of another office
    (exchange.engine.control.ControlTotals).
    """

    kind = models.CharField(_("文件种类"), max_length=24)
    name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    region = models.ForeignKey(Region, null=True, on_delete=models.PROTECT, related_name="+")
    stored = models.FileField(upload_to="uploads/", blank=True)
    stored_bytes = models.PositiveIntegerField(default=0, db_default=0)  # of the upload, before it was sealed
    fault_book = models.FileField(upload_to="uploads/", blank=True)
    change_list = models.FileField(upload_to="uploads/", blank=True, db_default="")
    state = models.CharField(_("状态"), max_length=10, choices=FileState, default=FileState.READING)
    read_rows = models.PositiveIntegerField(_("总行数"), default=0)
    sound_rows = models.PositiveIntegerField(_("正确行数"), default=0)
    repeated_rows = models.PositiveIntegerField(_("重复行数"), default=0)
    new_rows = models.PositiveIntegerField(_("新增行数"), default=0)
    changed_rows = models.PositiveIntegerField(_("更新行数"), default=0)
    faults = models.JSONField(_("错误"), default=list)  # the first hundred, without identity numbers
    fault_count = models.PositiveIntegerField(_("错误数"), default=0)
    warnings = models.JSONField(_("提示"), default=list)
    refusal = models.TextField(_("不能读取的原因"), blank=True)
    needs_second = models.BooleanField(_("须由第二人批准"), default=False, db_default=False)
    matters = models.JSONField(default=list, db_default=[])
    changes = models.JSONField(default=list, db_default=[])
    changes_digest = models.CharField(max_length=64, blank=True, db_default="")
    totals = models.JSONField(default=dict, db_default={})
    control = models.JSONField(default=dict, db_default={})
    control_at = models.DateTimeField(_("对账时间"), null=True)
    control_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    applied_at = models.DateTimeField(_("确认写入时间"), null=True)
    rejected_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    rejected_at = models.DateTimeField(_("不批准时间"), null=True)
    only_sound_rows = models.BooleanField(_("只写入正确的行"), default=False)
    created_at = models.DateTimeField(_("时间"), auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    objects = RegionScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("导入文件")
        verbose_name_plural = _("导入文件")
        constraints = [
            models.CheckConstraint(
                condition=Q(needs_second=False) | Q(applied_by=None) | ~Q(applied_by=F("loaded_by")),
                name="file_two_people",
                violation_error_message=_("写入须由另一人批准。"),
            ),
            models.CheckConstraint(
                condition=~Q(needs_second=True, state__in=["writing", "applied"]) | Q(applied_by__isnull=False),
                name="file_second_person_named",
            ),
            models.CheckConstraint(
                condition=Q(control_by=None) | ~Q(control_by=F("loaded_by")), name="file_control_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | Q(rejected_at__isnull=False, rejected_by__isnull=False),
                name="file_rejection_has_its_stamp",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> FileState:
        return FileState(self.state)

    @property
    def is_upload(self) -> bool:
        """True if a person brought the file through the pages; the command line gives it no region."""
        return self.region_id is not None

    @property
    def faulty_rows(self) -> int:
        return self.read_rows - self.repeated_rows - self.sound_rows

    @property
    def unchanged_rows(self) -> int:
        return self.sound_rows - self.new_rows - self.changed_rows
