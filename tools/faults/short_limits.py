"""The application with time limits of seconds.

A worker's command line cannot set them: a message carries the limits of its sender, which reads them from the
settings.
"""

from config.celery import app

app.conf.task_soft_time_limit, app.conf.task_time_limit = 4, 6
