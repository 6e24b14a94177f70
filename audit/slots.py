"""Periodic work is done once in each slot of the database's clock, however many schedulers there are and whatever
their own clocks say (promise B6)."""

from django.db import connection

TAKE = """
INSERT INTO audit_periodicslot AS known (task, slot, taken)
VALUES (%(task)s, floor(extract(epoch FROM clock_timestamp()) / %(seconds)s), 1)
ON CONFLICT (task) DO UPDATE SET slot = excluded.slot, taken = known.taken + 1 WHERE known.slot < excluded.slot
"""


def take_slot(task: str, seconds: float) -> bool:
    """True for the first caller in the present slot of `seconds`.

    The slot stays taken even if the work fails; the task finds what is left in its next slot."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"task": task, "seconds": seconds})
        return cursor.rowcount == 1
