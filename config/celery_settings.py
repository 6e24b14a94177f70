"""Celery's settings, with why each has its value. The ledger in PostgreSQL decides what is left to do;
the broker only hurries (docs/decisions/0002-ledger-over-broker.md), so none of these is a guarantee."""

import os

from celery.schedules import crontab

CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_BROKER_TRANSPORT = "config.broker:Transport"
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True  # progress lives in PostgreSQL

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a prefetched message ages against the visibility timeout
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000  # KiB; looked at after each task (config.celery bounds it during one)
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True

# A peer that goes silent without closing must be noticed: the defaults wait for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,  # three times the hard time limit: shorter would run a living task twice
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # a broker without room would end every worker that connects to it

CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # our own log lines

CELERY_TASK_DEFAULT_QUEUE = "fast"
CELERY_TASK_ROUTES = {
    "levy.tasks.assess_slice": {"queue": "batch"},
    "levy.tasks.render_notices": {"queue": "pdf"},
    "exchange.tasks.work_on_file": {"queue": "import"},
    "disclosure.tasks.freeze_publication": {"queue": "batch"},
}
CELERY_BEAT_SCHEDULE = {
    "sweep-runs": {"task": "levy.tasks.sweep", "schedule": 5.0},
    "sweep-files": {"task": "exchange.tasks.resend_stalled_files", "schedule": 5.0},
    "sweep-publications": {"task": "disclosure.tasks.sweep", "schedule": 60.0},
    "sweep-filed-returns": {"task": "quota.tasks.check_waiting", "schedule": 60.0},
    "sweep-sign-in": {"task": "accounts.tasks.sweep_sign_in", "schedule": 3600.0},
    "forget-uploads": {"task": "exchange.tasks.forget_uploads", "schedule": 3600.0},
    "seal-audit-trail": {"task": "audit.tasks.seal", "schedule": 600.0},
}
# Two schedulers, or one whose clock jumps, do nothing twice (config.tasks).
for _entry in CELERY_BEAT_SCHEDULE.values():
    _entry["options"] = {"headers": {"slot_seconds": _entry["schedule"]}}
# These only look, so that twice is as good as once.
CELERY_BEAT_SCHEDULE["prove-audit-trail"] = {
    "task": "operations.tasks.prove_trail",
    "schedule": crontab(hour=2, minute=30),
}
for _queue in ("fast", "batch", "pdf", "import"):
    CELERY_BEAT_SCHEDULE[f"canary-{_queue}"] = {
        "task": "operations.tasks.canary",
        "schedule": 60.0,
        "options": {"queue": _queue, "expires": 60},  # one that nobody took is replaced by the next
    }
