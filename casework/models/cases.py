"""The abstract case (事项): the common part of relief, refund, objection, order and application.

A concrete case adds its subject as a foreign key of its own, names it in `SUBJECT`, and declares its `KINDS`, the
states that end it (`ENDS`) and those in which the party has to act (`WAITS_FOR_PARTY`). Its queryset derives from
`CaseQuerySet` and gives in `member_path` the path to the party's accounts. Its Meta derives from `Case.Meta` and takes
`case_constraints`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Count, F, Min, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Region, User
from accounts.scoping import RegionScopedQuerySet
from audit.triggers import never, never_truncated
from casework.case_kinds import CaseKind
from casework.models.files import CaseFile, Side
from law.deadlines import LastDay, LegalPeriod, PeriodUnit, last_day
from law.holidays import PUBLISHED

STAYS = "a case that has a number stays"


@dataclass(frozen=True, slots=True)
class CaseLoad:
    """Figures for a line of the desk: the number of waiting cases, the oldest day of receipt, the nearest last day."""

    count: int
    since: date | None
    due_on: date | None


class CaseQuerySet(RegionScopedQuerySet):
    """Cases of one model. Start from `visible_to` or `kept_by`; the other methods narrow it."""

    def kept_by(self, user: User) -> Self:
        """Cases of the kinds and regions that the person has the right to keep."""
        found = Q(pk__in=[])
        for kind in self.model.KINDS:
            found |= Q(kind=kind.code) & self._below(user.prefixes(kind.keeps))
        return self.filter(found)

    def of_party(self, user: User) -> Self:
        """Cases of the person's own employers."""
        return self.filter(**{self.member_path: user.pk}) if self.member_path else self.none()

    def unclosed(self) -> Self:
        return self.filter(closed_at=None)

    def overdue(self, today: date | None = None) -> Self:
        """Open cases whose last day has passed. The last day ends at 24:00."""
        return self.unclosed().filter(due_on__lt=today or timezone.localdate())

    def waiting_for(self, side: Side) -> Self:
        """Open cases in which this side must act next."""
        waits = Q(state__in=self.model.WAITS_FOR_PARTY)
        return self.unclosed().filter(waits if side == Side.PARTY else ~waits)

    def load(self) -> CaseLoad:
        """Count, oldest and nearest due day in one query."""
        found = self.order_by().aggregate(count=Count("pk"), since=Min("opened_on"), due_on=Min("due_on"))
        return CaseLoad(**found)


class Case(models.Model):
    """One matter with a number. `opened_on` is the day of receipt.

    The row keeps the running period and its first day, so that a last day can be explained and counted again.
    `due_unpublished` lists the years whose holidays may still move `due_on`.
    """

    KINDS: ClassVar[tuple[CaseKind, ...]]
    SUBJECT: ClassVar[str]
    ENDS: ClassVar[frozenset[str]]
    WAITS_FOR_PARTY: ClassVar[frozenset[str]] = frozenset()

    file = models.OneToOneField(CaseFile, verbose_name=_("编号"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("事项种类"), max_length=24)
    region = models.ForeignKey(Region, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("状态"), max_length=16)
    opened_on = models.DateField(_("收件日期"))
    counts_from = models.DateField(_("期限起算日"), null=True)
    period_length = models.PositiveSmallIntegerField(_("期限"), null=True)
    period_unit = models.CharField(_("期限单位"), max_length=12, blank=True)
    period_citation = models.CharField(_("期限依据"), max_length=80, blank=True)
    due_on = models.DateField(_("办理期限"), null=True)
    due_unpublished = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("待公布的放假安排"), default=list)
    opened_at = models.DateTimeField(_("登记时间"), db_default=Now())
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("登记人"), on_delete=models.PROTECT, related_name="+"
    )
    extended_at = models.DateTimeField(_("延期时间"), null=True)
    extended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("延期人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(_("办结时间"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("办结人"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-pk"]
        indexes = [models.Index(fields=["due_on"], condition=Q(closed_at=None), name="%(class)s_unclosed")]
        triggers = [
            never(pgtrigger.Delete, STAYS, name="no_delete", level=pgtrigger.Row),
            never_truncated(STAYS),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return self.file_id

    @property
    def definition(self) -> CaseKind:
        return next(kind for kind in self.KINDS if kind.code == self.kind)

    @property
    def subject(self) -> Any:
        return getattr(self, self.SUBJECT)

    @property
    def period(self) -> LegalPeriod | None:
        """The running period; None for a case without one."""
        if self.period_length is None:
            return None
        return LegalPeriod(self.period_length, PeriodUnit(self.period_unit), self.period_citation)

    def counted(self) -> LastDay | None:
        """The running period counted again with the holidays published so far, with its steps for the reader."""
        period = self.period
        return last_day(period, self.counts_from, PUBLISHED) if period and self.counts_from else None


def case_constraints(kinds: Iterable[CaseKind], ends: Iterable[str]) -> list[CheckConstraint]:
    """The constraints of every case, for the Meta of the concrete model."""
    ended = Q(state__in=sorted(ends))
    is_closed = Q(closed_at__isnull=False, closed_by__isnull=False)
    periodless = Q(counts_from=None, period_length=None, period_unit="", due_on=None)
    filled = Q(counts_from__isnull=False, period_length__isnull=False, due_on__isnull=False) & ~Q(period_unit="")
    running = filled & Q(period_length__gte=1, due_on__gt=F("counts_from"))
    extended = Q(extended_at__isnull=False, extended_by__isnull=False)
    return [
        CheckConstraint(
            condition=(ended & is_closed) | (~ended & Q(closed_at=None, closed_by=None)),
            name="%(class)s_closed_in_its_last_states",
        ),
        CheckConstraint(condition=Q(kind__in=[kind.code for kind in kinds]), name="%(class)s_kind_known"),
        CheckConstraint(condition=periodless | running, name="%(class)s_period_whole"),
        CheckConstraint(
            condition=Q(extended_at=None, extended_by=None) | extended, name="%(class)s_extended_by_somebody"
        ),
    ]
