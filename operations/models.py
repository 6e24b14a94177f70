"""Signs of life and alarms: what tells an operator that the system still does its work."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Sign(models.TextChoices):
    """Whatever has to happen again and again. `deploy/backup.sh` and `deploy/drill.sh` write theirs in SQL."""

    QUEUE_FAST = "queue:fast", _("日常任务队列")
    QUEUE_BATCH = "queue:batch", _("核定计算队列")
    QUEUE_PDF = "queue:pdf", _("文书生成队列")
    QUEUE_IMPORT = "queue:import", _("文件导入队列")
    WATCH = "watch", _("值守程序")
    BACKUP = "backup", _("备份")
    RESTORE = "restore", _("恢复演练")
    TRAIL = "trail", _("办理记录校验")


class Pulse(models.Model):
    """The last sign of life of one part, by the database's clock."""

    name = models.CharField(_("名称"), max_length=20, primary_key=True, choices=Sign)
    seen_at = models.DateTimeField(_("最近一次"))

    class Meta:
        verbose_name = _("运行迹象")
        verbose_name_plural = _("运行迹象")

    def __str__(self) -> str:
        return self.name


class AlarmEntry(models.Model):
    """One alarm from its first to its last moment. operations.alarms and docs/runbook.md explain each `code`."""

    code = models.CharField(_("代码"), max_length=30)
    subject = models.CharField(_("对象"), max_length=60, blank=True)
    raised_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("告警")
        verbose_name_plural = _("告警")
        constraints = [
            models.UniqueConstraint(fields=["code", "subject"], condition=Q(ended_at=None), name="one_open_alarm")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}".rstrip()
