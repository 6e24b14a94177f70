"""Logging of every process, for Django, Celery and the web server alike: JSON lines on standard error."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "operations.logs.JsonLines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "weasyprint": {"level": "ERROR"},  # these two tell each step of each page
        "fontTools": {"level": "ERROR"},
        "django.server": {"level": "ERROR"},
        "gunicorn.error": {"level": "INFO", "handlers": ["console"], "propagate": False},
        "gunicorn.access": {"level": "CRITICAL", "handlers": []},
        "waitress": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},  # it tells of each request that waits for a thread
    },
}
