"""Regions, people and their appointments."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import pghistory
import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.permissions import ROLE_PERMISSIONS, Permission, Role


def region_prefix(code: str) -> str:
    """What every code inside the region starts with: 140000 gives 14, 140100 gives 1401, 140105 itself.

    Raises ValueError on anything but six ASCII digits with a province: an empty prefix would mean everything.
    """
    if len(code) != 6 or not code.isascii() or not code.isdigit() or code.startswith("00"):
        raise ValueError(f"not a region code: {code!r}")
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def region_level(code: str) -> int:
    """The Region.Level that a well-formed code stands for."""
    return len(region_prefix(code)) // 2


class RegionQuerySet(models.QuerySet["Region"]):
    def full_names(self, codes: Iterable[str]) -> dict[str, str]:
        """How documents name a region, from its province down: 140105 gives 山西省太原市小店区. One query."""
        lineages = {code: Region(code=code).lineage() for code in set(codes)}
        above = {code for lineage in lineages.values() for code in lineage}
        names = dict(self.filter(code__in=above).values_list("code", "name"))
        return {code: "".join(names.get(part, "") for part in reversed(up)) for code, up in lineages.items()}


class Region(models.Model):
    """A division of GB/T 2260. A merged code keeps its row with `valid_until`; codes are never re-keyed."""

    class Level(models.IntegerChoices):
        PROVINCE = 1, _("省级")
        PREFECTURE = 2, _("地级")
        COUNTY = 3, _("县级")

    code = models.CharField(_("行政区划代码"), max_length=6, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level)
    valid_until = models.DateField(_("撤销日期"), null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[1-9][0-9]{5}$"),
                name="region_code_shape",
                violation_error_message=_("行政区划代码应为6位数字。"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        return region_prefix(self.code)

    def lineage(self) -> list[str]:
        """Codes from the region itself up to its province: where a value is looked for, in this order."""
        return list(dict.fromkeys([self.code, f"{self.code[:4]}00", f"{self.code[:2]}0000"]))

    def contains(self, code: str) -> bool:
        return code.startswith(self.prefix)


class User(AbstractUser):
    """A person who signs in. Rights come from appointments, never from is_staff or groups."""

    first_name = None
    last_name = None
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    language = models.CharField(_("界面语言"), max_length=10, blank=True)

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")

    def __str__(self) -> str:
        return self.name or self.username

    @cached_property
    def current_appointments(self) -> list["Appointment"]:
        if not self.is_active:
            return []
        return list(self.appointments.in_force().select_related("region"))

    def prefixes(self, permission: str) -> list[str]:
        """Prefixes of the regions where the person holds this permission."""
        return [a.region.prefix for a in self.current_appointments if permission in ROLE_PERMISSIONS[a.role]]

    def can(self, permission: str, region_code: str) -> bool:
        """Does the person hold the permission for this region? False for an empty or unknown code."""
        return bool(region_code) and any(region_code.startswith(prefix) for prefix in self.prefixes(permission))

    def may_somewhere(self, permission: Permission) -> bool:
        return bool(self.prefixes(permission))

    def has_role(self, role: str) -> bool:
        return any(a.role == role for a in self.current_appointments)


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def in_force(self) -> "AppointmentQuerySet":
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=Now()), region__valid_until=None)


@pghistory.track(
    pghistory.InsertEvent(level=pgtrigger.Statement),
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class Appointment(models.Model):
    """One person, one role, one region. Ending it keeps the row."""

    user = models.ForeignKey(User, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(_("岗位"), max_length=20, choices=Role)
    region = models.ForeignKey(Region, verbose_name=_("管辖地区"), on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("任职时间"), db_default=Now())
    ended_at = models.DateTimeField(_("离任时间"), null=True, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "region"],
                condition=Q(ended_at=None),
                name="one_current_appointment",
                violation_error_message=_("此人在该地区已任此职。"),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="appointment_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="appointment_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}（{self.region}）"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.user.__dict__.pop("current_appointments", None)  # rights change at once, also on this instance
        super().save(*args, **kwargs)
