"""Time by the wall clock and by the processors, and a program's peak memory.

Other programs on the machine distort the wall clock, and the processors' time less so: both are taken. The processors'
time covers this process, everything it started, and the whole database server. It comes from /proc, so it is missing
on machines other than Linux.
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
    """Seconds. `cpu` is None where the machine has no figure."""

    wall: float
    cpu: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The cost of our work and of its limit in the same run, each the best of several turns."""

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
    """Do the work once and measure it."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    wall = time.perf_counter() - wall
    after = cpu_seconds()
    return Cost(wall, None if cpu is None or after is None else after - cpu)


def alternating(turns: int, *works: Callable[[], Cost]) -> list[Cost]:
    """Do every work in turn, `turns` times. Returns each one's best wall time and best processor time."""
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
    """Processor seconds so far of this process, all it started, and the database server."""
    if not _PROC.exists():
        return None
    return sum(_times(pid) for root in (os.getpid(), _database_server()) for pid in family(root)) / _TICKS


@cache
def _database_server() -> int:
    """The process number of the database server: the parent of our connection's backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(_status(cursor.fetchone()[0])[1])


def family(root: int) -> Iterator[int]:
    """A process and all its descendants that still run."""
    yield root
    with suppress(OSError):
        for task in (_PROC / str(root) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def _times(pid: int) -> int:
    """Processor time of the process and of its ended children, in ticks."""
    try:
        return sum(int(part) for part in _status(pid)[11:15])
    except OSError:  # it has ended: its parent counts its time now
        return 0


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may contain anything: state, parent, …"""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def peak_memory(pid: int) -> int | None:
    """The largest peak, in bytes, of the process and of each one it started; None where the machine has no figure."""
    found = [_peak(one) for one in family(pid)] if _PROC.exists() else []
    return max(found, default=0) or None


def _peak(pid: int) -> int:
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB
    return 0


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
