"""What stops a run. A full disk or a lost connection is not its fault: it rests, says why and goes on. A slice that
failed time and again was put aside: it says which employers, why, and what to do."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from psycopg.errors import DiskFull

from levy.models import AssessmentRun, AssessmentSlice, RunState, SliceState
from levy.models.runs import PauseReason
from quota.models import Employer

REST = timedelta(seconds=15)
MAX_IN_A_ROW = 20
WORKER_LOST = "WorkerLost"  # the mark of a slice that took its worker along each time
SHOWN_SLICES = 100


def note(run_id: int, number: int, failure: Exception) -> None:
    """Remember why a slice was left to be done. The run rests at once when the disk is full, otherwise after twenty
    interruptions in a row. Where the database takes no note either, the next failure brings it."""
    reason = PauseReason.DISK_FULL if isinstance(failure.__cause__, DiskFull) else PauseReason.NO_DATABASE
    with suppress(DatabaseError, InterfaceError):
        connection.close_if_unusable_or_obsolete()
        with transaction.atomic():
            # An end that was seen: the slice is not what stops its workers. The slice comes before its run, as in the
            # worker that may have taken it over meanwhile (docs/locks.md).
            AssessmentSlice.objects.filter(run_id=run_id, number=number).update(unended_starts=0)
            _count(run_id, reason)


def _count(run_id: int, reason: PauseReason) -> None:
    run = AssessmentRun.objects.filter(pk=run_id, state=RunState.COMPUTING)
    run.update(interruptions=F("interruptions") + 1, pause_reason=reason)
    must_rest = Q(pause_reason=PauseReason.DISK_FULL) | Q(interruptions__gte=MAX_IN_A_ROW)
    run.filter(must_rest).update(paused_until=Now() + REST)


def forget(run_id: int) -> None:
    """A slice was done: whatever stopped the run is over."""
    AssessmentRun.objects.filter(pk=run_id, interruptions__gt=0).update(
        interruptions=0, pause_reason="", paused_until=None
    )


@dataclass(frozen=True, slots=True)
class PutAside:
    """A slice without a result: from its first to its last employer, what stopped it, and what to do about it."""

    part: AssessmentSlice
    ends: tuple[Employer, Employer]
    reason: str
    cure: str


def put_aside(run: AssessmentRun) -> list[PutAside]:
    """The run's slices in quarantine, at most a hundred; two queries."""
    parts = list(run.slices.filter(state=SliceState.QUARANTINED).order_by("number")[:SHOWN_SLICES])
    employers = Employer.objects.in_bulk([pk for part in parts for pk in (part.first_id, part.last_id)])
    return [PutAside(part, (employers[part.first_id], employers[part.last_id]), *_diagnosis(part)) for part in parts]


def _diagnosis(part: AssessmentSlice) -> tuple[str, str]:
    if part.error == WORKER_LOST:
        return _("计算进程多次意外中止"), _("请检查服务器内存和后台任务日志，排除后作废本批次重新试算。")
    return _("连续计算失败"), _("请按错误种类查后台任务日志，改正区间内单位的数据或地区参数后，作废本批次重新试算。")
