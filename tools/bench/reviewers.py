"""Two hundred of the federation's people at once for five minutes, each thinking for five seconds between two pages,
during an annual run (G2).

Half of them review, half of them verify: the list, a case, its step, the next case. The answers they got must agree
with the trail: a step that was answered as done but is missing, or is there twice, is a lost update.
"""

import http.client
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.cookies import SimpleCookie
from itertools import repeat
from random import Random
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from accounts.models import Region, User
from accounts.permissions import Role
from accounts.services import appoint
from audit.models import AuditEntry
from demo.places import PROVINCE
from quota.enums import ReturnState
from quota.workflow import REVIEW, VERIFY
from tools.bench.annual_run import computed, empty
from tools.bench.clients import PATIENCE, fetch, session_of, steadily
from tools.bench.measure import percentile
from tools.bench.programs import PROCESSES, web_server, workers
from tools.bench.province import LEVY_YEAR, Size
from tools.bench.report import Line, bounded

SESSIONS, THINKING, SECONDS = 200, 5.0, 300.0
SHARE, BAR, CONNECTIONS = 0.95, 1000, 40
STEPS = {ReturnState.CHECKED: REVIEW.name, ReturnState.REVIEWED: VERIFY.name}
ACTIONS = [f"quota.headcountreturn.{step}" for step in STEPS.values()]
CASE = re.compile(r'href="(/verification/(\d+)/\?[^"]*)"\s+data-row')
HIDDEN = re.compile(r'<input\s[^>]*name="(csrfmiddlewaretoken|seen)"\s+value="([^"]*)"')
FORWARD = re.compile(r"/verification/(\d+)/")


@dataclass(slots=True)
class Told:
    """The browsers' observations: start and seconds of each request, faults of the server, steps answered as done."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    done: list[tuple[str, str, int]] = field(default_factory=list)
    refused: int = 0


@dataclass(slots=True)
class Reviewer:
    """One person at one browser, which keeps its cookies."""

    number: int
    person: int
    state: ReturnState
    port: int
    cookie: str
    told: Told

    def work(self, until: float) -> None:
        """From the list to a case, through its step, to the next case, until the time is up."""
        rng, place = Random(self.number), ""
        time.sleep(rng.uniform(0, THINKING))
        while time.perf_counter() < until:
            place = self._case(place) if place else self._list(rng)
            time.sleep(THINKING)

    def _list(self, rng: Random) -> str:
        chosen = {"levy_year": LEVY_YEAR, "state": self.state.value, "page": 1 + self.number // 2}
        _status, page, _to = self._ask("GET", f"{reverse('quota:queue')}?{urlencode(chosen)}")
        cases = CASE.findall(page)
        return rng.choice(cases)[0].replace("&amp;", "&") if cases else ""

    def _case(self, place: str) -> str:
        """Read the case and take its step. Returns the next address, "" for the list."""
        pk, _question, query = place.removeprefix("/verification/").partition("/")
        self._ask("GET", place)
        time.sleep(THINKING)
        step = f"/verification/{pk}/{STEPS[self.state]}/{query}"
        _status, form, _to = self._ask("GET", step)
        time.sleep(THINKING)
        status, _page, to = self._ask("POST", step, urlencode(HIDDEN.findall(form)))
        forward = FORWARD.match(to)
        if status != http.HTTPStatus.FOUND or (forward and forward[1] == pk):
            self.told.refused += 1  # another reviewer was first
            return ""
        self.told.done.append((pk, f"quota.headcountreturn.{STEPS[self.state]}", self.person))
        return to if forward else ""

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str, str]:
        began = time.perf_counter()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            link.request(method, path, body or None, headers if body else {"Cookie": self.cookie})
            answer = link.getresponse()
            page = answer.read().decode()
        finally:
            link.close()
        self.told.answers.append((began, time.perf_counter() - began))
        if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            self.told.faults.append(f"{path}: {answer.status}")
        for set_cookie in answer.headers.get_all("Set-Cookie", []):
            self._keep(SimpleCookie(set_cookie))
        return answer.status, page, answer.headers.get("Location", "")

    def _keep(self, given: "SimpleCookie") -> None:
        kept = dict(part.split("=", 1) for part in self.cookie.split("; "))
        kept |= {name: morsel.value for name, morsel in given.items()}
        self.cookie = "; ".join(f"{name}={value}" for name, value in kept.items())


def lines(size: Size) -> Iterator[Line]:
    """The wait of one answer in twenty, the database's connections, and the faults."""
    empty()  # an earlier run of the year would refuse this one
    told, last = Told(), AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with web_server() as port, workers("batch"):
        reviewers = [_reviewer(number, port, told) for number in range(SESSIONS)]
        queue = partial(fetch, port, reverse("quota:queue"), cookie=reviewers[0].cookie)
        steadily(repeat(queue), per_second=PROCESSES, count=10 * PROCESSES)  # warm up every process
        connections, run_ended = _work(reviewers)
    slow, middle = _waits([seconds for _began, seconds in told.answers])
    slow_beside, middle_beside = _waits([seconds for began, seconds in told.answers if began < run_ended])
    title = f"{SESSIONS} reviewers at {size.employers:,} employers, a run beside them"
    beside = f"while the run went on {slow_beside:.0f} ms and {middle_beside:.0f} ms"
    counted = f"{len(told.answers):,} requests, {len(told.done)} steps, {told.refused} told that somebody was first"
    yield bounded(title, slow, BAR, f"p95 {slow:.0f} ms, median {middle:.0f} ms; {beside}; {counted}", " ms")
    yield bounded(f"{title}: connections of the database", connections, CONNECTIONS, f"{connections} at most")
    lost = _lost(told, last)
    shown = f"{len(told.faults)} faults of the server, {lost} lost updates"
    yield bounded(f"{title}: what went wrong", len(told.faults) + lost, 0, shown)


def _waits(seconds: list[float]) -> tuple[float, float]:
    """The wait of one answer in twenty, and the median, in milliseconds."""
    return percentile(seconds, SHARE) * 1000, percentile(seconds, 0.5) * 1000


def _reviewer(number: int, port: int, told: Told) -> Reviewer:
    person, is_new = User.objects.get_or_create(username=f"reviewer{number}", defaults={"name": f"审核{number}"})
    if is_new:
        appoint(user=person, role=Role.VERIFIER, region=Region.objects.get(pk=PROVINCE), actor=None)
    state = list(STEPS)[number % 2]
    return Reviewer(number, person.pk, state, port, session_of(User.objects.get(pk=person.pk)), told)


def _work(reviewers: list[Reviewer]) -> tuple[int, float]:
    """All reviewers at once, with the run. Returns the peak number of database connections and the time the run
    ended."""
    until = time.perf_counter() + SECONDS
    most = 0
    with ThreadPoolExecutor(len(reviewers) + 1) as pool:
        run = pool.submit(_run)
        working = [pool.submit(reviewer.work, until) for reviewer in reviewers]
        while not all(one.done() for one in working):
            most = max(most, _connections())
            time.sleep(0.5)
        for one in working:
            one.result()
        return most, run.result()


def _run() -> float:
    try:
        computed(Region.objects.get(pk=PROVINCE))
    finally:
        connection.close()
    return time.perf_counter()


def _connections() -> int:
    """All connections of this database, the bench's own two included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def _lost(told: Told, last: int) -> int:
    """Steps that were answered as done but are not on record, are there unanswered, or are there twice."""
    entries = AuditEntry.objects.filter(pk__gt=last, action__in=ACTIONS)
    stored = Counter(entries.values_list("object_id", "action", "actor_id"))
    answered = Counter(told.done)
    twice = Counter((pk, action) for pk, action, _actor in stored.elements())
    unlike = (stored - answered).total() + (answered - stored).total()
    return unlike + sum(times - 1 for times in twice.values())
