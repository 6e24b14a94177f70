"""How many seconds each group of tests may take on two quiet cores; slowness is a fault like any other.

The table is printed at the end of a run. A full run with CI=true fails when a group takes a fifth more. Counted is the
time of each test's own process less what it waited for a processor, so that a busy neighbour makes nothing red.
"""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.groups import group_of

SECONDS = {
    "browser": 420,
    "system": 300,
    "whole": 300,
    "levy": 240,
    "quota": 120,
    "disclosure": 120,
    "accounts": 60,
    "subsidies": 60,
    "law": 60,
    "demo": 30,
    "audit": 20,
    "operations": 10,
    "faults": 5,
}
TOLERANCE = 1.2


def waited() -> float:
    """Seconds for which this process was ready and had no processor; 0 where the kernel does not tell."""
    with suppress(OSError):
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


class Clock:
    """Reads `waited` once for each phase of a test."""

    def __init__(self) -> None:
        self.last = waited()

    def lap(self) -> float:
        before, self.last = self.last, waited()
        return self.last - before


CLOCK = Clock()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send the group and the seconds of each phase along with its report, which may come from another process."""
    report = yield
    report.cost = (group_of(item.path), max(0.0, report.duration - CLOCK.lap()))
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Sum(config), "budgets")


class Sum:
    """Adds up what the reports tell, in the process that prints."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.used = config, Counter[str]()

    def pytest_runtest_logreport(self, report: Any) -> None:
        group, seconds = getattr(report, "cost", ("", 0.0))
        self.used[group] += seconds

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        is_controller = not hasattr(self.config, "workerinput")
        if is_controller and session.exitstatus == pytest.ExitCode.OK and self._must_keep() and list(over(self.used)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("seconds by group, without waiting for a processor")
        for group, seconds in sorted(self.used.items(), key=lambda entry: -entry[1]):
            terminalreporter.write_line(f"{group or 'lost':12} {seconds:6.0f} of {SECONDS.get(group, 0):4}")
        for group in over(self.used) if self._must_keep() else ():
            terminalreporter.write_line(f"{group} takes more than a fifth over its budget", red=True)

    def _must_keep(self) -> bool:
        """Only all tests, at their usual length, on a machine that decides."""
        is_whole = self.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (
            self.config.option.keyword or self.config.option.markexpr or self.config.option.maxfail
        )
        return is_whole and os.environ.get("CI") == "true" and not os.environ.get("LEVY_LONG")


def over(used: Counter[str]) -> Iterator[str]:
    """The groups that took more than a fifth over their budget, and those without one."""
    return (group for group, seconds in used.items() if group and seconds > SECONDS.get(group, 0) * TOLERANCE)
