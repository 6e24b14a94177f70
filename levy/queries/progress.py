"""The progress of a run, from its slices in PostgreSQL."""

from datetime import timedelta

from django.db.models import Count, Exists, Q, Sum
from django.db.models.functions import Now

from levy.models import AssessmentRun, RunState, SliceState

STALLED_AFTER = timedelta(minutes=3)


def progress(run: AssessmentRun) -> dict[str, int]:
    """The present number of slices done, put aside and in all, and of employers done."""
    return run.slices.aggregate(
        total=Count("pk"),
        done=Count("pk", filter=Q(state=SliceState.DONE)),
        quarantined=Count("pk", filter=Q(state=SliceState.QUARANTINED)),
        employers=Sum("employer_count", default=0),
    )


def is_stalled(run: AssessmentRun) -> bool:
    """True if a run that does not pause has finished no slice for minutes, by the database's clock."""
    computing = AssessmentRun.objects.filter(pk=run.pk, state=RunState.COMPUTING, paused_until=None)
    lately = run.slices.filter(done_at__gt=Now() - STALLED_AFTER)
    return computing.filter(~Exists(lately), started_at__lt=Now() - STALLED_AFTER).exists()
