"""The groups of the suite: which of two test processes runs a test.

A plugin of pytest (tests/conftest.py). The tests of a file stay together. So do all browser tests, which share one
site, and all files with a test that starts programs: they share a worker, and take turns.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent
TOGETHER = ("browser", "system")  # each in one process
# The longest come first, so that neither process waits for the other at the end.
ORDER = (*TOGETHER, "whole")
STARTS_PROGRAMS = ("pytest.mark.system", "celery_worker:", "celery_worker,")


@cache
def group_of(path: Path) -> str:
    """`system` for a file with a test that starts programs, else the folder of the file."""
    text = path.read_text(encoding="utf-8")
    return "system" if any(mark in text for mark in STARTS_PROGRAMS) else path.relative_to(TESTS).parts[0]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest groups; in the browser's group with the tests that share the demo province, made once."""
    items.sort(key=lambda item: (_turn(group_of(item.path)), "site" not in getattr(item, "fixturenames", ())))


def _turn(group: str) -> int:
    return ORDER.index(group) if group in ORDER else len(ORDER)


class ByGroup(LoadScopeScheduling):
    """Gives a process one group or file at a time. (`--dist loadgroup` does not know the node ids of pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        group = group_of(TESTS.parent / file)
        return group if group in TOGETHER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup | None:
    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None
