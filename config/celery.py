"""The Celery application; tasks live in each app's tasks.py."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from config.log_settings import LOGGING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("levy", task_cls="config.tasks:SlottedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_everywhere(**_options: Any) -> None:
    """Celery's way of being told not to bring its own log format, whose lines repeat what a failing task held."""
    logging.config.dictConfig(LOGGING)
