"""The application with time limits of seconds. The command line of a worker cannot give it these: a message carries
the limits of its sender, who takes them from the settings."""

from config.celery import app

app.conf.task_soft_time_limit, app.conf.task_time_limit = 4, 6
