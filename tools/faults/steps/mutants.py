"""The same checks against a system that lacks one guard each (tools.faults.guards).

A mutant that stays green shows that the check proves nothing, and fails the build.
"""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from demo.codes import identity_number
from tools.faults.ground import wait_for
from tools.faults.guards import CANARY, CHECKS, RED
from tools.faults.province import STEADY_YEAR
from tools.faults.report import Broken, demand
from tools.faults.steps.broker import silent_broker
from tools.faults.trial import Trial
from tools.runner import processes
from tools.runner.state import ROOT

NOT_COPIED = ("var", "tests", "docs", "deploy", ".*", "__pycache__")
SILENCE = 35


@dataclass(frozen=True)
class Mutant:
    """A guard to cut out: the file, the text, its replacement, and the check that must notice."""

    title: str
    path: str
    guard: str
    instead: str
    check: str


MUTANTS = (
    Mutant(
        "A3 没有唯一键和状态检查 no unique key, no look at the state",
        "levy/services/runs.py",
        ".filter(run_id=run_id, number=number, state=SliceState.TODO, run__state=RunState.COMPUTING)",
        ".filter(run_id=run_id, number=number)",
        "doubled",
    ),
    Mutant("B1 没有清扫 no sweeper", "levy/tasks.py", "    send_slices()\n", "", "swept"),
    Mutant(
        "A8 不比较版本 no version check",
        "quota/services/filing.py",
        "    if draft.version != version:\n        raise ReturnChanged\n",
        "",
        "compared",
    ),
    Mutant(
        "D2 少一处范围限制 one scope removed",
        "accounts/scoping.py",
        "queryset.visible_to(user).",
        "queryset.",
        "scoped",
    ),
    Mutant(
        "E1 记下一行数据 one row logged",
        "exchange/engine/loading.py",
        "            if rows:\n",
        "            print(batch.columns)\n            if rows:\n",
        "silent",
    ),
)
SOCKET_GUARDS = ('    "socket_timeout": 10,\n', '    "health_check_interval": 5,\n')


def run(trial: Trial) -> None:
    with trial.report.promise("mutants", "完整的代码通过全部检查 the whole code passes every check"):
        failing = [name for name in CHECKS if _check(trial, ROOT, name) != 0]
        demand(not failing, f"on the code as it is these checks fail: {failing}")
    for mutant in MUTANTS:
        with trial.report.promise("mutant", mutant.title):
            _must_turn_red(trial, mutant)
    with trial.report.promise("mutant", "B3 默认的连接选项 default socket options"):
        _default_sockets(trial)


def _must_turn_red(trial: Trial, mutant: Mutant) -> None:
    copy = _copy(trial, mutant.check)
    _cut(copy / mutant.path, mutant.guard, mutant.instead)
    trial.fault("guard removed", mutant.path)
    code = _check(trial, copy, mutant.check)
    demand(code == RED, f"the mutant stayed green: {mutant.check} ended with {code}")


def _copy(trial: Trial, name: str) -> Path:
    copy = trial.ground.state.root / "mutants" / name
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return copy


def _cut(path: Path, guard: str, instead: str) -> None:
    text = path.read_text()
    if guard not in text:
        raise Broken(f"{path.name} no longer holds the guard that was to be removed")
    path.write_text(text.replace(guard, instead))


def _check(trial: Trial, folder: Path, *names: str) -> int:
    """The exit code of the checks with the code of that folder; RED also if a canary's number was written."""
    # The checks take away the database's own guards, as only the owner of the tables can.
    environment = trial.ground.environment | {"DATABASE_URL": trial.ground.owner_url}
    environment |= {processes.MARK: str(trial.ground.state.root)}
    command = [str(trial.ground.state.python), "-m", "tools.faults.guards", *names]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if identity_number(CANARY)[0] in done.stdout + done.stderr:
        return RED
    if done.returncode not in (0, RED):
        raise Broken(done.stderr[-300:])
    return done.returncode


def _default_sockets(trial: Trial) -> None:
    """The step `broker` without the socket options that notice a silent peer: the worker must not come back."""
    copy = _copy(trial, "sockets")
    for guard in SOCKET_GUARDS:
        _cut(copy / "config" / "celery_settings.py", guard, "")
    trial.fault("guard removed", "config/celery_settings.py")
    proxy = silent_broker(trial, "worker-default", cwd=copy)
    trial.ground.start_beat("beat-default")
    run_id = trial.start_run(STEADY_YEAR)
    wait_for(lambda: trial.checker.done(run_id)[0] > 5, "the worker did not begin")
    proxy.freeze()
    time.sleep(2)
    before = trial.checker.done(run_id)[0]
    time.sleep(SILENCE)
    after, total = trial.checker.done(run_id)
    proxy.close()
    trial.discard(run_id)
    demand(before < total, "the run was over before the silence")
    demand(after == before, f"the mutant stayed green: {after - before} slices were done all the same")
