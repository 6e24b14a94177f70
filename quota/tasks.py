"""What workers do for returns: the check right after a filing, and a sweep of those it did not reach."""

from celery import shared_task

from quota.services import filing


@shared_task
def check_return(return_id: int) -> None:
    filing.check_return(return_id=return_id)


@shared_task
def check_waiting() -> None:
    """Check what was filed on the portal and still waits. The only guarantee; check_return is for speed."""
    for return_id in filing.waiting_returns():
        filing.check_return(return_id=return_id)
