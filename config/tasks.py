"""The class of every task: what the scheduler sends is done once a slot; a lack of memory fails the task alone."""

from typing import Any

from celery import Task

from audit.slots import take_slot

SLOT = "slot_seconds"


class MemoryRefused(Exception):
    """Stands for MemoryError, which would end the whole worker: Celery passes it on to its main process."""


class GuardedTask(Task):
    """A message with the header `slot_seconds` comes from the scheduler (config.celery_settings)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        seconds = (self.request.headers or {}).get(SLOT)
        if seconds is not None and not take_slot(self.name, seconds):
            return None
        try:
            return super().__call__(*args, **kwargs)
        except MemoryError:
            raise MemoryRefused(self.name) from None
