"""A canary through every queue each minute, and the nightly proof of the audit trail."""

from typing import Any

from celery import shared_task

from operations import services
from operations.models import Sign


@shared_task(bind=True)
def canary(self: Any) -> None:
    """This queue has a living worker: the queue is the one that the message came through."""
    services.note(Sign(f"queue:{self.request.delivery_info['routing_key']}"))


@shared_task
def prove_trail() -> None:
    services.prove_trail()
