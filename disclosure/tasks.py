"""Tasks: write publications, send unwritten ones again, remove discarded ones."""

from celery import shared_task

from disclosure.services import publications as services


# A million employers take some minutes on a busy machine; still below the broker's visibility timeout.
@shared_task(soft_time_limit=840, time_limit=870)
def freeze_publication(publication_id: int) -> None:
    services.freeze_publication(publication_id=publication_id)


@shared_task
def sweep() -> None:
    """Send unwritten publications and remove discarded ones. Only this is a guarantee; the page sends for speed."""
    send_publications()
    services.remove_discarded()


def send_publications() -> None:
    for publication_id in services.due_publications():
        freeze_publication.apply_async((publication_id,), retry=False)
