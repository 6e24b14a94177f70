"""Programs die at random while three years are assessed and every message may come twice (A2, A3, B1)."""

import os
import signal
import time
from contextlib import suppress

import psycopg
import redis

from tools.faults.nemesis import STORM, Planned
from tools.faults.province import YEARS
from tools.faults.report import demand
from tools.faults.trial import Trial

FAULTS = 60
SLICES = 200
WORKERS = {"worker-one": 2, "worker-two": 1}
SESSIONS = """
SELECT pid FROM pg_stat_activity WHERE datname = 'levy' AND usename = 'levy_app'
ORDER BY pid
"""


def run(trial: Trial) -> None:
    for name, concurrency in WORKERS.items():
        trial.ground.start_worker(name, "fast,batch", concurrency)
    trial.ground.start_beat()
    with trial.report.promise(
        "B1 A3", "杀死进程、断库、清空消息：结果不变、无人重复 killed anywhere, nobody twice"
    ) as line:
        repeated = _storm(trial)
        line.remark = f"{repeated} runs repeated on the way"
        for kind in STORM:
            demand(trial.nemesis.count("storm", kind) > 0, f"no {kind} was injected")
        demand(trial.nemesis.count("storm") >= FAULTS * 2 // 3, "too few faults were injected")


def _storm(trial: Trial) -> int:
    """Start every year, inject the planned faults, then let everything finish. Returns the number of runs that ended
    during the storm and were started again."""
    live = {year: trial.start_run(year, SLICES) for year in YEARS}
    chance, repeated = trial.nemesis.chance("repeats"), 0
    for planned in trial.nemesis.storm(FAULTS):
        time.sleep(planned.pause)
        trial.ground.revive()
        for year, run_id in live.items():
            if trial.checker.state(run_id) != "computing":
                trial.finish(run_id, year)
                live[year] = trial.start_run(year, SLICES)
                repeated += 1
            trial.repeat_messages(live[year], chance)
        _inject(trial, planned)
    for year, run_id in live.items():
        trial.finish(run_id, year)
    return repeated


def _inject(trial: Trial, planned: Planned) -> None:
    ground = trial.ground
    worker = [*WORKERS][planned.choice % len(WORKERS)]
    target: object = worker
    if planned.kind == "child killed":
        target = _kill_child(trial, planned)
    elif planned.kind == "worker killed":
        ground.kill(worker)
        ground.restart(worker)
    elif planned.kind == "session ended":
        target = _end_session(trial, planned)
    elif planned.kind == "broker emptied":
        redis.Redis.from_url(ground.environment["REDIS_URL"], socket_timeout=10).flushall()
    elif planned.kind == "broker killed":
        is_disk_lost = bool(planned.choice % 2)
        ground.kill_valkey("broker", is_disk_lost=is_disk_lost)
        target = "its disk too" if is_disk_lost else "its disk stays"
    else:
        ground.crash_database()
    if target is not None:
        trial.fault(planned.kind, target)


def _kill_child(trial: Trial, planned: Planned) -> object:
    """Kill one of the processes that do slices; None if none has started yet."""
    children = [child for worker in WORKERS for child in trial.ground.children(worker)]
    if not children:
        return None
    child = children[planned.choice % len(children)]
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return child


def _end_session(trial: Trial, planned: Planned) -> object:
    sessions = [pid for (pid,) in trial.checker.ask(SESSIONS)]
    if not sessions:
        return None
    chosen = sessions[planned.choice % len(sessions)]
    with suppress(psycopg.OperationalError):
        trial.checker.do("SELECT pg_terminate_backend(%s)", chosen)
    return chosen
