"""The context of every step, and acts that several steps share: start, repeat and discard runs."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from accounts.models import Region
from demo.officers import person
from demo.places import PROVINCE
from levy.models import AssessmentRun
from levy.models.runs import LIVE_STATES
from levy.services import runs
from levy.tasks import assess_slice, send_slices
from tools.faults.checker import Checker, Fingerprint
from tools.faults.ground import Ground, wait_for
from tools.faults.nemesis import Nemesis
from tools.faults.report import Report, demand

PATIENCE = 120
Answer = TypeVar("Answer")


@dataclass
class Trial:
    """`oracle` holds the fingerprint of each levy year's undisturbed run."""

    ground: Ground
    report: Report
    nemesis: Nemesis
    checker: Checker
    employers: int
    seed: int
    oracle: dict[int, Fingerprint] = field(default_factory=dict)

    def fault(self, kind: str, target: object = "") -> None:
        """Log a fault of the present step."""
        self.nemesis.note(self.report.step, kind, target)

    def start_run(self, year: int, slices: int = 60) -> int:
        """Start a run of the province in `slices` slices and send the first ones to the broker. Returns its number."""
        size = max(self.employers // slices, 1)
        province = Region(code=PROVINCE, level=1)
        officer = insist(lambda: person("levy1"))
        for left in insist(lambda: list(AssessmentRun.objects.filter(levy_year=year, state__in=LIVE_STATES))):
            self.discard(left.pk)  # left by a broken promise
        run = insist(lambda: runs.start_run(levy_year=year, region=province, actor=officer, slice_employers=size))
        send(run.pk)
        return run.pk

    def discard(self, run_id: int) -> None:
        """Discard a run, so that the year is free for another."""
        run, officer = AssessmentRun.objects.get(pk=run_id), person("levy1")
        insist(lambda: runs.discard_run(run=run, actor=officer, reason="演练后作废"))

    def judge(self, run_id: int, year: int) -> None:
        """Raise Broken unless the run equals the undisturbed one."""
        found = self.checker.fingerprint(run_id)
        demand(found == self.oracle[year], f"{year}: {found} instead of {self.oracle[year]}")

    def finish(self, run_id: int, year: int, seconds: float = 900) -> None:
        """Wait for a run, judge it and discard it."""

        def is_over() -> bool:
            self.ground.revive()
            return self.checker.state(run_id) != "computing"

        wait_for(is_over, f"run {run_id} did not finish: {self.checker.done(run_id)} slices", seconds)
        self.judge(run_id, year)
        self.discard(run_id)

    def repeat_messages(self, run_id: int, chance: Random, count: int = 5) -> None:
        """Send the messages of slices again, done or not: no employer may be assessed twice."""
        _done, total = self.checker.done(run_id)
        for number in chance.sample(range(total), min(count, total)):
            with suppress(BrokerError, RedisError, OSError):
                assess_slice.apply_async((run_id, number), retry=False)


def send(run_id: int) -> None:
    """Send slices for speed; the sweeper sends those that a silent broker does not take."""
    with suppress(BrokerError, RedisError, OSError):
        insist(lambda: send_slices(run_id))


def insist(act: Callable[[], Answer]) -> Answer:
    """Do something through the application, and again while its database is away."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.3)
        finally:
            close_old_connections()
