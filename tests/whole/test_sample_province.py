"""The main job on real files: load, verify, assess, list, and the exact answer in every row and column."""

import csv
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Region
from accounts.permissions import Role
from tests.accounts.factories import officer

SAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "shanxi-2025"
KINDS = ["employers", "returns", "placements", "certificates", "insurance", "wages", "dispatch_agreements"]
# Heading of the answer, heading of the list.
COLUMNS = {
    "统一社会信用代码": "统一社会信用代码",
    "单位名称": "单位名称",
    "结果": "结果",
    "职工人月": "职工人月",
    "安排人月": "安排人月",
    "年平均工资": "上年在职职工年平均工资",
    "计费工资": "计费工资",
    "应纳费额": "本期应纳费额",
    "减免费额": "本期减免费额",
    "应缴费额": "本期应补(退)费额",
}


def person(role: Role) -> str:
    return officer(role, "140000").username


@pytest.fixture
def province(db: None) -> None:
    call_command("load_regions", verbosity=0)
    assert Region.objects.filter(code="140105").exists()
    people = f"--as={person(Role.PARAMETER_ADMINISTRATOR)}", f"--second-as={person(Role.PARAMETER_ADMINISTRATOR)}"
    call_command("load", "parameters", SAMPLE / "parameters.csv", "--apply", *people)
    for kind in KINDS:
        call_command("load", kind, SAMPLE / f"{kind}.csv", "--apply")


def assess_and_list(target: Path) -> list[dict[str, str]]:
    verifiers = f"--as={person(Role.VERIFIER)}", f"--second-as={person(Role.VERIFIER)}"
    call_command("verify", "--year=2025", "--region=140000", *verifiers, "--accept-computed")
    officers = person(Role.LEVY_OFFICER), person(Role.LEVY_OFFICER)
    call_command("assess", "--year=2025", "--region=140000", f"--as={officers[0]}", f"--confirm-as={officers[1]}")
    call_command("levy_list", year=2025, region="140000", out=target)
    with target.open(encoding="utf-8-sig", newline="") as written:
        return list(csv.DictReader(written))


def test_the_sample_province_comes_out_exactly_in_every_row_and_column(province: None, tmp_path: Path) -> None:
    written = assess_and_list(tmp_path / "list.csv")
    with (SAMPLE / "expected.csv").open(encoding="utf-8-sig", newline="") as answer:
        expected = list(csv.DictReader(answer))
    found = {row["统一社会信用代码"]: {head: row[column] for head, column in COLUMNS.items()} for row in written}
    wrong = [
        (row, found.get(row["统一社会信用代码"])) for row in expected if found.get(row["统一社会信用代码"]) != row
    ]
    assert not wrong, f"{len(wrong)} of {len(expected)} rows differ, the first: {wrong[0]}"
    assert len(written) == len(expected)
