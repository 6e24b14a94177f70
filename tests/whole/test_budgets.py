"""The suite's own rules about its groups: the process for each file, and each group's budget."""

import pytest

from tests.budgets import SECONDS, Cost, over
from tests.groups import TESTS, group_of

FILES = sorted(TESTS.rglob("test_*.py"))


def test_every_group_has_a_budget() -> None:
    assert {group_of(path) for path in FILES} == set(SECONDS)


@pytest.mark.parametrize("name", ["whole/test_run.py", "whole/test_backup.py", "levy/test_runs.py"])
def test_a_file_that_starts_programs_goes_with_the_others(name: str) -> None:
    assert group_of(TESTS / name) == "system"


@pytest.mark.parametrize(
    ("name", "group"), [("law/test_periods.py", "law"), ("browser/pages/test_trees.py", "browser")]
)
def test_other_files_belong_to_their_folder(name: str, group: str) -> None:
    assert group_of(TESTS / name) == group


@pytest.mark.parametrize(("share", "found"), [(1.1, []), (1.3, ["law"])])
def test_a_fifth_over_the_budget_is_too_much(share: float, found: list[str]) -> None:
    assert list(over({"law": Cost(SECONDS["law"] * share, 1.0, 0.0), "quota": Cost(1.0, 1.0, 0.0)})) == found


def test_what_a_busy_neighbour_takes_does_not_count() -> None:
    alone, beside = Cost(10.0, 6.0, 0.0), Cost(30.0, 6.0, 12.0)
    assert alone.seconds == beside.seconds == 10.0
