"""Tasks: slices of runs, and the sweeper that sends the rest."""

from celery import shared_task

from levy.services import batches, runs


@shared_task
def assess_slice(run_id: int, number: int) -> None:
    runs.assess_slice(run_id=run_id, number=number)


@shared_task
def sweep() -> None:
    """Send again whatever is not done. The only guarantee; every other sending is for speed."""
    runs.finish_complete_runs()
    send_slices()
    resend_stalled_batches()


def send_slices(run_id: int | None = None) -> None:
    for run, number in runs.due_slices(run_id):
        assess_slice.apply_async((run, number), retry=False)


@shared_task
def render_notices(batch_id: int) -> None:
    """Print for a minute, then queue up again, so that a long batch neither blocks others nor meets the time limit."""
    if batches.print_notices(batch_id=batch_id):
        render_notices.apply_async((batch_id,), retry=False)


def resend_stalled_batches() -> None:
    for batch_id in batches.stalled_batches():
        render_notices.apply_async((batch_id,), retry=False)
