"""People and their appointments."""

from datetime import timedelta
from functools import cached_property
from typing import Any

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.regions import Region
from accounts.permissions import ROLE_PERMISSIONS, SEPARATE_ROLES, Permission, Role


class User(AbstractUser):
    """A person who signs in. Rights come from appointments, never from is_staff or groups.

    An officer's account has the office's number of its person, so that one person has one account and two accounts are
    two people. An employer's account has none.
    """

    first_name = None
    last_name = None
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    personnel_number = models.CharField(_("人员编号"), max_length=30, null=True, blank=True)  # noqa: DJ001  many have none
    language = models.CharField(_("界面语言"), max_length=10, blank=True)
    password_set_at = models.DateTimeField(_("设置密码时间"), null=True, blank=True)
    # Set while another person issued the password: it lets its holder in once, to choose a new one.
    password_issued_until = models.DateTimeField(_("初始密码有效期"), null=True, blank=True)

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        constraints = [
            # With a condition, so that a new number does not lock the key that other tables point to (docs/locks.md).
            models.UniqueConstraint(
                fields=["personnel_number"],
                condition=Q(personnel_number__isnull=False),
                name="one_account_per_person",
                violation_error_message=_("此人员编号已有账号。"),
            ),
            models.CheckConstraint(
                condition=Q(personnel_number=None) | Q(personnel_number__regex=r"^[0-9A-Z][0-9A-Z.-]*$"),
                name="personnel_number_shape",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @cached_property
    def current_appointments(self) -> list["Appointment"]:
        if not self.is_active:
            return []
        return list(self.appointments.in_force().select_related("region"))

    def prefixes(self, permission: str) -> list[str]:
        """Prefixes of the regions where the person has this permission."""
        return [a.region.prefix for a in self._posts_with(permission)]

    def _posts_with(self, permission: str) -> list["Appointment"]:
        return [a for a in self.current_appointments if permission in ROLE_PERMISSIONS[a.role]]

    def can(self, permission: str, region_code: str) -> bool:
        """True if the person has the permission for this region; False for an empty or unknown code.

        An employer may move, so its account's right has no region: memberships say for which employers it acts.
        """
        return bool(region_code) and any(
            a.role == Role.EMPLOYER or region_code.startswith(a.region.prefix) for a in self._posts_with(permission)
        )

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """False: Django's own permissions and is_superuser give no right."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def may_somewhere(self, permission: Permission) -> bool:
        return bool(self.prefixes(permission))

    @property
    def is_officer(self) -> bool:
        """True if the person acts for an authority; False for an employer's own account."""
        return any(a.role != Role.EMPLOYER for a in self.current_appointments)

    @property
    def must_change_password(self) -> bool:
        """True if another person issued the password, or it is older than the installation allows. A person who signs
        in only at another authority has no password to change."""
        if self.password_issued_until is not None:
            return True
        oldest = settings.PASSWORD_MAX_DAYS
        if not oldest or not self.has_usable_password():
            return False
        return timezone.now() - (self.password_set_at or self.date_joined) > timedelta(days=oldest)


class TimeRange(Func):
    function = "tstzrange"
    output_field = DateTimeRangeField()


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def in_force(self) -> "AppointmentQuerySet":
        """Appointments that have not ended, in regions that are still valid; an employer's account outlives its
        region."""
        return self.filter(
            Q(ended_at=None) | Q(ended_at__gt=Now()), Q(region__valid_until=None) | Q(role=Role.EMPLOYER)
        )


@pghistory.track(
    pghistory.InsertEvent(level=pgtrigger.Statement),
    pghistory.UpdateEvent(level=pgtrigger.Statement),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class Appointment(models.Model):
    """One person, one role, one region. Ending it keeps the row."""

    user = models.ForeignKey(User, verbose_name=_("人员"), on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(_("岗位"), max_length=30, choices=Role)
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
            # The last line behind accounts.services.people.refuse_mixed_roles.
            ExclusionConstraint(
                name="appointment_roles_apart",
                expressions=[
                    (F("user"), RangeOperators.EQUAL),
                    (F("role"), RangeOperators.NOT_EQUAL),
                    (TimeRange(F("started_at"), F("ended_at")), RangeOperators.OVERLAPS),
                ],
                condition=Q(role__in=SEPARATE_ROLES),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(role)s（%(region)s）") % {"role": self.get_role_display(), "region": self.region}

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.user.__dict__.pop("current_appointments", None)  # rights change at once, also on this instance
        super().save(*args, **kwargs)
