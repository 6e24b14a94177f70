"""Log lines as JSON, for operators: what happened and where in the code, and never whose data it happened to.

An exception's message may hold the row that failed (PostgreSQL's DETAIL lines do), so only its kind and its place in
the code are written (promise E1).
"""

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery import current_task

# The request or task that this line belongs to.
reference: ContextVar[str] = ContextVar("reference", default="")

ROOT = f"{Path(__file__).resolve().parents[1]}/"
IDENTITY_NUMBER = re.compile(r"\d{17}[\dXx]|\d{20}")
_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One line per event: its own fields, the reference of its request or task, and an error's kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _event(record),
        }
        if reference.get():
            line["reference"] = reference.get()
        elif current_task:
            line |= {"task": current_task.name, "reference": current_task.request.id}
        line |= {name: value for name, value in vars(record).items() if name not in _OWN and _is_plain(value)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _places(record.exc_info[1])
        return IDENTITY_NUMBER.sub("(masked)", json.dumps(line, ensure_ascii=False))


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _event(record: logging.LogRecord) -> str:
    """The message. Beside an exception its arguments stay out, because they may repeat what the exception says."""
    return str(record.msg) if record.exc_info else record.getMessage()


def _places(error: BaseException | None) -> list[str]:
    """Our own lines on the way to the error, and the last one, wherever it is."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    ours = [frame for frame in frames[:-1] if "site-packages" not in frame.filename and ROOT in frame.filename]
    return [f"{frame.filename.removeprefix(ROOT)}:{frame.lineno} {frame.name}" for frame in [*ours, *frames[-1:]]]
