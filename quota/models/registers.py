"""The data of other offices: certificates, insurance months, wages paid, dispatch agreements.

Insurance and wages have only the look-up key of a person: no task needs to read those numbers back. When the secret
key is renewed, they follow the people whose number another row has (quota.services.key_renewal).
"""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from design.law_words import choices_of
from law.codes import CertificateKind, CertificateState
from quota.enums import CountsAt
from quota.models.employers import Employer
from quota.models.provenance import FROM_FILE


@pghistory.track(
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class Certificate(models.Model):
    """A 残疾人证 or 残疾军人证 as in the federation's register; the register's level is the valid one.

    `region` is that of the office that first loaded it on the pages. None means the national register, which only the
    command line loads; no office changes such a row.
    """

    kind = models.CharField(_("证件类型"), max_length=20, choices=choices_of(CertificateKind))
    number_key = models.UUIDField()
    number_encrypted = models.BinaryField()
    person_key = models.UUIDField(db_index=True)
    identity_encrypted = models.BinaryField()
    name = models.CharField(_("姓名"), max_length=60)
    category = models.PositiveSmallIntegerField(_("残疾类别"), null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("残疾等级"))
    valid_from = models.DateField(_("有效期起"), null=True, blank=True)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=choices_of(CertificateState))
    region = models.ForeignKey(
        Region, verbose_name=_("登记地区"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    file = models.ForeignKey(**FROM_FILE)

    class Meta:
        verbose_name = _("残疾人证件")
        verbose_name_plural = _("残疾人证件")
        constraints = [
            models.UniqueConstraint(fields=["kind", "number_key"], name="one_certificate_per_number"),
            models.CheckConstraint(
                condition=Q(kind=CertificateKind.DISABLED_PERSON, level__range=(1, 4))
                | Q(kind=CertificateKind.DISABLED_SOLDIER, level__range=(1, 10)),
                name="certificate_level_bounds",
            ),
            models.CheckConstraint(
                condition=Q(category=None) | Q(category__range=(1, 7)), name="certificate_category_bounds"
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="certificate_validity_order",
            ),
            models.CheckConstraint(condition=Q(state__in=CertificateState.values()), name="certificate_state_known"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class EmployerPersonMonth(models.Model):
    """One person at one employer in one month; `month` is the first day."""

    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="+", db_index=False)
    person_key = models.UUIDField()
    month = models.DateField(_("所属月份"))
    file = models.ForeignKey(**FROM_FILE)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m}"


class InsuranceMonth(EmployerPersonMonth):
    """The insurances, of four, that were paid in full."""

    pk = models.CompositePrimaryKey("person_key", "employer_id", "month")
    pension = models.BooleanField(_("养老"))
    medical = models.BooleanField(_("医疗"))
    unemployment = models.BooleanField(_("失业"))
    injury = models.BooleanField(_("工伤"))

    class Meta:
        verbose_name = _("社会保险缴纳")
        verbose_name_plural = _("社会保险缴纳")
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="insurance_month_first_day")]


class WagePayment(EmployerPersonMonth):
    """One payment; the payments of a month add up.

    `occurrence` counts equal amounts of one month within a file, so a file that is read twice, or split, stores each
    of its rows once (docs/decisions/0004-wage-rows.md).
    """

    pk = models.CompositePrimaryKey("person_key", "employer_id", "month", "amount", "occurrence")
    amount = models.DecimalField(_("实发工资"), max_digits=12, decimal_places=2)
    occurrence = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = _("工资发放")
        verbose_name_plural = _("工资发放")
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="wage_month_first_day"),
            models.CheckConstraint(condition=Q(amount__range=(0, 10**9)), name="wage_amount_bounds"),
        ]


class DispatchAgreement(models.Model):
    """The employer that counts a dispatched person (财政部公告2019年第98号第二条). Migration 0002 refuses overlaps."""

    agency = models.ForeignKey(Employer, verbose_name=_("派遣单位"), on_delete=models.PROTECT, related_name="+")
    host = models.ForeignKey(Employer, verbose_name=_("用工单位"), on_delete=models.PROTECT, related_name="+")
    person_key = models.UUIDField(db_index=True)
    identity_encrypted = models.BinaryField()
    starts_on = models.DateField(_("协议开始"))
    ends_on = models.DateField(_("协议结束"), null=True, blank=True)
    counts_at = models.CharField(_("计入单位"), max_length=8, choices=CountsAt)
    file = models.ForeignKey(**FROM_FILE)

    class Meta:
        verbose_name = _("劳务派遣协议")
        verbose_name_plural = _("劳务派遣协议")
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "host", "person_key", "starts_on"], name="one_agreement_per_start"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="agreement_dates_order"
            ),
            models.CheckConstraint(condition=~Q(agency=F("host")), name="agreement_two_employers"),
            models.CheckConstraint(condition=Q(counts_at__in=CountsAt.values), name="agreement_counts_at_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.host_id} {self.starts_on}"


class RenewedKey(models.Model):
    """A person's look-up key in evidence that was made while an earlier secret key was listed too.

    The other keys of that time are former ones. `made_with` names the secret key.
    """

    key = models.UUIDField(primary_key=True)
    made_with = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("换用新密钥的查找键")
        verbose_name_plural = _("换用新密钥的查找键")

    def __str__(self) -> str:
        return str(self.key)
