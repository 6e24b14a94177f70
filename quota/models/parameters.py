"""A region's own decisions: dated numbers and dated settings, each with its document number."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from quota.enums import NumberKind


class DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


VALIDITY = DateRange(F("valid_from"), F("valid_until"), models.Value("[]"))


class DatedQuerySet(RegionScopedQuerySet):
    def on(self, day: date) -> "DatedQuerySet":
        """Rows in force on a day, both ends included."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)

    def for_lineage(self, codes: Iterable[str]) -> "DatedQuerySet":
        """Rows of a region and of those above it; the caller picks the one with the longest code."""
        return self.filter(region__in=list(codes))


class DatedByRegion(models.Model):
    """A region's value from one date to another (both included), with the document that set it and the person who
    approved it."""

    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("失效日期"), null=True, blank=True)
    document_number = models.CharField(_("文号"), max_length=80)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True


@pghistory.track(
    pghistory.InsertEvent(level=pgtrigger.Statement),
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class RegionalNumber(DatedByRegion):
    """规定比例 (a share), 社会平均工资 (yuan a year), 最低工资 (yuan a month)."""

    kind = models.CharField(_("参数"), max_length=24, choices=NumberKind)
    value = models.DecimalField(_("数值"), max_digits=14, decimal_places=6)

    class Meta:
        ordering = ["region", "kind", "valid_from"]
        verbose_name = _("地区参数")
        verbose_name_plural = _("地区参数")
        constraints = [
            ExclusionConstraint(
                name="regional_number_periods_apart",
                expressions=[
                    (F("region"), RangeOperators.EQUAL),
                    (F("kind"), RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("同一地区同一参数的有效期不能重叠。"),
            ),
            models.CheckConstraint(
                # 条例 art. 8 and 财税〔2015〕72号 art. 6: never below 1.5 %.
                condition=~Q(kind=NumberKind.REQUIRED_RATIO) | Q(value__range=(Decimal("0.015"), Decimal("0.25"))),
                name="required_ratio_bounds",
                violation_error_message=_("规定比例不得低于1.5%%。"),
            ),
            models.CheckConstraint(
                condition=Q(kind=NumberKind.REQUIRED_RATIO) | Q(value__range=(Decimal("1"), Decimal("10000000"))),
                name="regional_wage_bounds",
                violation_error_message=_("工资数额应在1元至1000万元之间。"),
            ),
            models.CheckConstraint(condition=Q(kind__in=NumberKind.values), name="regional_number_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.get_kind_display()} {self.value}"


@pghistory.track(
    pghistory.InsertEvent(level=pgtrigger.Statement),
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class RegionalSetting(DatedByRegion):
    """A difference from the national rules. Names and values are those of CountingRules and AssessmentRules."""

    name = models.CharField(_("规则"), max_length=60)
    value = models.CharField(_("取值"), max_length=60)

    class Meta:
        ordering = ["region", "name", "valid_from"]
        verbose_name = _("地区规则")
        verbose_name_plural = _("地区规则")
        constraints = [
            ExclusionConstraint(
                name="regional_setting_periods_apart",
                expressions=[
                    (F("region"), RangeOperators.EQUAL),
                    (F("name"), RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("同一地区同一规则的有效期不能重叠。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.name} {self.value}"


DatedRow = RegionalNumber | RegionalSetting
