"""The groups of the suite: which of two test processes runs a test.

A plugin of pytest (tests/conftest.py). Tests of one file stay together; the browser's tests share one site and the
tests marked `system`, which start programs of their own, share what they start.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# The longest come first: the other process works through the files meanwhile.
FIRST = ("browser", "system")


def group_of(item: pytest.Item) -> str:
    """The name by which a test's seconds are counted: `system`, or the folder of its file."""
    return "system" if item.get_closest_marker("system") else item.path.relative_to(TESTS).parts[0]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test the name of what it shares with others: pytest-xdist runs equal names in one process."""
    group = group_of(item)
    item.add_marker(pytest.mark.xdist_group(group if group in FIRST else str(item.path.relative_to(TESTS))))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest groups, and in the browser's with what shares the demo province: it is made once."""
    items.sort(key=lambda item: (_turn(group_of(item)), "site" not in getattr(item, "fixturenames", ())))


def _turn(group: str) -> int:
    return FIRST.index(group) if group in FIRST else len(FIRST)
