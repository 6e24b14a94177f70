"""What the workers do: writing publications, and sending again those that nobody wrote."""

from celery import shared_task

from disclosure import services


@shared_task
def freeze_publication(publication_id: int) -> None:
    services.freeze_publication(publication_id=publication_id)


@shared_task
def sweep() -> None:
    """Send what is not done. The only guarantee; the page sends at once for speed."""
    send_publications()


def send_publications() -> None:
    for publication_id in services.due_publications():
        freeze_publication.delay(publication_id)
