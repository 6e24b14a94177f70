"""A canary through every queue each minute, and the nightly proof of the audit trail."""

from celery import current_task, shared_task

from operations import services
from operations.models import Sign


@shared_task
def canary() -> None:
    """This queue has a living worker: the queue is the one that the message came through."""
    services.note_sign_of_life(Sign(f"queue:{current_task.request.delivery_info['routing_key']}"))


@shared_task
def prove_trail() -> None:
    services.prove_trail()
