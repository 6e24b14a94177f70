"""Five hundred clients that send a byte a second leave the web server answering (G5)."""

import time
from statistics import median

from tools.faults.report import demand
from tools.faults.slow import slow_clients
from tools.faults.trial import Trial
from tools.faults.visitor import Visitor

CLIENTS = 500
ASKED = 20
HEALTH, PAGE = 0.1, 1.0  # seconds


def run(trial: Trial) -> None:
    with trial.report.promise("G5", f"{CLIENTS}个慢速连接不碍事 slow clients stop nobody") as line:
        line.remark = _crowd(trial)


def _crowd(trial: Trial) -> str:
    port = trial.ground.start_web()
    visitor = Visitor(port)
    with slow_clients(port, CLIENTS):
        trial.fault("slow client", CLIENTS)
        health = [_seconds(visitor, "/health/") for _turn in range(ASKED)]
        pages = [_seconds(visitor, "/sign-in/") for _turn in range(ASKED)]
    told = f"/health/ {_told(health)}, a page {_told(pages)}"
    demand(set(visitor.seen) == {200}, f"answers were {sorted(set(visitor.seen))}")
    demand(median(health) < HEALTH and median(pages) < PAGE, told)
    return told


def _seconds(visitor: Visitor, path: str) -> float:
    began = time.perf_counter()
    visitor.get(path)
    return time.perf_counter() - began


def _told(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.0f} ms, at most {max(seconds) * 1000:.0f} ms"
