"""Many people, and two schedulers, at the same moment (A4, A8, B6)."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from random import Random

from django.db import connection

from accounts.models import Region, User
from audit.queries import seal_path
from demo.officers import EMPLOYER, person
from demo.units import OPEN_YEAR
from levy.errors import RunAlreadyLive
from levy.models import AssessmentRun
from levy.models.runs import LIVE_STATES
from levy.services import runs
from quota.errors import ReturnChanged
from quota.models import Employer, HeadcountReturn, Membership
from quota.services import filing
from tools.faults.report import demand
from tools.faults.trial import Trial

STARTERS, ROUNDS = 50, 20
PAIRS = 500
PLACES = ("140000", "140100", "140105")  # each contains the next
TICKS = 20


def run(trial: Trial) -> None:
    with (
        trial.report.promise("A4", f"{ROUNDS}轮{STARTERS}人同时试算，每轮只成一个 one live run"),
        Crowd(STARTERS) as crowd,
    ):
        for number in range(ROUNDS):
            _start_at_once(trial, crowd, trial.nemesis.chance(f"starts {number}"))
    with trial.report.promise("A8", f"{PAIRS}对同时保存，一存一拒 no update is lost"), Crowd(2) as crowd:
        _save_in_pairs(trial, crowd)
    with trial.report.promise("B6", "两个定时器、时钟跳变，每个时段只做一次 two schedulers do nothing twice") as line:
        line.remark = _two_schedulers(trial)


class Crowd:
    """People who act at the same moment, again and again, each over a separate connection."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._barrier = threading.Barrier(people)
        self._threads = ThreadPoolExecutor(people)

    def __enter__(self) -> "Crowd":
        self.act(lambda _number: connection.ensure_connection())
        return self

    def __exit__(self, *_failure: object) -> None:
        self.act(lambda _number: connection.close())
        self._threads.shutdown()

    def act(self, act: Callable[[int], object]) -> tuple[list[object], list[Exception]]:
        """The results of those who succeeded, and the refusals of the others; `act` takes a person's number."""
        done: list[object] = []
        refusals: list[Exception] = []

        def take_part(number: int) -> None:
            self._barrier.wait()
            try:
                done.append(act(number))
            except Exception as refusal:  # an exception would end with its thread; the caller looks at each kind
                refusals.append(refusal)

        wait([self._threads.submit(take_part, number) for number in range(self._people)])
        return done, refusals


def _start_at_once(trial: Trial, crowd: Crowd, chance: Random) -> None:
    """Two officers start runs of regions above and below each other; one of them wins."""
    officers = [person("levy1"), person("levy2")]
    regions = {code: Region.objects.get(code=code) for code in PLACES}
    codes = [chance.choice(PLACES) for _starter in range(STARTERS)]

    def start(number: int) -> AssessmentRun:
        region, officer = regions[codes[number]], officers[number % 2]
        return runs.start_run(levy_year=OPEN_YEAR, region=region, actor=officer)

    done, refusals = crowd.act(start)
    trial.fault("people at once", f"{STARTERS} starts")
    live = AssessmentRun.objects.filter(levy_year=OPEN_YEAR, state__in=LIVE_STATES)
    kinds = {type(refusal).__name__ for refusal in refusals}
    demand(live.count() == len(done) == 1, f"{live.count()} live runs, {len(done)} starts succeeded")
    demand(kinds == {RunAlreadyLive.__name__}, f"the others were told {kinds}")
    trial.discard(live.get().pk)


def _save_in_pairs(trial: Trial, crowd: Crowd) -> None:
    """Two clerks save one version of one return: one is stored, the other is refused."""
    clerk = User.objects.get(username=EMPLOYER)
    employer = Employer.objects.exclude(returns__levy_year=OPEN_YEAR).order_by("-pk").first()
    Membership.objects.get_or_create(user=clerk, employer=employer)
    draft = filing.open_return(employer=employer, levy_year=OPEN_YEAR, actor=clerk)
    for pair in range(PAIRS):
        version = HeadcountReturn.objects.get(pk=draft.pk).version

        def save(number: int, version: int = version, staff: int = 2 * pair + 40) -> int:
            filing.save_return(
                headcount_return=draft,
                version=version,
                staff_by_month=[staff + number] * 12,
                total_wages=Decimal("1200000.00"),
                actor=clerk,
            )
            return staff + number

        done, refusals = crowd.act(save)
        stored = trial.checker.value("SELECT staff_months / 12 FROM quota_headcountreturn WHERE id = %s", draft.pk)
        demand(done == [stored], f"saved {done}, stored {stored}")
        demand([type(one) for one in refusals] == [ReturnChanged], f"the other was told {refusals}")
    trial.fault("people at once", f"{PAIRS} pairs of saves")


def _two_schedulers(trial: Trial) -> str:
    """Two schedulers tick every second while the clock of one jumps ahead and back.

    The seals outside the database show how often the work was done.
    """
    trial.ground.start_worker("worker", "fast", 2)
    for name, jumps in (("beat-one", "0"), ("beat-two", "1")):
        trial.ground.start_beat(name, "tools.faults.quick_beat:app", LEVY_CLOCK_JUMPS=jumps)
    before = _seals()
    while _seals() == before:
        time.sleep(0.2)
    first, began = _seals(), trial.checker.value("SELECT extract(epoch FROM clock_timestamp())")
    trial.fault("two schedulers")
    trial.fault("clock jumped", "one hour")
    time.sleep(TICKS)
    trial.ground.stop("beat-one", "beat-two", seconds=5)
    time.sleep(3)
    done = _seals() - first
    slots = int(trial.checker.value("SELECT extract(epoch FROM clock_timestamp())") - began) + 2
    taken = trial.checker.value("SELECT taken FROM audit_periodicslot WHERE task = 'audit.tasks.seal'")
    demand(0 < done <= slots, f"{done} times in {slots} slots")
    return f"{done} effects in {slots} slots, {taken} in all"


def _seals() -> int:
    return len(seal_path().read_text().splitlines()) if seal_path().exists() else 0
