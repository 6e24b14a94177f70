"""The trail of who did what, why and when: append-only, chained by hash, in the domain's own words."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.titles import TITLES
from audit.triggers import never, never_truncated

APPEND_ONLY = "the audit trail is append-only"
# Counted by day, to notice somebody who guesses (operations.queries.readings).
WATCHED = ("accounts.user.wrong_code", "accounts.user.unlock")
# One writer at a time until its commit, so that numbers and hashes follow each other without a gap (docs/locks.md).
CHAIN = """
    PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
    SELECT id, hash INTO head FROM audit_auditentry ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(head.id, 0) + 1;
    NEW.at := clock_timestamp();
    NEW.algorithm := 'sha256';
    NEW.previous_hash := coalesce(head.hash, ''::bytea);
    NEW.hash := audit_entry_hash(NEW);
    RETURN NEW;
"""


class AuditEntry(models.Model):
    """One action. The database numbers, dates and hashes it and refuses to change it."""

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(_("时间"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("办理人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("操作"), max_length=80)
    region_code = models.CharField(_("行政区划"), max_length=6, blank=True)
    object_type = models.CharField(_("对象类型"), max_length=80)
    object_id = models.CharField(_("对象编号"), max_length=40)
    reason = models.TextField(_("理由"), blank=True)
    details = models.JSONField(_("内容"), default=dict)
    previous_hash = models.BinaryField(default=b"")
    hash = models.BinaryField(default=b"")
    algorithm = models.CharField(max_length=10, default="sha256")

    class Meta:
        ordering = ["-id"]
        verbose_name = _("办理记录")
        verbose_name_plural = _("办理记录")
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
            models.Index(fields=["at"], name="audit_watched", condition=models.Q(action__in=WATCHED)),
            models.Index(fields=["region_code"], name="audit_region", opclasses=["varchar_pattern_ops"]),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="chain",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("head", "record")],
                func=CHAIN,
            ),
            never(pgtrigger.Update | pgtrigger.Delete, APPEND_ONLY, name="append_only", level=pgtrigger.Row),
            never_truncated(APPEND_ONLY),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.action}"

    @property
    def title(self) -> str:
        return str(TITLES.get(self.action, self.action))

    @property
    def short_hash(self) -> str:
        """Enough of the hash to compare by eye."""
        return bytes(self.hash).hex()[:16]


class PeriodicSlot(models.Model):
    """The last slot of the database's clock in which a periodic task was done, and how many slots it did."""

    task = models.CharField(_("任务"), max_length=120, primary_key=True)
    slot = models.BigIntegerField(_("时段"))
    taken = models.BigIntegerField(_("次数"), default=1)

    class Meta:
        verbose_name = _("定时任务时段")
        verbose_name_plural = _("定时任务时段")

    def __str__(self) -> str:
        return f"{self.task} {self.slot}"
