"""The application with a schedule of one task a second, for two schedulers at once.

With LEVY_CLOCK_JUMPS its clock jumps an hour ahead after five seconds, and two hours back after ten.
"""

import os
import time
from datetime import datetime, timedelta

from config.celery import app

JUMPS = ((5, timedelta(hours=1)), (10, timedelta(hours=-1)))

# The first read takes the schedule from the settings, so read it before changing it.
app.conf.beat_schedule = {
    "seal": {"task": "audit.tasks.seal", "schedule": 1.0, "options": {"headers": {"slot_seconds": 1.0}}}
}

if os.environ.get("LEVY_CLOCK_JUMPS") == "1":
    _began, _now = time.monotonic(), app.now

    def _jumping() -> datetime:
        shift = timedelta(0)
        for seconds, jump in JUMPS:
            if time.monotonic() - _began > seconds:
                shift = jump
        return _now() + shift

    app.now = _jumping
