"""What the workers do: slices of runs, and the sweeper that sends what is left."""

from celery import shared_task

from levy.services import batches, files, runs
from quota.models import ImportedFile


@shared_task
def assess_slice(run_id: int, number: int) -> None:
    runs.assess_slice(run_id=run_id, number=number)


@shared_task
def sweep() -> None:
    """Send again whatever is not done. The only guarantee; every other sending is for speed."""
    runs.finish_complete_runs()
    send_slices()
    resend_stalled_batches()
    resend_stalled_files()


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


@shared_task
def work_on_file(file_id: int) -> None:
    """Read an uploaded file, or write it: what its row says is to be done."""
    file = ImportedFile.objects.select_related("loaded_by", "applied_by").get(pk=file_id)
    files.read_file(file=file)
    files.write_file(file=file)


def resend_stalled_files() -> None:
    for file_id in files.stalled_files():
        work_on_file.apply_async((file_id,), retry=False)


@shared_task
def forget_uploads() -> None:
    files.forget_contents()
