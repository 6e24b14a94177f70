"""A publication of one levy year and region: its states, its people and its files."""

from functools import reduce
from operator import or_

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from casework.decisions import decision_constraints
from disclosure.models.frozen import frozen_with_publication
from levy.models.runs import MAX_TOTAL
from quota.models.returns import LEVY_YEAR_BOUNDS


class PublicationKind(models.TextChoices):
    ANNUAL = "annual", _("年度公示")


class PublicationState(models.TextChoices):
    PREPARING = "preparing", _("生成中")
    FAILED = "failed", _("生成失败")
    DRAFT = "draft", _("待公布")
    PUBLISHED = "published", _("已公布")
    REPLACED = "replaced", _("已更新")
    WITHDRAWN = "withdrawn", _("已撤下")
    DISCARDED = "discarded", _("已作废")

    @property
    def tone(self) -> str:
        return {
            "preparing": "now",
            "failed": "bad",
            "draft": "warn",
            "published": "ok",
            "replaced": "done",
            "withdrawn": "off",
            "discarded": "off",
        }[self.value]


WAS_PUBLISHED = [PublicationState.PUBLISHED, PublicationState.REPLACED, PublicationState.WITHDRAWN]
FROZEN_STATES = [PublicationState.DRAFT, *WAS_PUBLISHED]
PUBLICATION_STAMPS = {
    "preparing": (),
    "failed": (),
    "draft": (),
    "published": ("published",),
    "replaced": ("published", "replaced"),
    "withdrawn": ("published", "withdrawn"),
    "discarded": ("discarded",),
}


FROZEN_FIELDS = (
    "levy_year",
    "region",
    "kind",
    "version",
    "embargo_until",
    "entry_count",
    "payable_total",
    "paid_total",
    "digest",
    "prepared_at",
    "prepared_by",
)


def _is_changed(*fields: str) -> pgtrigger.Q:
    """SQL condition: the update changes one of these columns."""
    return reduce(or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in fields))


class PublicationQuerySet(RegionScopedQuerySet):
    def past_embargo(self) -> "PublicationQuerySet":
        """Publications whose embargo is over, by the database's clock."""
        return self.filter(Q(embargo_until=None) | Q(embargo_until__lte=Now()))

    def public(self) -> "PublicationQuerySet":
        """Publications that everybody may read now."""
        return self.past_embargo().filter(state=PublicationState.PUBLISHED)


class Publication(models.Model):
    """年度公示 (财税〔2015〕72号第二十条). Its rows are written once, during preparation, and never edited; a
    correction is a new version. The person who prepared it may not publish it."""

    levy_year = models.PositiveSmallIntegerField(_("费款所属年度"))
    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("种类"), max_length=10, choices=PublicationKind, default=PublicationKind.ANNUAL)
    version = models.PositiveSmallIntegerField(_("版次"))
    state = models.CharField(_("状态"), max_length=10, choices=PublicationState, default=PublicationState.PREPARING)
    embargo_until = models.DateTimeField(_("公布不早于"), null=True, blank=True)
    entry_count = models.PositiveIntegerField(_("户数"), default=0)
    payable_total = models.DecimalField(_("应缴费额合计"), max_digits=18, decimal_places=2, null=True)
    paid_total = models.DecimalField(_("已缴费额合计"), max_digits=18, decimal_places=2, null=True)
    digest = models.CharField(_("摘要"), max_length=64, blank=True)
    error = models.TextField(_("错误"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    prepared_at = models.DateTimeField(_("数据截止时间"), db_default=Now())
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("公布时间"), null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    replaced_at = models.DateTimeField(_("更新时间"), null=True)
    replaced_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤下时间"), null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    discarded_at = models.DateTimeField(_("作废时间"), null=True)
    discarded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ["-levy_year", "region", "-version"]
        verbose_name = _("公示")
        verbose_name_plural = _("公示")
        constraints = [
            models.UniqueConstraint(fields=["levy_year", "region", "kind", "version"], name="one_publication_version"),
            models.UniqueConstraint(
                fields=["levy_year", "region", "kind"],
                condition=Q(state=PublicationState.PUBLISHED),
                name="one_published_version",
            ),
            models.UniqueConstraint(
                fields=["levy_year", "region", "kind"],
                condition=Q(state__in=[PublicationState.PREPARING, PublicationState.DRAFT]),
                name="one_publication_in_preparation",
            ),
            models.CheckConstraint(condition=LEVY_YEAR_BOUNDS, name="publication_levy_year_bounds"),
            models.CheckConstraint(
                condition=Q(payable_total=None) | Q(payable_total__range=(0, MAX_TOTAL)),
                name="publication_payable_bounds",
            ),
            models.CheckConstraint(
                condition=Q(paid_total=None) | Q(paid_total__range=(-MAX_TOTAL, MAX_TOTAL)),
                name="publication_paid_bounds",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FROZEN_STATES) | (Q(payable_total__isnull=False) & ~Q(digest="")),
                name="publication_frozen_has_totals",
            ),
            *decision_constraints(
                "publication",
                stamps=PUBLICATION_STAMPS,
                only=False,
                first="prepared_by",
                second="published_by",
                message=_("公布须由另一人办理。"),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="publication_frozen",
                operation=pgtrigger.Update,
                condition=_is_changed(*FROZEN_FIELDS) & ~pgtrigger.Q(old__state=PublicationState.PREPARING.value),
            ),
            pgtrigger.Protect(name="publication_stays", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.levy_year}-{self.region_id}-v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("disclosure:publication_detail", args=[self.pk])

    @property
    def status(self) -> PublicationState:
        return PublicationState(self.state)


class FileFormat(models.TextChoices):
    CSV = "csv", "CSV"
    JSON = "json", "JSON"


class PublishedFile(models.Model):
    """One open-data file, written when the rows were frozen: the download is the file that was hashed."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("内容"), max_length=20)
    format = models.CharField(_("格式"), max_length=4, choices=FileFormat)
    stored = models.FileField(upload_to="open-data/")
    row_count = models.PositiveIntegerField(_("行数"))
    size = models.PositiveBigIntegerField(_("字节"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        ordering = ["name", "format"]
        verbose_name = _("公开文件")
        verbose_name_plural = _("公开文件")
        triggers = frozen_with_publication()
        constraints = [
            models.UniqueConstraint(fields=["publication", "name", "format"], name="one_file_per_format"),
            models.CheckConstraint(condition=Q(format__in=FileFormat.values), name="file_format_known"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} {self.name}.{self.format}"
