"""`python -m tools.faults [--seed N] [--employers N] [--steps a,b] [--report FOLDER] [--write]`, started by run.py."""

import argparse
import os
import secrets
import sys
import time
from importlib import import_module
from pathlib import Path

from tools.faults.ground import Ground
from tools.faults.nemesis import Nemesis
from tools.faults.report import Report
from tools.runner import measured
from tools.runner.console import Refusal, note, step
from tools.runner.services import Signals, Stop
from tools.runner.state import State

STEPS = (
    "clean",
    "storm",
    "broker",
    "disk",
    "deploy",
    "people",
    "poison",
    "payments",
    "uploads",
    "requests",
    "slow",
    "canaries",
    "recovery",
    "mutants",
)
EMPLOYERS = 20_000
FEWEST_FAULTS = 50


def main() -> int:
    """Returns 0 when every promise was kept and every mutant turned red."""
    options = _options()
    signals = Signals()
    signals.install()
    try:
        return _run(options)
    except Refusal as refusal:
        refusal.show()
        return 1
    except Stop:
        note("已停止。 Stopped.")
        return 130


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py faults")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="repeat the faults of this run")
    parser.add_argument("--employers", type=int, default=EMPLOYERS, help="fewer while you look for something")
    parser.add_argument("--steps", default=",".join(STEPS), help="some of: %(default)s; clean always comes first")
    parser.add_argument("--report", type=Path, default=Path("."), help="folder of faults.json and faults.md")
    parser.add_argument("--write", action="store_true", help="put the result of all steps into docs/measured.md")
    options = parser.parse_args()
    options.steps = ["clean", *(name for name in STEPS[1:] if name in options.steps.split(","))]
    if options.write and options.steps != list(STEPS):
        parser.error("--write is for a run of all steps")
    return options


def _run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    report = Report(options.seed, options.employers)
    note(f"种子 Seed {options.seed}, {options.employers:,} employers")
    state = State.named_by_environment()
    with Ground(state) as ground:
        os.environ.update(ground.environment)
        _prepare(ground, options)
        _take_steps(ground, report, options)
    report.show()
    note(f"{report.write(options.report)}  {time.monotonic() - began:.0f} s")
    if options.write:
        measured.write("faults", f"{measured.circumstances()}.\n\n{report.summary()}")
    return 0 if report.is_kept else 1


def _prepare(ground: Ground, options: argparse.Namespace) -> None:
    """Import nothing of Django before the servers' addresses are known."""
    import django

    django.setup()
    from django.core.management import call_command

    from tools.faults import province
    from tools.roles import sign_in

    sign_in(ground.owner_url)
    with step("升级数据库结构", "Migrating the database"):
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
    with step("装入单位", "Filling the province"):
        province.fill(employers=options.employers, seed=options.seed)
    sign_in(ground.environment["DATABASE_URL"])


def _take_steps(ground: Ground, report: Report, options: argparse.Namespace) -> None:
    from tools.faults.checker import Checker
    from tools.faults.trial import Trial

    nemesis = Nemesis(options.seed, report.faults)
    trial = Trial(ground, report, nemesis, Checker(ground.admin_url), options.employers, options.seed)
    for name in options.steps:
        report.step = name
        note(f"{name} …")
        try:
            import_module(f"tools.faults.steps.{name}").run(trial)
        except Exception as failure:  # of any kind: the other steps still run
            with report.promise("*", "步骤中断 the step broke off"):
                raise failure
        finally:
            ground.stop(*ground.programs, seconds=10)
    if options.steps == list(STEPS):
        report.step = "all"
        with report.promise("faults", f"至少{FEWEST_FAULTS}次故障，步步都有 a run that broke nothing proves nothing"):
            report.demand_faults(STEPS[1:], FEWEST_FAULTS)


if __name__ == "__main__":
    sys.exit(main())
