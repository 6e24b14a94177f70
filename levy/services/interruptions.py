"""Pauses of a run. A full disk or a lost connection is not the run's fault: it rests, shows the cause and goes on."""

from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from psycopg.errors import DiskFull

from levy.models import AssessmentRun, AssessmentSlice, RunState
from levy.models.runs import PauseReason

REST = timedelta(seconds=15)
MAX_IN_A_ROW = 20


def note_interruption(run_id: int, number: int, failure: Exception) -> None:
    """Store the cause that stopped a slice. The run rests at once if the disk is full, otherwise after twenty
    interruptions in a row. If the database cannot store this either, the next failure stores it."""
    reason = PauseReason.DISK_FULL if isinstance(failure.__cause__, DiskFull) else PauseReason.NO_DATABASE
    with suppress(DatabaseError, InterfaceError):
        connection.close_if_unusable_or_obsolete()
        with transaction.atomic():
            # The slice did not kill its worker, so its starts count from zero again. Lock the slice before its run, as
            # does a worker that may have taken it over meanwhile (docs/locks.md).
            AssessmentSlice.objects.filter(run_id=run_id, number=number).update(unended_starts=0)
            _count(run_id, reason)


def _count(run_id: int, reason: PauseReason) -> None:
    run = AssessmentRun.objects.filter(pk=run_id, state=RunState.COMPUTING)
    run.update(interruptions=F("interruptions") + 1, pause_reason=reason)
    must_rest = Q(pause_reason=PauseReason.DISK_FULL) | Q(interruptions__gte=MAX_IN_A_ROW)
    run.filter(must_rest).update(paused_until=Now() + REST)


def forget_interruptions(run_id: int) -> None:
    """End the pause after a finished slice: the cause is over."""
    AssessmentRun.objects.filter(pk=run_id, interruptions__gt=0).update(
        interruptions=0, pause_reason="", paused_until=None
    )
