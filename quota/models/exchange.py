"""Files that were read, so that a number can be followed to the file it came from."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class FileState(models.TextChoices):
    READING = "reading", _("读取中")
    CHECKED = "checked", _("已读取，待确认")
    APPLIED = "applied", _("已写入")
    REFUSED = "refused", _("有错，未写入")
    FAILED = "failed", _("读取失败")


class ImportedFile(models.Model):
    """One reading of one exchange file, from the command line or the upload page."""

    kind = models.CharField(_("文件种类"), max_length=24)
    name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    stored = models.FileField(upload_to="uploads/", blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=FileState, default=FileState.READING)
    read_rows = models.PositiveIntegerField(_("总行数"), default=0)
    sound_rows = models.PositiveIntegerField(_("正确行数"), default=0)
    changed_rows = models.PositiveIntegerField(_("写入行数"), default=0)
    faults = models.JSONField(_("错误"), default=list)  # the first hundred, without identity numbers
    fault_count = models.PositiveIntegerField(_("错误数"), default=0)
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("导入文件")
        verbose_name_plural = _("导入文件")

    def __str__(self) -> str:
        return self.name
