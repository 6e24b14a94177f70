"""Periodic work of the audit trail."""

from celery import shared_task

from audit import services


@shared_task
def seal() -> None:
    services.seal_trail()
