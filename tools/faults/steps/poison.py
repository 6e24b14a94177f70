"""Slices that cannot be done, and workers that stop (B7, B8)."""

import contextlib
import os
import re
import resource
import signal
from pathlib import Path
from time import sleep

import redis

from levy.errors import RunIncomplete
from levy.models import AssessmentRun
from levy.services import runs
from tools.faults.ground import wait_for
from tools.faults.province import STEADY_YEAR
from tools.faults.report import demand
from tools.faults.trial import Trial
from tools.faults.visitor import Visitor

SLICES = 40
GIANT = 30  # the slice that takes over all slices before it
ENDLESS = SLICES - 2
POLLS = 200
LONGEST_PAUSE = 0.2  # seconds between two looks
MIB = 1 << 20

# An employer whose row never finishes: imitates a faulty trigger, or a lock that is never released.
ENDLESS_ROW = """
CREATE FUNCTION never_through() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.employer_id = %s THEN LOOP PERFORM pg_sleep(1); END LOOP; END IF; RETURN NEW; END $$;
CREATE TRIGGER never_through BEFORE INSERT ON levy_assessment FOR EACH ROW EXECUTE FUNCTION never_through()
"""
HEALED = "DROP TRIGGER IF EXISTS never_through ON levy_assessment; DROP FUNCTION IF EXISTS never_through()"
# The nemesis does not wait: it dates every send back.
TIME_PASSES = """
UPDATE levy_assessmentslice SET sent_at = sent_at - interval '1 minute'
WHERE run_id = %s AND number = ANY(%s) AND state = 'todo' AND sent_at > now() - interval '30 seconds'
"""
# Nothing was sent yet, and the poisoned ones are not due before they are released.
HELD_BACK = """
UPDATE levy_assessmentslice SET sent_at = CASE WHEN number = ANY(%s) THEN now() + interval '1 day' END
WHERE run_id = %s
"""
RELEASED = "UPDATE levy_assessmentslice SET sent_at = NULL WHERE run_id = %s AND number = %s"
TO_DO = "SELECT count(*) FROM levy_assessmentslice WHERE run_id = %s AND number = ANY(%s) AND state = 'todo'"


def run(trial: Trial) -> None:
    with trial.report.promise("B7", "毒分片被隔离，其余照算，不能核定 a poison slice is put aside") as line:
        line.remark = _poison(trial)
    with trial.report.promise("B8", "后台停住，页面如实说明 the progress page tells the truth"):
        _standstill(trial)


def _poison(trial: Trial) -> str:
    """One slice never ends and is killed by its time limit; one asks for more memory than it may have."""
    checker = trial.checker
    run_id = trial.start_run(STEADY_YEAR, SLICES)
    swallowed = "SELECT first_id FROM levy_assessmentslice WHERE run_id = %s ORDER BY number LIMIT 1"
    first = checker.value(swallowed, run_id)
    checker.do("DELETE FROM levy_assessmentslice WHERE run_id = %s AND number < %s", run_id, GIANT)
    giant = "UPDATE levy_assessmentslice SET first_id = %s WHERE run_id = %s AND number = %s"
    checker.do(giant, first, run_id, GIANT)
    endless = "SELECT first_id FROM levy_assessmentslice WHERE run_id = %s AND number = %s"
    checker.do(ENDLESS_ROW.replace("%s", str(checker.value(endless, run_id, ENDLESS))))
    # A message carries the time limits of its sender: drop ours, so that the worker's own sweeper sends them all.
    redis.Redis.from_url(trial.ground.environment["REDIS_URL"]).flushall()
    checker.do(HELD_BACK, [GIANT, ENDLESS], run_id)
    try:
        trial.ground.start_worker("worker", "fast,batch", 2, app="tools.faults.short_limits:app")
        trial.ground.start_beat()
        largest = _feed(trial, run_id)
    finally:
        checker.do(HEALED)
    aside = dict(
        checker.ask(
            "SELECT number, error FROM levy_assessmentslice WHERE run_id = %s AND state = 'quarantined'", run_id
        )
    )
    demand(set(aside) == {GIANT, ENDLESS}, f"put aside: {aside}")
    demand(largest < 400 * MIB, f"a worker grew to {largest // MIB} MiB")
    poisoned = AssessmentRun.objects.get(pk=run_id)
    with contextlib.suppress(RunIncomplete):
        runs.refuse_disagreement(poisoned)
        demand(False, "a run with slices put aside could be confirmed")
    trial.discard(run_id)
    return f"{aside}, {largest // MIB} MiB at most"


def _feed(trial: Trial, run_id: int) -> int:
    """Feed the sound slices first, then each poisoned one. Returns the largest resident size seen.

    For the poisoned slices the worker's processes get little more memory than they have by then.
    """
    checker = trial.checker
    limited: set[int] = set()
    largest = 0

    def is_through(numbers: list[int], *, is_poison: bool) -> bool:
        nonlocal largest
        for pid in trial.ground.children("worker"):
            largest = max(largest, _size(pid, "VmRSS"))
            if is_poison and pid not in limited:
                limited.add(pid)
                _limit(pid, trial.employers * 300)
        trial.ground.revive()
        checker.do(TIME_PASSES, run_id, numbers)
        return checker.value(TO_DO, run_id, numbers) == 0

    sound = [number for number in range(GIANT + 1, SLICES) if number != ENDLESS]
    wait_for(lambda: is_through(sound, is_poison=False), "the sound slices were not done")
    for number in (GIANT, ENDLESS):
        is_through([], is_poison=True)
        checker.do(RELEASED, run_id, number)
        poisoned = [number]
        wait_for(lambda: is_through(poisoned, is_poison=True), f"slice {number} was never put aside", pause=0.1)  # noqa: B023
    wait_for(lambda: checker.state(run_id) != "computing", "the run did not end")
    return largest


def _limit(pid: int, room: int) -> None:
    """Let a process have at most `room` bytes more than it has now."""
    with contextlib.suppress(ProcessLookupError):
        data = _size(pid, "VmData") + room
        resource.prlimit(pid, resource.RLIMIT_DATA, (data, data))


def _size(pid: int, what: str) -> int:
    with contextlib.suppress(OSError):
        found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def _standstill(trial: Trial) -> None:
    """Stop the workers in the middle. The page must count what is there, say that nothing moves, and never say
    done."""
    trial.ground.start_worker("still", "fast,batch", 1)
    trial.ground.start_beat("beat-still")
    officer = Visitor(trial.ground.start_web()).sign_in("levy1-shanxi")
    run_id = trial.start_run(STEADY_YEAR, slices=200)
    made = _poll(trial, officer, run_id, POLLS // 2, until_half=True)
    group = trial.ground.programs["still"].process.pid
    os.killpg(group, signal.SIGSTOP)
    trial.fault("worker frozen", "still")
    trial.checker.do("UPDATE levy_assessmentrun SET started_at = started_at - interval '1 hour' WHERE id = %s", run_id)
    # Count only finished slices: a stopped worker's slice stays locked until PostgreSQL ends its session.
    past = "UPDATE levy_assessmentslice SET done_at = done_at - interval '1 hour' WHERE run_id = %s AND state = 'done'"

    def says_so() -> bool:
        # Ask again every time: PostgreSQL may still finish statements that the workers sent before they stopped.
        trial.checker.do(past, run_id)
        return "没有进展" in officer.get(f"/runs/{run_id}/").text

    try:
        wait_for(says_so, "the page does not say that nothing moves", seconds=60)
        is_over = trial.checker.state(run_id) != "computing"
        made += _poll(trial, officer, run_id, POLLS // 4)
    finally:
        os.killpg(group, signal.SIGCONT)
    _poll(trial, officer, run_id, POLLS - made)
    demand(not is_over, "the run was over before the workers were stopped")
    trial.finish(run_id, STEADY_YEAR)


def _poll(trial: Trial, officer: Visitor, run_id: int, polls: int, *, until_half: bool = False) -> int:
    """Look at the page at random moments. Returns the number of looks.

    The first looks end when half of the run is done, so that a quick machine does not finish before it is stopped.
    """
    chance = trial.nemesis.chance(f"polls {polls}")
    for made in range(1, polls + 1):
        _compare_page(trial, officer, run_id)
        done, total = trial.checker.done(run_id)
        if until_half and done > total // 2:
            return made
        sleep(chance.uniform(0, LONGEST_PAUSE))
    return polls


def _compare_page(trial: Trial, officer: Visitor, run_id: int) -> None:
    """The page's count must be between the database's count before and after it."""
    counted = "SELECT coalesce(sum(employer_count), 0) FROM levy_assessmentslice WHERE run_id = %s"
    before = trial.checker.value(counted, run_id)
    page = officer.get(f"/runs/{run_id}/").text
    after = trial.checker.value(counted, run_id)
    shown = re.search(r"已计算([\d,]+)户", page)
    if shown:
        demand(before <= int(shown[1].replace(",", "")) <= after, f"shown {shown[1]}, stored {before} to {after}")
    elif trial.checker.state(run_id) == "computing":
        demand(False, "the page of a computing run shows no count")
