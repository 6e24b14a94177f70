"""A new version is rolled out during a run, while people read pages (B5, G4)."""

import threading

import psycopg

from tools.faults.ground import wait_for
from tools.faults.province import STEADY_YEAR
from tools.faults.proxy import Proxy
from tools.faults.report import demand
from tools.faults.trial import Trial
from tools.faults.visitor import Visitor

ROLLS = 4
GRACE = 20  # seconds for a program to end (docker-compose.yml gives a container twice that)
COLUMN = "ALTER TABLE levy_assessmentslice ADD COLUMN of_next_version text NOT NULL DEFAULT ''"
BACK = "ALTER TABLE levy_assessmentslice DROP COLUMN IF EXISTS of_next_version"


def run(trial: Trial) -> None:
    with trial.report.promise("B5", "批次进行中滚动升级 deploy in the middle of a run") as line:
        line.remark = _roll(trial)


def _roll(trial: Trial) -> str:
    ground = trial.ground
    front = Proxy(ground.start_web("web-0"))
    reader = Reader(front.port)
    ground.start_worker("worker-0", "fast,batch", 2)
    ground.start_beat()
    run_id = trial.start_run(STEADY_YEAR, slices=200)
    reader.start()
    try:
        wait_for(lambda: trial.checker.done(run_id)[0] > 3, "the run did not begin")
        for roll in range(1, ROLLS + 1):
            ground.start_worker(f"worker-{roll}", "fast,batch", 2)
            ground.stop(f"worker-{roll - 1}", seconds=GRACE)
            trial.fault("worker replaced", roll)
            if roll % 2:
                front.target = ground.start_web(f"web-{roll}")
                ground.stop(f"web-{max(roll - 2, 0)}", seconds=GRACE)
                trial.fault("web server replaced", roll)
            if roll == 1:
                _migrate(trial)
        trial.finish(run_id, STEADY_YEAR)
    finally:
        reader.stop()
        front.close()
        trial.checker.do(BACK)
    bad = [status for status in reader.visitor.seen if not 200 <= status < 500]
    demand(not bad, f"{len(bad)} of {len(reader.visitor.seen)} pages failed: {sorted(set(bad))}")
    return f"{len(reader.visitor.seen)} pages read meanwhile"


def _migrate(trial: Trial) -> None:
    """An additive migration that waits at most two seconds for its lock, repeated until it succeeds."""

    def is_done() -> bool:
        try:
            trial.checker.do(f"SET lock_timeout = '2s'; {COLUMN}")
        except psycopg.errors.LockNotAvailable:
            return False
        return True

    wait_for(is_done, "the migration never got its lock")
    trial.fault("schema changed", "levy_assessmentslice")


class Reader(threading.Thread):
    """A person who opens one page after the other."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.visitor = Visitor(port).sign_in("levy1-shanxi")
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.1):
            self.visitor.get("/runs/")

    def stop(self) -> None:
        self._over.set()
        if self.is_alive():
            self.join()
