"""A case from its number to its end: opening, steps, extension, and the last day counted again.

Each service locks the case, writes, and records last (docs/locks.md). Numbers, days and reasons go into the trail,
names do not.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import Transition, apply
from casework.case_kinds import CaseKind
from casework.errors import DayImpossible, NotExtendable
from casework.models import Case, CaseFile, Side
from law.deadlines import LegalPeriod, last_day
from law.holidays import PUBLISHED

C = TypeVar("C", bound=Case)

NEXT_SERIAL = """
INSERT INTO casework_caseseries AS s (head, last) VALUES (%s, 1)
ON CONFLICT (head) DO UPDATE SET last = s.last + 1
RETURNING last
"""


@transaction.atomic
def open_case(
    *, case: C, kind: CaseKind, actor: User, side: Side = Side.OFFICE, period: LegalPeriod | None = None
) -> C:
    """Number and save a new case that has its subject, region, first state and day of receipt.

    `period` is a regional period that replaces the kind's own; both count from the day of receipt. Raises
    PermissionMissing, DayImpossible.
    """
    if case.opened_on > timezone.localdate():
        raise DayImpossible
    case.kind, case.opened_by = kind.code, actor
    case.file = CaseFile.objects.create(number=_next_number(kind, case.region_id))
    running = period or kind.answer
    if running:
        put_period(case, running, case.opened_on)
    case.save(force_insert=True)
    case.refresh_from_db()
    require(case, side, actor)
    record(
        actor=actor,
        action="casework.case.open",
        target=case,
        region_code=case.region_id,
        details={"number": case.number, "kind": kind.code, "due": _day(case.due_on)},
    )
    return case


def _next_number(kind: CaseKind, region_code: str) -> str:
    """The next number of the region's series of this year. A transaction that fails gives it back."""
    head = kind.series_in(region_code, timezone.localdate())
    with connection.cursor() as cursor:
        cursor.execute(NEXT_SERIAL, [head])
        return f"{head}{cursor.fetchone()[0]:06d}"


def put_period(case: Case, period: LegalPeriod, starts: date) -> None:
    """Start a period on the day `starts`, counted by the calendar known now. Does not save."""
    last = last_day(period, starts, PUBLISHED)
    case.counts_from, case.period_length, case.period_unit = starts, period.length, period.unit.value
    case.period_citation, case.due_on, case.due_unpublished = period.citation, last.day, list(last.unpublished)


PERIOD = ("counts_from", "period_length", "period_unit", "period_citation", "due_on", "due_unpublished")


def lock_case(case: C) -> C:
    """The case as it is now, locked until the end of the transaction."""
    manager = type(case)._default_manager
    return manager.select_for_update(of=("self",), no_key=True).get(pk=case.pk)


def require(case: Case, side: Side, actor: User) -> None:
    """Raise PermissionMissing unless the person may act for this side of the case.

    The right of a party has no region (`User.can`), so the case itself names its party.
    """
    right = case.definition.party if side == Side.PARTY else case.definition.keeps
    if right is None or not actor.can(right, case.region_id):
        raise PermissionMissing
    if side == Side.PARTY and not type(case).objects.of_party(actor).filter(pk=case.pk).exists():
        raise PermissionMissing


@transaction.atomic
def take_step(*, case: C, step: Transition, actor: User, reason: str = "", **details: Any) -> C:
    """Take a step of the case's own table; one with the stamp `closed` ends it.

    Raises TransitionNotAllowed for a step of another kind, and the errors of `apply`.
    """
    if step not in case.definition.steps:
        raise TransitionNotAllowed
    if step.permission == case.definition.party:
        require(case, Side.PARTY, actor)
    return apply(case, step, actor=actor, region_code=case.region_id, reason=reason, number=case.number, **details)


@transaction.atomic
def extend(*, case: C, reason: str, actor: User) -> C:
    """Add the kind's extension, once, while the period runs.

    **Our reading:** it continues from the counted last day, not from the day to which days of rest moved it: the
    shorter of two readings. Raises PermissionMissing, ReasonMissing, TransitionNotAllowed, NotExtendable.
    """
    locked = lock_case(case)
    _refuse_extension(locked, reason, actor)
    counted, first = locked.counted(), locked.due_on
    put_period(locked, locked.definition.extension, counted.counted_to)
    locked.extended_at, locked.extended_by = Now(), actor
    locked.save(update_fields=[*PERIOD, "extended_at", "extended_by"])
    locked.refresh_from_db()
    record(
        actor=actor,
        action="casework.case.extend",
        target=locked,
        region_code=locked.region_id,
        reason=reason.strip(),
        details={"number": locked.number, "from": _day(first), "to": _day(locked.due_on)},
    )
    return locked


def _refuse_extension(case: Case, reason: str, actor: User) -> None:
    if case.closed_at is not None:
        raise TransitionNotAllowed
    if not actor.can(case.definition.decides, case.region_id):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    is_over = case.due_on is None or case.due_on < timezone.localdate()
    if case.definition.extension is None or case.extended_at is not None or is_over:
        raise NotExtendable


def recount_due_days(cases: Iterable[Case]) -> int:
    """Count the last days of open cases again after a notice on holidays. Returns how many moved; each is recorded."""
    return sum(_recount(case) for case in cases)


@transaction.atomic
def _recount(case: Case) -> bool:
    locked = lock_case(case)
    last, before = locked.counted(), locked.due_on
    if locked.closed_at is not None or last is None:
        return False
    locked.due_on, locked.due_unpublished = last.day, list(last.unpublished)
    locked.save(update_fields=["due_on", "due_unpublished"])
    if last.day == before:
        return False
    record(
        actor=None,
        action="casework.case.recount",
        target=locked,
        region_code=locked.region_id,
        details={"number": locked.number, "from": _day(before), "to": _day(last.day)},
    )
    return True


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
