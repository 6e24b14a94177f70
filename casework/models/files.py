"""The file of a case (卷宗): its number, and the papers, messages and deliveries of every kind of case.

Each concrete case has a file of its own, and papers, messages and deliveries point to that file by a real foreign key.
A generic key could name a case that does not exist. Separate tables per case model would mean three more for each,
with their own triggers, pages and renewal of keys. A case finds its file; the file does not know its case.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import never, never_truncated, refused
from design.law_words import choices_of
from law.delivery import DELIVERY_RULES, DeliveryDay, DeliveryRule, DeliveryWay, day_of_delivery
from law.holidays import PUBLISHED

STAYS = "a file of a case keeps what it holds"
REASONED = [way.value for way, rule in DELIVERY_RULES.items() if rule.needs_reason]
COUNTED = [way.value for way, rule in DELIVERY_RULES.items() if rule.period]


def _refused_update(condition: pgtrigger.Condition, *, name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name, when=pgtrigger.Before, operation=pgtrigger.Update, condition=condition, func=refused(STAYS)
    )


class Side(models.TextChoices):
    """The two sides of a case: the office that keeps it, and the party it concerns."""

    OFFICE = "office", _("经办机关")
    PARTY = "party", _("当事人")


class CaseSeries(models.Model):
    """The last serial given under one head of numbers. Taking the next one locks the row (docs/locks.md)."""

    head = models.CharField(max_length=30, primary_key=True)
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("事项编号")
        verbose_name_plural = _("事项编号")

    def __str__(self) -> str:
        return f"{self.head}{self.last}"


class CaseFile(models.Model):
    """One case's file. A number once given stays, whatever happens to the case."""

    number = models.CharField(_("编号"), max_length=40, primary_key=True)

    class Meta:
        verbose_name = _("卷宗")
        verbose_name_plural = _("卷宗")
        triggers = [
            never(pgtrigger.Update | pgtrigger.Delete, STAYS, name="stays", level=pgtrigger.Row),
            never_truncated(STAYS),
        ]

    def __str__(self) -> str:
        return self.number


class CasePaper(models.Model):
    """A paper of the file: the sealed contents and their SHA-256. Only the place of the contents may change."""

    file = models.ForeignKey(CaseFile, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(_("材料种类"), max_length=24)
    name = models.CharField(_("文件名"), max_length=200)
    stored = models.FileField(upload_to="cases/", blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    side = models.CharField(_("提交方"), max_length=6, choices=Side)
    added_at = models.DateTimeField(_("时间"), db_default=Now())
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("登记人"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("事项材料")
        verbose_name_plural = _("事项材料")
        triggers = [
            # A new key moves the contents; the end of the retention period deletes them.
            _refused_update(pgtrigger.AnyChange(exclude=["stored"]), name="stays"),
            never(pgtrigger.Delete, STAYS, name="no_delete", level=pgtrigger.Row),
            never_truncated(STAYS),
        ]

    def __str__(self) -> str:
        return self.name


class CaseMessage(models.Model):
    """A message from one side to the other. It never changes."""

    file = models.ForeignKey(CaseFile, on_delete=models.PROTECT, related_name="messages")
    side = models.CharField(_("来自"), max_length=6, choices=Side)
    text = models.TextField(_("内容"))
    written_at = models.DateTimeField(_("时间"), db_default=Now())
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("发送人"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("往来消息")
        verbose_name_plural = _("往来消息")
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="message_says_something")]
        triggers = [
            never(pgtrigger.Update | pgtrigger.Delete, STAYS, name="append_only", level=pgtrigger.Row),
            never_truncated(STAYS),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.pk}"


class CaseDelivery(models.Model):
    """One attempt to deliver a document. Failed attempts stay beside the successful one.

    `received_on` is the day that counts by law: signed, left, received, arrived. It is filled once, with its proof.
    """

    file = models.ForeignKey(CaseFile, on_delete=models.PROTECT, related_name="deliveries")
    document = models.CharField(_("文书名称及文号"), max_length=120)
    recipient = models.CharField(_("受送达人"), max_length=120)
    way = models.CharField(_("送达方式"), max_length=16, choices=choices_of(DeliveryWay))
    sent_on = models.DateField(_("送出日期"))
    received_on = models.DateField(_("收到日期"), null=True)
    proof = models.ForeignKey(
        CasePaper, verbose_name=_("送达证明"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(_("情况说明"), blank=True)
    recorded_at = models.DateTimeField(_("时间"), db_default=Now())
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("登记人"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("送达记录")
        verbose_name_plural = _("送达记录")
        constraints = [
            models.CheckConstraint(condition=Q(way__in=DeliveryWay.values()), name="delivery_way_known"),
            models.CheckConstraint(
                condition=Q(received_on=None) | (Q(received_on__gte=F("sent_on")) & ~Q(way__in=COUNTED)),
                name="delivery_received_after_sent",
            ),
            models.CheckConstraint(
                condition=Q(proof__isnull=False) | (Q(received_on=None) & ~Q(way__in=COUNTED)),
                name="delivery_has_its_proof",
            ),
            models.CheckConstraint(
                condition=~Q(way__in=REASONED) | ~Q(note=""), name="delivery_says_why_not_in_person"
            ),
        ]
        triggers = [
            _refused_update(pgtrigger.AnyChange(exclude=["received_on", "proof"]), name="stays"),
            _refused_update(pgtrigger.Q(old__proof__isnull=False), name="filled_once"),
            never(pgtrigger.Delete, STAYS, name="no_delete", level=pgtrigger.Row),
            never_truncated(STAYS),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.document}"

    @property
    def rule(self) -> DeliveryRule:
        return DELIVERY_RULES[DeliveryWay(self.way)]

    @property
    def delivered(self) -> DeliveryDay:
        """The day on which it counts as delivered, with the holidays published so far."""
        return day_of_delivery(
            DeliveryWay(self.way), sent_on=self.sent_on, received_on=self.received_on, calendar=PUBLISHED
        )
