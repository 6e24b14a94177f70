"""The bench at a size that takes seconds: every row appears, and both sides of a comparison have the same rows."""

import re
from pathlib import Path

import pytest

from audit.models import AuditEntry
from levy.models import Assessment, AssessmentRun
from quota.models import Employer, HeadcountReturn, Placement, PlacementCheck
from tests.conftest import test_database_url as database_url
from tools.bench import (
    amounts,
    annual_run,
    checking,
    lists,
    loading,
    notices,
    pages,
    plan,
    report,
    reviewers,
)
from tools.bench.measure import Comparison, Cost, percentile
from tools.bench.province import TENTH, Size, write_province
from tools.bench.report import Line
from tools.runner import measured

pytestmark = pytest.mark.system
SMALL = Size(employers=2000, person_months=2400)


@pytest.fixture
def province(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench's province in the test database, which the programs started by the bench use too."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    write_province(SMALL, lambda _rows: None)


def assert_measured(lines: list[Line], *, at_least: int) -> None:
    assert len(lines) >= at_least
    assert all(line.what and line.measured for line in lines)
    assert any(line.bar != "–" for line in lines)
    assert report.table(lines).count("\n") == len(lines) + 2


def test_the_province_has_what_was_asked_for(province: None) -> None:
    assert Employer.objects.count() == SMALL.employers
    assert Employer.objects.filter(region__code__startswith=TENTH[:4]).count() == SMALL.tenth
    inside = Placement.objects.filter(employer__region__code__startswith=TENTH[:4])
    assert inside.count() == SMALL.placements
    assert inside.values("person_key").distinct().count() < SMALL.placements  # some are claimed twice


def test_checks_look_at_the_claims_that_the_joins_find(province: None) -> None:
    assert_measured(list(checking.lines(SMALL)), at_least=2)
    assert PlacementCheck.objects.count() == SMALL.placements == checking.joined_rows()
    assert HeadcountReturn.objects.filter(state="checked", has_findings=True).exists()


def test_loads_store_every_row_and_leave_none_behind(province: None) -> None:
    before = HeadcountReturn.objects.count()
    assert_measured(list(loading.lines(SMALL)), at_least=5)
    assert HeadcountReturn.objects.count() == before


def test_a_run_a_list_its_notices_and_the_pages_are_measured(province: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, because each takes what the one before left."""
    monkeypatch.setattr(annual_run, "TURNS", 1)
    monkeypatch.setattr(notices, "NOTICES", 25)
    monkeypatch.setattr(pages, "SEARCHES", 20)
    monkeypatch.setattr(pages, "PAGES", 10)
    assert_measured(list(annual_run.lines(SMALL)), at_least=7)
    assert_measured(list(lists.lines(SMALL)), at_least=4)
    assert_measured(list(notices.lines(SMALL)), at_least=1)
    assert_measured(list(pages.lines(SMALL)), at_least=6)


def test_reviewers_work_beside_a_run_and_what_they_were_told_is_on_record(
    province: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, small in (("SESSIONS", 6), ("THINKING", 0.05), ("SECONDS", 8.0)):
        monkeypatch.setattr(reviewers, name, small)
    waited, connections, wrong = reviewers.lines(SMALL)
    assert (wrong.holds, wrong.measured) == (True, "0 faults of the server, 0 lost updates")
    assert connections.holds
    assert " 0 steps" not in waited.measured
    assert AuditEntry.objects.filter(action__in=reviewers.ACTIONS).values("action").distinct().count() == 2


def test_twin_a_step_that_was_answered_and_is_not_on_record_is_a_lost_update(db: None) -> None:
    assert reviewers._lost(reviewers.Told(done=[("1", reviewers.ACTIONS[0], 1)]), 0) == 1


def test_the_plan_says_what_each_row_takes(province: None) -> None:
    said = [line.measured for line in plan.lines(SMALL)]
    assert any("bytes each" in measured for measured in said)


def test_a_limit_that_comes_to_other_rows_stops_the_bench(province: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annual_run, "FIGURES", annual_run.FIGURES.replace("/ 12, 2) AS gross", "/ 12, 1) AS gross"))
    monkeypatch.setattr(annual_run, "TURNS", 1)
    with pytest.raises(RuntimeError, match="other rows"):
        list(annual_run.lines(SMALL))
    assert AssessmentRun.objects.exists()
    assert Assessment.objects.count() == SMALL.tenth


def test_amounts_are_exact_to_the_fen() -> None:
    cases = amounts.make_cases(500)
    assert amounts.ours(cases) == [amounts.exact(case) for case in cases]
    assert all(line.holds for line in amounts.lines(SMALL))


def test_a_line_says_whether_its_bar_holds() -> None:
    comparison = Comparison(subject=Cost(3.0, 2.0), limit=Cost(2.0, None))
    assert report.compared("x", comparison, limit="y", bar=1.5).holds
    assert report.compared("x", comparison, limit="y", bar=1.4).cells()[-2] == "✗"
    assert report.bounded("x", None, 1.0, "").holds is None
    assert percentile([0.1] * 95 + [9.0] * 5, 0.95) == 9.0


def test_a_result_goes_into_its_own_section_and_touches_no_other(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- end of bench -->\n<!-- plan -->\nkept\n<!-- end of plan -->\n")
    measured.write("bench", "new\n", page)
    assert page.read_text() == (
        "before\n<!-- bench -->\nnew\n<!-- end of bench -->\n<!-- plan -->\nkept\n<!-- end of plan -->\n"
    )
    with pytest.raises(ValueError, match="lacks the marks of faults"):
        measured.write("faults", "new\n", page)


@pytest.mark.parametrize("section", ["tests", "faults", "bench", "plan"])
def test_the_page_has_a_place_for_each_result(section: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(measured.PAGE.read_text())
    measured.write(section, "new\n", page)


def test_a_result_says_when_and_on_what_it_was_measured() -> None:
    assert re.fullmatch(
        r"Measured [-\d]+ [:\d]+ \(China\), commit \S+, \d+ cores .+, Python 3\.\d+\.\d+, load at the end .+",
        measured.circumstances(),
    )


def test_the_counts_of_a_test_run_come_from_its_own_report(tmp_path: Path) -> None:
    junit = tmp_path / "tests.xml"
    junit.write_text(
        '<testsuites><testsuite errors="1" failures="2" skipped="3" tests="1206" time="1500.4"/></testsuites>'
    )
    assert measured.counts_of_tests(junit) == "1,200 passed, 3 failed, 3 skipped in 25 minutes.\n"
