"""Small sheets and loaded files are read by one reader: what it accepts, stores and refuses is the same both ways."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_export.results import Result

from accounts.models import User
from accounts.permissions import Role
from audit.models import AuditEntry
from exchange.engine.loading import OVERTAKEN, Mode
from exchange.errors import FileRefused
from exchange.kinds import KINDS
from exchange.sheets import format_of, resource_of
from law.identifiers import IdentifierError, check_uscc
from quota.kinds import EMPLOYERS, PARAMETERS
from quota.models import Employer, RegionalNumber
from quota.resources import EmployerResource, RegionalNumberResource
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.exchange.files import csv_bytes, load, xlsx_bytes
from tests.quota.factories import EmployerFactory

pytestmark = pytest.mark.django_db

Faults = list[tuple[int, str, str]]


def sound_code(start: str) -> str:
    for last in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        try:
            return check_uscc(start + last)
        except IdentifierError:
            continue
    raise AssertionError(start)


CODES = [sound_code(f"91140105MA010{number:04}") for number in range(5)]
OWN, OTHERS = "140105", "140106"
SECOND = "须由第二人批准"
# Cells of each column: the sound ones, then the damaged ones.
CELLS: dict[str, tuple[list[str], list[str]]] = {
    "统一社会信用代码": ([*CODES, f" {CODES[0]} "], ["", CODES[0][:17] + "Z", "9.11401E+17", "甲"]),
    "单位名称": (["清和有限公司", "=清和", "b\\n公司"], ["", "长" * 201, "清\u200b和"]),
    "行政区划代码": ([OWN], [OTHERS, "140199", "14010", ""]),
    "单位类型": (["企业", "事业单位", "民办非企业单位"], ["公司", "", "enterprise"]),
    "登记日期": (["", "2010-01-01", "2010/1/1", "20100101"], ["2010-02-30", "昨天", "1800-01-01"]),
    "编制数": (["", "12", "１２", "12.0"], ["-1", "1.5", "一", "10000001"]),
    "中小学幼儿园": (["0", "1", "１"], ["是", "", "2"]),
    "所有制": (["", "民营"], ["长" * 21]),
    "状态": (["", "存续"], ["长" * 21]),
    "税务登记职工人数": (["", "20.0000", "1,000", "0.0001"], ["20.00001", "1,00", "NaN", "-0.1"]),
    "税务登记工资总额": (["", "1000000.00", "5"], ["1e6", "0.001", "99999999999999"]),
}


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """A row of a sheet: two in three without a damaged cell."""
    damaged = draw(st.sets(st.sampled_from(list(CELLS)), max_size=2)) if draw(st.integers(0, 2)) == 0 else set()
    row = [draw(st.sampled_from(CELLS[heading][heading in damaged])) for heading in EMPLOYERS.headings]
    return [*row, "多"] if draw(st.integers(0, 20)) == 0 else row


def read(content: bytes, person: User, *, dry_run: bool = True) -> Result:
    sheet = format_of(EMPLOYERS)().create_dataset(content)
    return EmployerResource().import_data(sheet, dry_run=dry_run, user=person)


def faults_of(result: Result) -> Faults:
    assert not result.has_errors()
    found = [
        (row.number, "" if heading == "__all__" else heading, words)
        for row in result.invalid_rows
        for heading, messages in row.error_dict.items()
        for words in messages
    ]
    return sorted(found)


def stored() -> list[tuple[Any, ...]]:
    return list(Employer.objects.order_by("uscc").values_list(*(n for c in EMPLOYERS.columns for n in c.names)))


@pytest.fixture
def person() -> User:
    EmployerFactory(uscc=CODES[1], region=RegionFactory(code=OTHERS))
    EmployerFactory(uscc=CODES[2], region=RegionFactory(code=OWN), name="清和有限公司")
    return officer(Role.TAX_OFFICER, OWN)


def without_faults(sheet: Sequence[Sequence[str]], person: User, words: str = "") -> list[Sequence[str]]:
    """The rows that stay when those with a fault are taken out, and equal ones that had only been read once."""
    rest = list(sheet)
    while refused := {line for line, _heading, said in found_in(rest, person) if words in said}:
        rest = [row for line, row in enumerate(rest, 2) if line not in refused]
    return rest


def found_in(sheet: Sequence[Sequence[str]], person: User) -> Faults:
    return faults_of(read(csv_bytes([EMPLOYERS.headings, *sheet]), person))


def both_ways(sheet: Sequence[Sequence[str]], person: User) -> tuple[Any, Any]:
    """Faults, new and changed rows, and the stored rows: of a loaded file, and of the sheet's sound rows.

    A sheet refuses what needs a second person; such rows are left out.
    """
    sheet = without_faults(sheet, person, SECOND)
    with transaction.atomic():
        report = load(EMPLOYERS, sheet, Mode.APPLY_VALID, actor=person)
        faults = sorted((fault.line, fault.heading, f"{fault.reason}{fault.cure}") for fault in report.faults)
        loaded = (faults, (report.new, report.changed), stored())
        transaction.set_rollback(True)
    with transaction.atomic():
        previewed = found_in(sheet, person)
        sound = without_faults(sheet, person)
        written = read(csv_bytes([EMPLOYERS.headings, *sound]), person, dry_run=False)
        filed = (previewed, (written.totals["new"], written.totals["update"]), stored())
        transaction.set_rollback(True)
    return loaded, filed


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheet=st.lists(rows(), min_size=1, max_size=8))
def test_a_sheet_and_a_loaded_file_agree_on_every_row(person: User, sheet: list[list[str]]) -> None:
    loaded, filed = both_ways(sheet, person)
    assert filed == loaded


def test_a_sheet_is_no_way_around_the_second_person(person: User) -> None:
    row = [CODES[2], "清和新名", OWN, "个体工商户", "", "", "0", "", "", "5", ""]
    refused = found_in([row], person)
    assert [(line, heading) for line, heading, _words in refused] == [(2, "单位类型"), (2, "税务登记职工人数")]
    assert all(SECOND in words for _line, _heading, words in refused)
    with pytest.raises(FileRefused):
        read(csv_bytes([EMPLOYERS.headings, row]), person, dry_run=False)
    assert Employer.objects.get(uscc=CODES[2]).entity_type == "enterprise"
    read(csv_bytes([EMPLOYERS.headings, [*row[:3], "企业", *row[4:9], "", ""]]), person, dry_run=False)
    assert Employer.objects.get(uscc=CODES[2]).name == "清和新名"


def test_cells_of_a_workbook_are_read_as_in_a_loaded_file(person: User) -> None:
    row = [CODES[0], "清和", 140105, "企业", "2010-01-01", 12, 0, "", "", 20.5, 1000000]
    read(xlsx_bytes([EMPLOYERS.headings, row]), person, dry_run=False)
    employer = Employer.objects.get(uscc=CODES[0])
    assert (employer.region_id, employer.establishment_posts, str(employer.registered_staff)) == (OWN, 12, "20.5000")


def test_rows_of_one_key_that_differ_are_faults_and_equal_ones_count_once(person: User) -> None:
    row = [CODES[0], "清和", OWN, "企业", "", "", "0", "", "", "", ""]
    other = [CODES[0], "清河", *row[2:]]
    clash = faults_of(read(csv_bytes([EMPLOYERS.headings, row, other]), person))
    assert [(line, heading) for line, heading, _words in clash] == [
        (2, EMPLOYERS.headings[0]),
        (3, EMPLOYERS.headings[0]),
    ]
    read(csv_bytes([EMPLOYERS.headings, row, row]), person, dry_run=False)
    assert AuditEntry.objects.get(action="quota.employer.import").details == {
        "kind": "employers", "new": 1, "update": 0, "skip": 1,
    }  # fmt: skip


def test_a_sheet_that_gets_faults_between_preview_and_confirmation_is_not_written(person: User) -> None:
    first = [CODES[0], "清和", OWN, "企业", "", "", "0", "", "", "", ""]
    second = [CODES[3], "安宁", *first[2:]]
    content = csv_bytes([EMPLOYERS.headings, first, second])
    assert not faults_of(read(content, person))
    EmployerFactory(uscc=CODES[3], region=RegionFactory(code=OTHERS))
    with pytest.raises(FileRefused, match=str(OVERTAKEN)):
        read(content, person, dry_run=False)
    assert not Employer.objects.filter(uscc=CODES[0]).exists()
    assert not AuditEntry.objects.filter(action="quota.employer.import").exists()


def test_what_is_written_out_in_english_is_read_in_again(person: User) -> None:
    with translation.override("en"):
        table = EmployerResource().export(Employer.objects.filter(uscc=CODES[2]))
    (row,) = csv.DictReader(io.StringIO(table.csv, newline=""))
    assert row["单位类型"] == "企业"


def test_kinds_that_need_more_than_their_rows_are_never_read_from_a_sheet() -> None:
    sheet = format_of(PARAMETERS)().create_dataset(csv_bytes([PARAMETERS.headings]))
    with pytest.raises(TypeError):
        RegionalNumberResource().import_data(sheet, user=UserFactory())
    assert not RegionalNumber.objects.exists()
    for name in {*KINDS} - {"employers", "insurance"}:
        with pytest.raises(ValueError, match=name):
            resource_of(KINDS[name], action="quota.test.import")
