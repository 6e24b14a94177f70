"""The broker is disposable, and the system notices its silence (B2, B3): no person's work depends on it."""

import time
from collections.abc import Iterator
from pathlib import Path

import redis

from accounts.models import User
from demo.officers import EMPLOYER
from demo.units import OPEN_YEAR
from law.codes import EntityType
from quota.models import Employer, HeadcountReturn, Membership
from tools.faults.ground import wait_for
from tools.faults.province import STEADY_YEAR
from tools.faults.proxy import Proxy
from tools.faults.report import demand
from tools.faults.trial import Trial, insist
from tools.faults.visitor import Visitor
from tools.runner.state import ROOT

POSTS = 200
SUBMITTED = 10
EMPTIED = 3
KILLED = 3


def run(trial: Trial) -> None:
    with trial.report.promise("B3", "消息服务失去应答后自动恢复 a silent broker is noticed") as line:
        line.remark = f"{_silence(trial):.0f} s"
    with trial.report.promise("B2", "清空、杀死、写满消息服务，申报照常 the broker is disposable") as line:
        line.remark = _outage(trial)


def silent_broker(trial: Trial, name: str, cwd: Path = ROOT) -> Proxy:
    """A worker that reaches its broker through a proxy, in the middle of a run, with its connections just frozen."""
    proxy = Proxy(trial.ground.valkey_port("broker"))
    url = f"redis://:{trial.ground.broker_password}@127.0.0.1:{proxy.port}/0"
    trial.ground.start_worker(name, "fast,batch", 1, cwd=cwd, REDIS_URL=url)
    return proxy


def _silence(trial: Trial) -> float:
    """Freeze the only worker's connections. Returns the time until it did the next slice."""
    proxy = silent_broker(trial, "worker-behind-proxy")
    trial.ground.start_beat()
    run_id = trial.start_run(STEADY_YEAR)
    wait_for(lambda: trial.checker.done(run_id)[0] > 5, "the worker did not begin")
    trial.fault("broker silent", f"{proxy.freeze()} connections")
    time.sleep(1)  # it finishes the slice it already has
    before, began = trial.checker.done(run_id)[0], time.monotonic()
    wait_for(lambda: trial.checker.done(run_id)[0] > before, "the worker never came back")
    took = time.monotonic() - began
    trial.finish(run_id, STEADY_YEAR)
    trial.ground.stop("worker-behind-proxy", "beat", seconds=5)
    proxy.close()
    return took


def _outage(trial: Trial) -> str:
    """People file while the broker is emptied, killed and full; afterwards every return they sent is there."""
    ground = trial.ground
    port = ground.start_web()
    clerk = Visitor(port).sign_in(EMPLOYER)
    drafts = [_draft(clerk, employer) for employer in _employers()]
    ground.start_worker("worker", "fast,batch", 1)
    ground.start_beat()
    run_id = trial.start_run(STEADY_YEAR)
    saved: dict[int, int] = {}
    outages = _outages(trial)
    for number in range(POSTS):
        if number % (POSTS // (EMPTIED + KILLED + 2)) == 0:
            next(outages, None)
        draft = drafts[number % len(drafts)]
        saved[draft] = 31 + number
        _save(clerk, draft, saved[draft])
    for draft in drafts[:SUBMITTED]:
        clerk.post(f"/returns/{draft}/submit/", {"version": _version(draft), "is_true": "on"})
    demand(Visitor(port).sign_in("levy1-shanxi").get("/runs/").status == 200, "nobody could sign in meanwhile")
    for _rest in outages:
        pass
    demand(not ground.programs["worker"].has_ended(), "the worker did not outlive the outage")
    _judge(trial, clerk, saved, drafts)
    trial.finish(run_id, STEADY_YEAR)
    return f"{POSTS} posts, {SUBMITTED} filings"


def _employers() -> list[Employer]:
    """Employers of the clerk that have not filed the open year yet."""
    clerk = User.objects.get(username=EMPLOYER)
    free = Employer.objects.exclude(returns__levy_year=OPEN_YEAR).exclude(entity_type=EntityType.SOLE_TRADER)
    chosen = list(free.order_by("pk")[:20])
    Membership.objects.bulk_create([Membership(user=clerk, employer=employer) for employer in chosen])
    return chosen


def _draft(clerk: Visitor, employer: Employer) -> int:
    opened = clerk.post(f"/employers/{employer.uscc}/{OPEN_YEAR}/open/", {})
    demand(opened.status == 200 and "/returns/" in opened.url, f"a return could not be opened: {opened.status}")
    return int(opened.url.rstrip("/").rpartition("/")[2])


def _version(draft: int) -> int:
    return insist(lambda: HeadcountReturn.objects.values_list("version", flat=True).get(pk=draft))


def _save(clerk: Visitor, draft: int, staff: int) -> None:
    months = {f"staff_{month}": staff for month in range(1, 13)}
    clerk.post(f"/returns/{draft}/", {"version": _version(draft), "total_wages": "2400000.00", **months})


def _outages(trial: Trial) -> Iterator[None]:
    """One outage after the other, each on request; the last gives the broker its room back."""
    ground = trial.ground
    broker = redis.Redis.from_url(ground.environment["REDIS_URL"], socket_timeout=10)
    for _time in range(EMPTIED):
        broker.flushall()
        yield trial.fault("broker emptied")
    broker.config_set("maxmemory", "1mb")
    try:
        broker.set("anything", b"x" * 100_000)
    except redis.exceptions.OutOfMemoryError:
        trial.fault("broker full")
    try:
        yield
    finally:
        broker.config_set("maxmemory", "256mb")
    for _time in range(KILLED):
        ground.kill_valkey("broker", is_disk_lost=True)
        yield trial.fault("broker killed")


def _judge(trial: Trial, clerk: Visitor, saved: dict[int, int], drafts: list[int]) -> None:
    bad = [status for status in clerk.seen if status == 0 or status >= 500]
    demand(not bad, f"{len(bad)} of {len(clerk.seen)} requests failed: {sorted(set(bad))}")
    stored = dict(trial.checker.ask("SELECT id, staff_months FROM quota_headcountreturn WHERE id = ANY(%s)", drafts))
    demand(stored == {draft: 12 * staff for draft, staff in saved.items()}, "what was saved is not what was sent")
    waiting = "SELECT count(*) FROM quota_headcountreturn WHERE id = ANY(%s) AND state = 'submitted'"
    filed = "SELECT count(*) FROM quota_headcountreturn WHERE id = ANY(%s) AND state <> 'draft'"
    demand(trial.checker.value(filed, drafts) == SUBMITTED, "a filing got lost")
    wait_for(lambda: trial.checker.value(waiting, drafts) == 0, "a filing was never checked")
