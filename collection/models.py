"""Money that reached the treasury, as the tax bureau reports it."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.scoping import RegionScopedQuerySet
from exchange.models import ImportedFile
from quota.models import Employer
from quota.models.employers import MAX_YUAN
from quota.models.returns import LEVY_YEAR_BOUNDS


class PaymentQuerySet(RegionScopedQuerySet):
    region_path = "employer__region"
    member_path = "employer__memberships__user"


class Payment(models.Model):
    """One electronic tax receipt. Its number is the key: the same receipt read again changes nothing (promise A9)."""

    receipt_number = models.CharField(_("电子税票号码"), max_length=40, unique=True)
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="payments")
    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    amount = models.DecimalField(_("实缴金额"), max_digits=16, decimal_places=2)
    received_on = models.DateField(_("入库日期"))
    budget_level = models.CharField(_("预算级次"), max_length=20)
    imported_from = models.ForeignKey(ImportedFile, null=True, on_delete=models.PROTECT, related_name="+")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["received_on", "receipt_number"]
        verbose_name = _("缴费记录")
        verbose_name_plural = _("缴费记录")
        indexes = [models.Index(fields=["employer", "levy_year"], name="payment_employer_year")]
        constraints = [
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="payment_levy_year_bounds"),
            models.CheckConstraint(
                # A refund is a negative receipt.
                condition=Q(amount__range=(-MAX_YUAN, MAX_YUAN)) & ~Q(amount=Decimal(0)),
                name="payment_amount_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt_number
