"""A run beside the year before, and its totals from the province down to the county."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.permissions import Role
from audit.models import AuditEntry
from levy.models import AssessmentRun, RunState
from levy.queries.comparison import Pair, movement_counts, region_groups, region_lines
from levy.queries.corrections import reassess
from levy.queries.totals import largest_changes
from levy.services import corrections
from quota.models import Employer, VerifiedHeadcount
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, verified_year

SignIn = Callable[..., Client]
BEFORE, NOW = 2024, 2025


@pytest.fixture(autouse=True)
def _regions(db: None) -> None:
    for code in ("140000", "140100", "140200", "140105", "140106", "140202"):
        RegionFactory(code=code)


def employer(code: str, before: int | None, now: int | None, name: str = "单位", staff: int = 100) -> Employer:
    """An employer with so many credited person-months in the two years; None: no return for the year."""
    made = EmployerFactory(region=RegionFactory(code=code), name=name)
    for year, credited in ((BEFORE, before), (NOW, now)):
        if credited is not None:
            verified_year(made, levy_year=year, staff=staff, wages="6000000.00", credited=credited)
    return made


def both_years(arrive: Callable[[], object] = lambda: None) -> AssessmentRun:
    """The year before confirmed, this year computed; `arrive` runs between them."""
    confirmed_run(BEFORE)
    arrive()
    return draft_run(NOW)


def counts(run: AssessmentRun) -> dict[str, int]:
    return {movement.name: count for movement, count in movement_counts(run)}


def test_subtotals_of_every_city_and_county_are_the_sums_of_what_lies_below() -> None:
    for code in ("140105", "140105", "140106", "140202"):
        employer(code, 0, 6)
    province, *cities = region_groups(region_lines(both_years()))
    assert [part.now.code for part in province.parts] == ["140100", "140200"]
    assert [part.now.code for city in cities for part in city.parts] == ["140105", "140106", "140202"]
    for group in (province, *cities):
        for name in ("employers", "paying", "exempt", "missing", "gross", "relief", "payable"):
            pairs = [part.pair(name) for part in group.parts]
            assert group.whole.pair(name) == Pair(sum(p.before for p in pairs), sum(p.now for p in pairs))


def test_the_run_of_one_county_is_a_single_line() -> None:
    employer("140105", None, 0)
    (group,) = region_groups(region_lines(draft_run(NOW, "140105")))
    assert (group.whole.now.code, group.parts) == ("140105", [])


def test_what_became_of_every_employer_since_last_year() -> None:
    employer("140105", 12, 12)
    employer("140105", 12, 0)
    employer("140105", 0, 12)
    shrunk = employer("140105", 0, None)
    grown = employer("140106", 0, None, staff=20)
    moved = employer("140202", 0, 0)

    def arrive() -> None:
        verified_year(shrunk, levy_year=NOW, staff=20, wages="1200000.00", credited=0)
        verified_year(grown, levy_year=NOW, staff=100, wages="6000000.00", credited=0)
        Employer.objects.filter(pk=moved.pk).update(region=RegionFactory(code="150102"))
        employer("140105", None, 0)

    assert counts(both_years(arrive)) == {
        "new": 1, "gone": 1, "newly-exempt": 1, "no-longer-exempt": 1, "more": 2, "less": 2,
    }  # fmt: skip


def test_a_year_without_figures_is_neither_more_nor_less() -> None:
    employer("140105", None, 0)
    assert set(counts(both_years()).values()) == {0}


def test_last_year_is_what_is_in_force_with_its_corrections() -> None:
    employer("140105", 0, 12)
    last = confirmed_run(BEFORE)
    run = draft_run(NOW)
    old = last.assessments.get()
    assert (region_lines(run)[0].payable.before, counts(run)["less"]) == (old.payable, 1)  # kept from here on
    VerifiedHeadcount.objects.filter(levy_year=BEFORE).update(credited_months=12)
    actors = officer(Role.LEVY_OFFICER, "140000"), officer(Role.LEVY_OFFICER, "140000")
    change = corrections.propose_correction(
        assessment=old, ground="correction", reason="漏计", actor=actors[0], seen=reassess(old).seen
    )
    corrections.CORRECTIONS.approve(change, actor=actors[1])
    assert region_lines(run)[0].payable.before == change.new.payable != old.payable
    assert counts(run)["less"] == 0
    assert largest_changes(run) == []


def test_a_runs_figures_are_worked_out_once(django_assert_max_num_queries: Any) -> None:
    employer("140105", 0, 12)
    run = both_years()
    first = region_lines(run), movement_counts(run)
    with django_assert_max_num_queries(3):  # the regions, and twice what was confirmed for the year before
        assert (region_lines(run), movement_counts(run)) == first


def test_nothing_before_is_told_apart_from_nothing_due_and_has_no_growth() -> None:
    assert (Pair(None, Decimal(5)).difference, Pair(None, Decimal(5)).growth) == (None, None)
    assert (Pair(Decimal(0), Decimal(5)).difference, Pair(Decimal(0), Decimal(5)).growth) == (5, None)
    assert Pair(Decimal(4), Decimal(5)).growth == Decimal("0.25")


def test_the_pages_show_totals_growth_and_counts(signed_in: SignIn) -> None:
    employer("140105", 0, 12)
    run = both_years()
    client = signed_in(Role.LEVY_OFFICER, "140000")
    page = client.get(run.get_absolute_url()).content.decode()
    assert "1个县（市、区），1户，应缴15,000.00元" in page
    assert "81,000.00" in page
    assert "−81.5%" in page
    page = client.get(f"{run.get_absolute_url()}comparison/").content.decode()
    assert "−66,000.00" in page
    assert f"/runs/{run.pk}/comparison/less.csv" in page


def test_a_first_year_says_that_there_is_nothing_to_compare(signed_in: SignIn) -> None:
    employer("140105", None, 0)
    page = signed_in(Role.FINANCE_OFFICER, "140000").get(f"/runs/{draft_run(NOW).pk}/comparison/")
    assert "上年没有已核定的结果可比" in page.content.decode()


def test_the_list_of_a_movement_is_escaped_and_its_download_on_record(signed_in: SignIn) -> None:
    made = employer("140105", 0, 12, name="=1+1")
    run = both_years()
    response = signed_in(Role.TAX_OFFICER, "140000").get(f"/runs/{run.pk}/comparison/less.csv")
    lines = b"".join(response).decode("utf-8-sig").splitlines()
    assert lines[1:] == [f"{made.uscc},'=1+1,140105,九折,减半,81000.00,15000.00,-66000.00"]
    assert AuditEntry.objects.get(action="levy.comparison.download").details["movement"] == "less"


def test_a_run_that_is_not_whole_is_not_compared(signed_in: SignIn) -> None:
    employer("140105", 0, 12)
    run = both_years()
    AssessmentRun.objects.filter(pk=run.pk).update(state=RunState.PARTIAL)
    client = signed_in(Role.LEVY_OFFICER, "140000")
    assert client.get(f"/runs/{run.pk}/comparison/").status_code == 404
    assert client.get(f"/runs/{run.pk}/comparison/gone.csv").status_code == 404
    assert "81,000.00" not in client.get(run.get_absolute_url()).content.decode()


def test_another_city_finds_nothing_and_an_unknown_movement_neither(signed_in: SignIn) -> None:
    employer("140105", 0, 12)
    run = both_years()
    stranger = signed_in(Role.LEVY_OFFICER, "150000")
    assert stranger.get(f"/runs/{run.pk}/comparison/").status_code == 404
    assert stranger.get(f"/runs/{run.pk}/comparison/less.csv").status_code == 404
    own = signed_in(Role.LEVY_OFFICER, "140000")
    assert own.get(f"/runs/{run.pk}/comparison/other.csv").status_code == 404


def test_the_pages_cost_the_same_for_many_regions(signed_in: SignIn, queries: Callable[[Client, str], int]) -> None:
    employer("140105", 0, 12)
    small = draft_run(NOW, "140105")
    for number in range(10):
        for _each in range(2):
            employer(f"1403{number + 10}", 0, 0)
    RegionFactory(code="140300")
    confirmed_run(BEFORE)
    large = draft_run(NOW, "140300")
    client = signed_in(Role.AUDITOR, "140000")
    assert queries(client, large.get_absolute_url()) == queries(client, small.get_absolute_url()) <= 12
    pages = [f"{run.get_absolute_url()}comparison/" for run in (small, large)]
    assert queries(client, pages[1]) <= queries(client, pages[0]) + 1 <= 12
