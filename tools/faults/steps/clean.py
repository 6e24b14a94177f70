"""The undisturbed run of each levy year, which every later one must equal; totals must agree everywhere."""

import csv
from decimal import Decimal

from accounts.models import Region
from collection.queries import lists
from demo.places import PROVINCE
from levy.models import AssessmentRun
from levy.queries import totals
from levy.services import runs
from tools.faults.province import YEARS
from tools.faults.report import demand
from tools.faults.trial import Trial

ANOTHER_CUT = 7_919  # a prime, so that no slice begins where one of the first run did


def run(trial: Trial) -> None:
    for year in YEARS:
        with trial.report.promise("A2", f"{year}：换一种分片重算，结果相同 the same result however it is cut"):
            first = _work_off(trial, year, max(trial.employers // 11, 1))
            trial.oracle[year] = trial.checker.fingerprint(first)
            if year == YEARS[-1]:
                with trial.report.promise("A1", "各级合计一分不差 totals agree to the fen, everywhere"):
                    _compare_totals(trial, first)
            trial.discard(first)
            second = _work_off(trial, year, ANOTHER_CUT)
            trial.judge(second, year)
            trial.discard(second)


def _work_off(trial: Trial, year: int, slice_employers: int) -> int:
    run = runs.start_run(
        levy_year=year, region=Region.objects.get(code=PROVINCE), actor=None, slice_employers=slice_employers
    )
    for _progress in runs.work_off(run):
        pass
    return run.pk


def _compare_totals(trial: Trial, run_id: int) -> None:
    """Compare rows by SQL, the pages' totals, and the tax bureau's file read back, before any payment."""
    found = AssessmentRun.objects.get(pk=run_id)
    shown = totals.region_totals(totals.run_sums(found), totals.regions_of_run(found))
    pages = {line.code: line.payable for line in shown}
    by_county = dict(
        trial.checker.ask(
            "SELECT region_id, sum(coalesce(payable, 0)) FROM levy_assessment WHERE run_id = %s GROUP BY 1", run_id
        )
    )
    by_sql = {code: _below(by_county, code) for code in pages}
    demand(pages == by_sql, "a region's total on the page is not the sum of its rows")
    demand(pages[PROVINCE] == found.payable_total, "the province's total is not the run's")
    path = trial.ground.state.root / "levy-list.csv"
    chosen = lists.levy_list(levy_year=found.levy_year, region=found.region)
    lists.write_list(chosen, path, "csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        listed = sum((Decimal(row["本期应补(退)费额"] or 0) for row in csv.DictReader(file)), Decimal(0))
    demand(listed == found.payable_total, f"the list's sum is {listed}, the run's {found.payable_total}")


def _below(by_county: dict[str, Decimal], code: str) -> Decimal:
    prefix = code.rstrip("0") if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return sum((amount for county, amount in by_county.items() if county.startswith(prefix)), Decimal(0))
