"""The seconds that each group of tests may take on two quiet cores; slowness is a fault like any other.

The table is printed at the end of a run. A full run with CI=true fails when a group exceeds its budget by a fifth. A
busy neighbour fails nothing: seconds are scaled by the share of the time in which a ready test process had a
processor, because PostgreSQL and Chromium wait just as long for theirs.
"""

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.groups import group_of

SECONDS = {
    "browser": 420,
    "system": 300,
    "whole": 300,
    "levy": 240,
    "exchange": 120,
    "collection": 60,
    "portal": 60,
    "quota": 120,
    "disclosure": 120,
    "accounts": 60,
    "casework": 60,
    "subsidies": 60,
    "law": 60,
    "design": 30,
    "access": 30,
    "demo": 30,
    "audit": 20,
    "operations": 10,
    "faults": 5,
}
TOLERANCE = 1.2


class Cost(NamedTuple):
    """Seconds that passed, and of these the seconds on a processor and the seconds waiting for one."""

    passed: float = 0.0
    ran: float = 0.0
    waited: float = 0.0

    def plus(self, other: "Cost") -> "Cost":
        return Cost(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def seconds(self) -> float:
        """The seconds it would have taken with a free processor at any time."""
        return self.passed * self.ran / (self.ran + self.waited) if self.ran else self.passed


class Clock:
    """Reads the kernel's account of this process once for each phase of a test; nothing where there is no account."""

    def __init__(self) -> None:
        self._last = self._read()

    @staticmethod
    def _read() -> tuple[float, float]:
        with suppress(OSError):
            ran, waited, _times = map(int, Path("/proc/self/schedstat").read_text().split())
            return ran / 1e9, waited / 1e9
        return 0.0, 0.0

    def lap(self, passed: float) -> Cost:
        (ran, waited), self._last = self._last, self._read()
        return Cost(passed, self._last[0] - ran, self._last[1] - waited)


CLOCK = Clock()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the group and the cost of each phase to its report, which may come from another process."""
    report = yield
    report.cost = (group_of(item.path), *CLOCK.lap(report.duration))
    return report


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Sum(config), "budgets")


class Sum:
    """Adds up the reports, in the process that prints."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._used: dict[str, Cost] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        if cost := getattr(report, "cost", None):  # none of a test whose process has died
            self._used[cost[0]] = self._used.get(cost[0], Cost()).plus(Cost(*cost[1:]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK and self._must_keep() and any(over(self._used)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("seconds of each group, passed and without waiting for a processor, and its budget")
        for group, cost in sorted(self._used.items(), key=lambda entry: -entry[1].seconds):
            numbers = f"{cost.passed:6.0f} {cost.seconds:6.0f} {SECONDS.get(group, 0):6}"
            terminalreporter.write_line(f"{group:12} {numbers}")
        for group in over(self._used) if self._must_keep() else ():
            terminalreporter.write_line(f"{group} takes more than a fifth over its budget", red=True)

    def _must_keep(self) -> bool:
        """True only for all tests, at their usual length, on a machine that enforces budgets."""
        asked = self._config.option
        is_whole = self._config.args_source is pytest.Config.ArgsSource.TESTPATHS
        is_whole = is_whole and not (asked.keyword or asked.markexpr or asked.maxfail)
        return is_whole and os.environ.get("CI") == "true" and not os.environ.get("LEVY_LONG")


def over(used: Mapping[str, Cost]) -> Iterator[str]:
    """The groups that exceed their budget by more than a fifth."""
    return (group for group, cost in used.items() if cost.seconds > SECONDS.get(group, 0) * TOLERANCE)
