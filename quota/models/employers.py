"""Employers and the accounts that act for them."""

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from accounts.scoping import RegionScopedQuerySet
from design.law_words import choices_of
from law.codes import EntityType
from quota.names import Doubled, contains

MAX_STAFF = 10_000_000
MAX_YUAN = 10**13  # per amount; a bound also keeps NaN out, which PostgreSQL sorts above every number


class EmployerQuerySet(RegionScopedQuerySet):
    member_path = "memberships__user"

    def search(self, text: str) -> "EmployerQuerySet":
        """Search by part of the name, two characters or more, or by the beginning of the credit code."""
        return self.filter(matching(text.strip()))

    def are_all_below(self, prefix: str) -> bool:
        """True if every employer is inside the region with this prefix; two look-ups in an index.

        Counts of a whole province then need no join with a million employers. Codes are digits, and ":" follows "9".
        """
        return not self.filter(Q(region__lt=prefix) | Q(region__gte=f"{prefix}:")).exists()


def matching(text: str, *, path: str = "") -> Q:
    """The employers at `path` ("employer__") whose name contains the text or whose credit code begins with it."""
    return contains(text, path=f"{path}name") | Q(**{f"{path}uscc__startswith": text.upper()})


@pghistory.track(
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class Employer(models.Model):
    """用人单位: one tax-registered unit. Rows come from the tax bureau's file and are never deleted."""

    uscc = models.CharField(_("统一社会信用代码"), max_length=18, unique=True)
    name = models.CharField(_("单位名称"), max_length=200)
    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    entity_type = models.CharField(_("单位类型"), max_length=24, choices=choices_of(EntityType))
    registered_on = models.DateField(_("登记日期"), null=True, blank=True)
    establishment_posts = models.PositiveIntegerField(_("编制数"), null=True, blank=True)
    is_school = models.BooleanField(_("中小学幼儿园"), default=False)
    ownership = models.CharField(_("所有制"), max_length=20, blank=True)
    status = models.CharField(_("状态"), max_length=20, blank=True)
    registered_staff = models.DecimalField(
        _("税务登记职工人数"), max_digits=12, decimal_places=4, null=True, blank=True
    )
    registered_wages = models.DecimalField(
        _("税务登记工资总额"), max_digits=16, decimal_places=2, null=True, blank=True
    )

    objects = EmployerQuerySet.as_manager()

    class Meta:
        ordering = ["uscc"]
        verbose_name = _("用人单位")
        verbose_name_plural = _("用人单位")
        indexes = [GinIndex(OpClass(Doubled("name"), name="gin_trgm_ops"), name="employer_name_pairs")]
        constraints = [
            models.CheckConstraint(
                condition=Q(entity_type__in=EntityType.values()), name="employer_entity_type_known"
            ),
            models.CheckConstraint(condition=Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"), name="employer_uscc_shape"),
            models.CheckConstraint(
                condition=Q(registered_staff=None) | Q(registered_staff__range=(0, MAX_STAFF)),
                name="employer_registered_staff_bounds",
            ),
            models.CheckConstraint(
                condition=Q(registered_wages=None) | Q(registered_wages__range=(0, MAX_YUAN)),
                name="employer_registered_wages_bounds",
            ),
            models.CheckConstraint(
                condition=Q(establishment_posts=None) | Q(establishment_posts__lte=MAX_STAFF),
                name="employer_establishment_posts_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """An account that acts for an employer."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        verbose_name = _("单位经办人")
        verbose_name_plural = _("单位经办人")
        constraints = [models.UniqueConstraint(fields=["user", "employer"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user}（{self.employer}）"
