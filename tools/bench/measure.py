"""Time by the wall clock and by the processors, and how much memory a program held at most.

Another program on the machine makes the wall clock lie, the processors' time less so: both are taken. The processors'
time covers this process, everything it started, and the whole database server. It is read from /proc and therefore
missing on machines other than Linux.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds. `cpu` is None where the machine does not tell."""

    wall: float
    cpu: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What our work cost and what its limit cost in the same run, each at its best of several turns."""

    subject: Cost
    limit: Cost

    @property
    def wall_ratio(self) -> float:
        return self.subject.wall / self.limit.wall

    @property
    def cpu_ratio(self) -> float | None:
        if self.subject.cpu is None or not self.limit.cpu:
            return None
        return self.subject.cpu / self.limit.cpu


def cost_of(work: Callable[[], object]) -> Cost:
    """Do the work once."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    wall = time.perf_counter() - wall
    after = cpu_seconds()
    return Cost(wall, None if cpu is None or after is None else after - cpu)


def alternating(turns: int, *works: Callable[[], Cost]) -> list[Cost]:
    """Every work in turn, so many times over; the best wall time and the best processors' time of each."""
    costs: list[list[Cost]] = [[] for _work in works]
    for _turn in range(turns):
        for work, taken in zip(works, costs, strict=True):
            taken.append(work())
    return [_best(taken) for taken in costs]


def _best(costs: list[Cost]) -> Cost:
    return Cost(
        min(cost.wall for cost in costs), min((cost.cpu for cost in costs if cost.cpu is not None), default=None)
    )


def cpu_seconds() -> float | None:
    """What this process, all it started and the database server have used of the processors so far."""
    if not _PROC.exists():
        return None
    return sum(_times(pid) for root in (os.getpid(), _database_server()) for pid in family(root)) / _TICKS


@cache
def _database_server() -> int:
    """The parent of whoever serves our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(_status(cursor.fetchone()[0])[1])


def family(root: int) -> Iterator[int]:
    """A process and everything that it started and that still runs."""
    yield root
    with suppress(OSError):
        for task in (_PROC / str(root) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def _times(pid: int) -> int:
    """Own time and that of children that have ended, in ticks."""
    try:
        return sum(int(part) for part in _status(pid)[11:15])
    except OSError:  # it ended meanwhile: its parent has its time now
        return 0


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may hold anything: state, parent, …"""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def peak_memory(pid: int) -> int | None:
    """The most bytes that a process and what it started held, each at its own worst moment; None if untold."""
    found = [_peak(one) for one in family(pid)] if _PROC.exists() else []
    return max(found, default=0) or None


def _peak(pid: int) -> int:
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB
    return 0


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
