"""The class of every task: what the scheduler sends is done once a slot, what somebody asks for is always done."""

from typing import Any

from celery import Task

from audit.slots import take_slot

SLOT = "slot_seconds"


class SlottedTask(Task):
    """A message with the header `slot_seconds` comes from the scheduler (config.celery_settings)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        seconds = (self.request.headers or {}).get(SLOT)
        if seconds is not None and not take_slot(self.name, seconds):
            return None
        return super().__call__(*args, **kwargs)
