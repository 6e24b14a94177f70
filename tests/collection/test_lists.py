"""The tax bureau's list: twelve columns of the form, one row per employer, never a formula, complete or absent."""

import csv
import hashlib
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import translation
from python_calamine import CalamineWorkbook

from accounts.permissions import Role
from audit.models import AuditEntry
from collection.models import Payment
from collection.queries import lists
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import EmployerFactory, verified_year

FORMULAS = [
    "==1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    '=HYPERLINK("x")',
]


@pytest.fixture
def region(db: None) -> object:
    RegionFactory(code="140000")
    return RegionFactory(code="140105")


def csv_rows(chosen: lists.LevyList) -> list[dict[str, str]]:
    text = b"".join(lists.csv_chunks(chosen)).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_a_row_tells_who_owes_what_and_why(region: object) -> None:
    employer = EmployerFactory(region=region)
    verified_year(employer, staff=100, wages="6000000.00", credited=12)
    run = confirmed_run()
    Payment.objects.create(
        receipt_number="1",
        employer=employer,
        levy_year=2025,
        amount=5000,
        received_on="2026-12-01",
        budget_level="县级",
    )
    (row,) = csv_rows(lists.levy_list(levy_year=2025, region=region))
    assert row == {
        "统一社会信用代码": employer.uscc,
        "单位名称": employer.name,
        "行政区划代码": "140105",
        "单位类型": "企业",
        "序号": "1",
        "费款所属期起": "2025-01-01",
        "费款所属期止": "2025-12-31",
        "上年在职职工工资总额": "6000000.00",
        "上年在职职工人数": "100.0000",
        "应安排残疾人就业比例": "0.015",
        "上年实际安排残疾人就业人数": "1.0000",
        "上年在职职工年平均工资": "60000.00",
        "本期应纳费额": "30000.00",
        "本期减免费额": "15000.00",
        "本期已缴费额": "5000.00",
        "本期应补(退)费额": "10000.00",
        "结果": "减半",
        "职工人月": "1200",
        "安排人月": "12",
        "计费工资": "60000.00",
        "政策版本": str(run.policy_version),
        "批次号": str(run),
    }


def test_the_list_is_chinese_whatever_the_reader_speaks(region: object) -> None:
    verified_year(EmployerFactory())
    run = confirmed_run()
    chinese = b"".join(lists.csv_chunks(lists.levy_list(levy_year=2025, region=run.region)))
    with translation.override("en"):
        assert b"".join(lists.csv_chunks(lists.levy_list(levy_year=2025, region=run.region))) == chinese


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_becomes_a_formula(region: object, name: str) -> None:
    verified_year(EmployerFactory(region=region, name=name))
    confirmed_run()
    chosen = lists.levy_list(levy_year=2025, region=region)
    assert csv_rows(chosen)[0]["单位名称"] == f"'{name}"
    cell = openpyxl.load_workbook(BytesIO(b"".join(lists.xlsx_chunks(chosen)))).active["B2"]
    assert cell.data_type == "s"


def test_the_workbook_says_what_the_csv_says(region: object) -> None:
    verified_year(EmployerFactory(region=region), credited=5)
    EmployerFactory(region=region)
    confirmed_run()
    chosen = lists.levy_list(levy_year=2025, region=region)
    book = openpyxl.load_workbook(BytesIO(b"".join(lists.xlsx_chunks(chosen))))
    heads, *rows = book.active.iter_rows(values_only=True)
    told = csv_rows(chosen)
    assert list(heads) == list(told[0])
    for row, expected in zip(rows, told, strict=True):
        for value, text in zip(row, expected.values(), strict=True):
            assert value == text or (value is None and not text) or Decimal(str(value)) == Decimal(text)


@pytest.mark.parametrize("name", ["甲&乙<丙>公司", "a\\b\\\\n公司", "]]>&amp;公司", "&#10;公司"])
def test_a_name_arrives_in_the_workbook_as_it_is(region: object, name: str) -> None:
    verified_year(EmployerFactory(region=region, name=name))
    confirmed_run()
    content = b"".join(lists.xlsx_chunks(lists.levy_list(levy_year=2025, region=region)))
    assert openpyxl.load_workbook(BytesIO(content)).active["B2"].value == name
    assert CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()[1][1] == name


def test_the_same_rows_are_the_same_workbook(region: object) -> None:
    verified_year(EmployerFactory(region=region))
    confirmed_run()
    chosen = lists.levy_list(levy_year=2025, region=region)
    assert b"".join(lists.xlsx_chunks(chosen)) == b"".join(lists.xlsx_chunks(chosen))


def test_count_and_sum_are_those_of_the_rows(region: object) -> None:
    for staff in (50, 80, 120):
        verified_year(EmployerFactory(region=region), staff=staff)
    run = confirmed_run()
    chosen = lists.levy_list(levy_year=2025, region=region)
    payable = sum(Decimal(row["本期应补(退)费额"]) for row in csv_rows(chosen))
    assert chosen.totals() == (3, payable) == (run.employer_count, run.payable_total)


def test_a_county_gets_its_own_part_of_a_provinces_run(region: object) -> None:
    verified_year(EmployerFactory(region=region))
    verified_year(EmployerFactory(region=RegionFactory(code="140106")))
    confirmed_run()
    assert lists.levy_list(levy_year=2025, region=region).totals()[0] == 1


def test_the_command_prints_count_sum_and_hash_of_the_file(
    region: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verified_year(EmployerFactory(region=region))
    confirmed_run()
    target = tmp_path / "list.csv"
    call_command("levy_list", year=2025, region="140105", out=target)
    printed = capsys.readouterr().out
    assert "1行" in printed
    assert hashlib.sha256(target.read_bytes()).hexdigest() in printed
    assert not list(tmp_path.glob("*.part"))


def test_a_trial_list_says_that_nobody_may_collect_by_it(
    region: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verified_year(EmployerFactory(region=region))
    draft_run()
    call_command("levy_list", year=2025, region="140105", out=tmp_path / "list.csv")
    assert "未经核定" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_file(region: object) -> None:
    verified_year(EmployerFactory(region=region))
    confirmed_run()
    with pytest.raises(CommandError, match="不能写入"):
        call_command("levy_list", year=2025, region="140105", out=Path("/proc/levy/list.csv"))


def test_without_a_run_the_clerk_is_told_what_to_do(region: object, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="请先试算"):
        call_command("levy_list", year=2025, region="140105", out=tmp_path / "list.csv")


def test_a_download_is_on_record_with_the_hash_of_what_was_sent(
    region: object, signed_in: Callable[..., Client]
) -> None:
    verified_year(EmployerFactory(region=region))
    confirmed_run()
    for file_format in ("csv", "xlsx"):
        response = signed_in(Role.TAX_OFFICER, "140105").get(f"/lists/2025/140105/levy-list.{file_format}")
        sent = b"".join(response.streaming_content)
        entry = AuditEntry.objects.filter(action="levy.list.download").first()
        assert entry.details["sha256"] == hashlib.sha256(sent).hexdigest()
        assert entry.details["rows"] == 1


def test_the_list_of_a_neighbouring_county_is_not_found(region: object, signed_in: Callable[..., Client]) -> None:
    assert signed_in(Role.TAX_OFFICER, "140106").get("/lists/2025/140105/levy-list.csv").status_code == 404


def test_the_federation_sees_no_list(region: object, signed_in: Callable[..., Client]) -> None:
    client = signed_in(officer(Role.VERIFIER, "140105"))
    assert client.get("/lists/2025/140105/levy-list.csv").status_code == 403


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_list_may_take_longer_than_a_page(region: object, monkeypatch: pytest.MonkeyPatch, file_format: str) -> None:
    """A province's million rows need more than the ten seconds of the web server's other statements."""
    verified_year(EmployerFactory(region=region))
    confirmed_run()
    chosen = lists.levy_list(levy_year=2025, region=region)
    monkeypatch.setitem(lists.COLUMNS, "单位类型", "(SELECT entity.label FROM pg_sleep(1.5))")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1s'")
    assert len(b"".join(lists.CHUNKS[file_format](chosen))) > 100
