"""Work on uploaded files: read or write one, send stalled ones again, delete old contents."""

from celery import shared_task

from exchange.models import ImportedFile
from exchange.services import uploads


@shared_task
def work_on_file(file_id: int) -> None:
    """Read or write an uploaded file, as the state of its row says."""
    file = ImportedFile.objects.select_related("loaded_by", "applied_by").get(pk=file_id)
    uploads.read_file(file=file)
    uploads.write_file(file=file)


@shared_task
def resend_stalled_files() -> None:
    """Send again the files that no worker has touched for a minute. Only this is a guarantee; other sends are for
    speed."""
    for file_id in uploads.stalled_files():
        work_on_file.apply_async((file_id,), retry=False)


@shared_task
def forget_uploads() -> None:
    uploads.forget_contents()
