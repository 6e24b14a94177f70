"""The Celery application; tasks live in each app's tasks.py."""

import logging.config
import os
import resource
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from config.log_settings import LOGGING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

NICENESS = 5

app = Celery("levy", task_cls="config.tasks:GuardedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_everywhere(**_options: Any) -> None:
    """Celery's way of being told not to bring its own log format, whose lines repeat what a failing task held."""
    logging.config.dictConfig(LOGGING)


@worker_process_init.connect
def _give_way(**_given: Any) -> None:
    """Give pages priority over an annual run on the same processors."""
    os.nice(NICENESS)


@worker_process_init.connect
def _bound_memory(**_given: Any) -> None:
    """A task that asks for too much gets a MemoryError, before the container is killed with everything in it."""
    room = int(os.environ.get("LEVY_WORKER_MEMORY_MB", "1024")) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (room, resource.getrlimit(resource.RLIMIT_DATA)[1]))
