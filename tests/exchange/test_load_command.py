"""`manage.py load` on the sample province: all nine kinds, again, in parts, in other forms, and with faults."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from openpyxl import load_workbook

from accounts.permissions import Role
from audit.models import AuditEntry
from collection.models import Payment
from exchange.kinds import KINDS
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import csv_bytes, xlsx_bytes
from tests.quota.factories import EmployerFactory

SAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "shanxi-2025"
ORDER = [
    "employers",
    "parameters",
    "returns",
    "placements",
    "certificates",
    "insurance",
    "wages",
    "dispatch_agreements",
    "payments",
]
Table = list[list[str]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrators() -> list[str]:
    for code in ("140000", "140105", "140106", "140109", "140121", "140200", "140213", "140400", "140403"):
        RegionFactory(code=code)
    people = officer(Role.PARAMETER_ADMINISTRATOR, "140000"), officer(Role.PARAMETER_ADMINISTRATOR, "140000")
    return [f"--as={people[0].username}", f"--second-as={people[1].username}"]


def sample(kind: str) -> Table:
    if kind == "payments":
        return payments()
    with (SAMPLE / f"{kind}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def payments() -> Table:
    """The amounts due of the sample's employers, paid on one day; every tenth in two parts, the last refunded in
    part."""
    with (SAMPLE / "expected.csv").open(encoding="utf-8-sig", newline="") as stream:
        owed = [
            (row["统一社会信用代码"], row["应缴费额"]) for row in csv.DictReader(stream) if row["应缴费额"] > "0.00"
        ]
    rows = [
        [f"31401260500{number:07d}", code, "2025", amount, "2026-11-05", "县区级"]
        for number, (code, amount) in enumerate(owed)
    ]
    return [
        KINDS["payments"].headings,
        *rows,
        ["314012605009999999", owed[-1][0], "2025", "-0.01", "2026-12-01", "县区级"],
    ]


def run(kind: str, path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("load", kind, str(path), *options, stdout=out)
    return out.getvalue()


# Without what differs from load to load: ids, times, ciphertexts. Employers are told by their codes.
CONTENTS = """
SELECT ((to_jsonb(t) - '{{id,number_encrypted,identity_encrypted,certificate_encrypted,submitted_at,imported_from_id,
    file_id,version,employer_id,agency_id,host_id}}'::text[]) || (
        SELECT coalesce(jsonb_object_agg(k, e.uscc), '{{}}')
        FROM unnest(ARRAY['employer_id', 'agency_id', 'host_id']) k
        JOIN quota_employer e ON e.id = (to_jsonb(t) ->> k)::bigint
    ))::text
FROM {table} t ORDER BY 1
"""


def contents() -> dict[str, list[str]]:
    """Every stored row of the nine kinds."""
    return {kind.name: [row for (row,) in rows(CONTENTS.format(table=kind.table))] for kind in KINDS.values()}


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def load_all(folder: Path, administrators: list[str], write: Callable[[Table], bytes], parts: int = 1) -> list[str]:
    said = []
    for kind in ORDER:
        headings, *lines = sample(kind)
        for part in range(parts):
            path = folder / f"{kind}-{part}"
            path.write_bytes(write([headings, *lines[part::parts]]))
            said.append(run(kind, path, "--apply", *(administrators if kind == "parameters" else [])))
    return said


def test_all_nine_kinds_load_and_reading_them_again_changes_nothing(tmp_path: Path, administrators: list[str]) -> None:
    first = load_all(tmp_path, administrators, csv_bytes)
    stored = contents()
    assert all(stored.values())
    assert not [said for said in first if "有错 0 行" not in said]
    again = load_all(tmp_path, administrators, csv_bytes)
    assert not [said for said in again if "已新增 0 行，已更新 0 行" not in said]
    assert contents() == stored


@pytest.fixture
def whole(tmp_path: Path, administrators: list[str]) -> dict[str, list[str]]:
    """The stored rows of the whole sample; the rows themselves are removed again."""
    with transaction.atomic():
        load_all(tmp_path, administrators, csv_bytes)
        stored = contents()
        transaction.set_rollback(True)
    return stored


def test_a_file_in_three_parts_is_the_whole_file(
    tmp_path: Path, administrators: list[str], whole: dict[str, list[str]]
) -> None:
    load_all(tmp_path, administrators, csv_bytes, parts=3)
    assert contents() == whole


@pytest.mark.parametrize("write", [xlsx_bytes, lambda table: csv_bytes(table, "gb18030")], ids=["xlsx", "gb18030"])
def test_other_forms_of_the_files_say_the_same(
    tmp_path: Path, administrators: list[str], whole: dict[str, list[str]], write: Callable[[Table], bytes]
) -> None:
    load_all(tmp_path, administrators, write)
    assert contents() == whole


# One file with faults


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    EmployerFactory(uscc="91140105MA01000604")
    path = tmp_path / "工资.csv"
    wrong = [
        ["91140105MA01000604", "110105194912310021", "2025-03", "2050.00"],
        ["91140105MA01000604", "11010519491231002X", "2025-03", "2050.00"],
        ["91140105MA01000604", "1.10105E+17", "2025-13", "￥2050"],
    ]
    path.write_bytes(csv_bytes([KINDS["wages"].headings, *wrong]))
    return path


def test_a_faulty_file_is_told_and_left_alone(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="有 2 行有错，文件未写入"):
        call_command("load", "wages", str(faulty), "--apply")
    said = capsys.readouterr().out
    assert "第2行 身份证号" in said
    assert "设为文本" in said
    assert "110105194912310021" not in said
    assert not rows("SELECT 1 FROM quota_wagepayment")


def test_sound_rows_are_written_on_request(faulty: Path) -> None:
    said = run("wages", faulty, "--apply-valid")
    assert "已新增 1 行" in said
    assert "有错的 2 行未写入" in said


def test_without_apply_it_only_reports(faulty: Path) -> None:
    assert "没有写入" in run("wages", faulty)
    assert not rows("SELECT 1 FROM quota_wagepayment")


def test_the_error_workbook_has_every_fault_with_line_column_value_reason_and_cure(
    faulty: Path, tmp_path: Path
) -> None:
    book = tmp_path / "错误.xlsx"
    run("wages", faulty, "--errors", str(book))
    table = [[cell.value for cell in row] for row in load_workbook(book).active]
    assert table[0] == ["行", "列", "填写内容", "错误", "如何改正"]
    assert [row[:3] for row in table[1:]] == [
        [2, "身份证号", "110105194912310021"],
        [4, "身份证号", "1.10105E+17"],
        [4, "所属月份", "2025-13"],
        [4, "实发工资", "￥2050"],
    ]
    assert all(row[3] and row[4].startswith("请") for row in table[1:])


def test_the_error_workbook_never_runs_a_cell(tmp_path: Path) -> None:
    path, book = tmp_path / "f.csv", tmp_path / "错误.xlsx"
    payloads = ["=1+1", "==1+1", "+1", "-1", "@SUM(A1)", "＝1+1", '=HYPERLINK("http://x","y")']
    path.write_bytes(csv_bytes([KINDS["wages"].headings, *([p, p, p, p] for p in payloads)]))
    run("wages", path, "--errors", str(book))
    cells = [row[2] for row in load_workbook(book).active.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.value for cell in cells} == set(payloads)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "须由另一人办理"),
        (["--as=nobody", "--second-as=nobody"], "没有人员 nobody"),
    ],
)
def test_parameters_take_effect_only_in_two_names(
    options: list[str], complaint: str, administrators: list[str]
) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("load", "parameters", str(SAMPLE / "parameters.csv"), "--apply", *options)


def test_an_administrator_alone_is_not_two(administrators: list[str]) -> None:
    twice = [administrators[0], administrators[0].replace("--as", "--second-as")]
    with pytest.raises(CommandError, match="须由另一人办理"):
        call_command("load", "parameters", str(SAMPLE / "parameters.csv"), "--apply", *twice)
    assert "将新增 15 行" in run("parameters", SAMPLE / "parameters.csv")


def test_an_officer_on_the_command_line_is_bound_to_the_region() -> None:
    RegionFactory(code="140105")
    tax = officer(Role.TAX_OFFICER, "330000")
    with pytest.raises(CommandError, match="300 行有错"):
        call_command("load", "employers", str(SAMPLE / "employers.csv"), "--apply", f"--as={tax.username}")


def test_a_missing_file_and_a_wrong_one_are_told() -> None:
    with pytest.raises(CommandError, match="没有文件"):
        call_command("load", "wages", "/nowhere.csv")
    with pytest.raises(CommandError, match="缺少列标题"):
        call_command("load", "wages", str(SAMPLE / "employers.csv"))


# Payments (promise A9)


def paid(path: Path, *lines: list[str]) -> Path:
    path.write_bytes(csv_bytes([KINDS["payments"].headings, *lines]))
    return path


RECEIPT = ["314012605000000001", "91140105MA01000604", "2025", "1,234.50", "2026-11-05", "县区级"]


def test_a_receipt_with_another_amount_is_kept_out_and_the_first_one_stands(tmp_path: Path) -> None:
    EmployerFactory(uscc="91140105MA01000604")
    run("payments", paid(tmp_path / "a.csv", RECEIPT), "--apply")
    other = [*RECEIPT[:3], "9999.00", *RECEIPT[4:]]
    fresh = ["314012605000000002", *RECEIPT[1:]]
    said = run("payments", paid(tmp_path / "b.csv", other, fresh, RECEIPT), "--apply-valid")
    assert "这张税票已经入库" not in said, "the file contradicts itself first"
    assert [str(p.amount) for p in Payment.objects.all()] == ["1234.50", "1234.50"]
    said = run("payments", paid(tmp_path / "c.csv", other), "--apply-valid")
    assert "这张税票已经入库，内容与本行不同" in said
    assert Payment.objects.get(receipt_number=RECEIPT[0]).amount.to_eng_string() == "1234.50"


def test_overlapping_payment_files_in_any_order_pay_once(tmp_path: Path, administrators: list[str]) -> None:
    run("employers", SAMPLE / "employers.csv", "--apply")
    headings, *lines = payments()
    for part in range(7):
        piece = [*lines[part::7], *lines[(part + 3) % 7 :: 7]]
        (tmp_path / "part").write_bytes(csv_bytes([headings, *reversed(piece)]))
        run("payments", tmp_path / "part", "--apply")
    assert Payment.objects.count() == len(lines)
    total = sum(Decimal(line[3]) for line in lines)
    assert rows("SELECT sum(amount)::text FROM collection_payment") == [(str(total),)]


def test_a_payment_of_nothing_is_a_fault_and_a_refund_is_not(tmp_path: Path) -> None:
    EmployerFactory(uscc="91140105MA01000604")
    nothing = [*RECEIPT[:3], "0.00", *RECEIPT[4:]]
    refund = ["314012605000000003", *RECEIPT[1:3], "-200", *RECEIPT[4:]]
    said = run("payments", paid(tmp_path / "a.csv", nothing, refund), "--apply-valid")
    assert "金额不能为0" in said
    assert [str(p.amount) for p in Payment.objects.all()] == ["-200.00"]


def test_each_written_file_is_in_the_trail(tmp_path: Path) -> None:
    EmployerFactory(uscc="91140105MA01000604")
    run("payments", paid(tmp_path / "a.csv", RECEIPT), "--apply")
    entry = AuditEntry.objects.get(action="quota.file.apply")
    assert (entry.actor, entry.details["kind"], entry.details["rows"]) == (None, "payments", 1)
    assert Payment.objects.get().imported_from.sha256 == entry.details["sha256"]


def test_the_documentation_names_every_column_and_which_may_be_empty() -> None:
    text = (SAMPLE.parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
    written = {row.split("`")[1]: row.split("|")[2].strip() for row in text.splitlines() if row.startswith("| `")}
    months = ", ".join(f"{month}月在职职工人数" for month in range(1, 13))
    for kind in KINDS.values():
        columns = [column.heading if column.required else f"({column.heading})" for column in kind.columns]
        assert written[kind.name].replace("1月在职职工人数 … 12月在职职工人数", months) == ", ".join(columns)
