"""From bytes to a table of cells: encodings, headings, blank rows, workbooks, and files refused as a whole."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest
from openpyxl import Workbook

from exchange.engine.source import UPLOAD, Limits
from exchange.engine.table import RowBatch, Table
from exchange.errors import FileRefused
from quota.kinds import CERTIFICATES, WAGES
from tests.exchange.files import csv_bytes, saved, source, xlsx_bytes

HEADINGS = WAGES.headings
ROW = ["91140105MA01000604", "110105194912310021", "2025-03", "2050.00"]


def read(content: bytes, limits: Limits = UPLOAD) -> list[RowBatch]:
    return list(Table(source(content, limits), WAGES).batches())


def rows(content: bytes) -> list[tuple[int, list[object]]]:
    """Line numbers with their cells, in the kind's order."""
    return [
        (line, list(cells))
        for batch in read(content)
        for line, cells in zip(batch.lines, zip(*batch.columns, strict=True), strict=True)
    ]


def refusal(content: bytes, limits: Limits = UPLOAD) -> str:
    with pytest.raises(FileRefused) as refused:
        read(content, limits)
    return str(refused.value.message)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_the_encoding_is_found_by_reading(encoding: str) -> None:
    assert rows(csv_bytes([HEADINGS, ROW], encoding)) == [(2, ROW)]


NAMES = ["㐂", "𠮷", "䶮", "阿不都热合曼·吾买尔", "张　三", "欧阳Ｏ", "龘", "𬎆", "〇", "Ω≈ç"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rare_names_arrive_as_they_were_sent(encoding: str) -> None:
    values = [["残疾人证", "", name, "", "", "", "", "", ""] for name in NAMES]
    table = Table(source(csv_bytes([CERTIFICATES.headings, *values], encoding)), CERTIFICATES)
    (batch,) = table.batches()
    assert list(batch.columns[2]) == NAMES


def test_other_encodings_are_refused_in_words() -> None:
    text = "\n".join(",".join(row) for row in (HEADINGS, ROW))
    assert "UTF-16" in refusal(text.encode("utf-16"))
    assert refusal(text.encode("utf-16-le"))
    assert "UTF-8" in refusal(text.encode("utf-8") + b"\xff\xfe\xfa")
    assert "缺少列标题" in refusal(text.replace("份", "").encode("big5", "replace"))


def test_columns_may_stand_in_any_order_and_unknown_ones_are_named() -> None:
    order = [2, 0, 3, 1]
    shuffled = [[*(line[place] for place in order), "x"] for line in ([*HEADINGS], ROW)]
    shuffled[0][-1] = "备注"
    table = Table(source(csv_bytes(shuffled)), WAGES)
    (batch,) = table.batches()
    assert [column[0] for column in batch.columns] == ROW
    assert table.warnings == ["不认识的列未读取：备注。"]


def test_missing_and_doubled_headings_are_named() -> None:
    assert "实发工资" in refusal(csv_bytes([HEADINGS[:3], ROW[:3]]))
    assert "所属月份" in refusal(csv_bytes([[*HEADINGS, "所属月份"], [*ROW, "2025-04"]]))
    assert "缺少列标题" in refusal(csv_bytes([ROW]))


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_another_separator_is_told(mark: str) -> None:
    assert "英文逗号" in refusal("\n".join(mark.join(row) for row in (HEADINGS, ROW)).encode())


def test_blank_rows_are_passed_over_and_line_numbers_kept() -> None:
    content = csv_bytes([[], HEADINGS, ROW, [], ["", "", "", ""], ROW, ["", "", "", ""], []])
    assert rows(content) == [(3, ROW), (6, ROW)]
    assert rows(xlsx_bytes([HEADINGS, ROW, [], [None] * 4, ROW])) == [(2, ROW), (5, ROW)]


def test_short_rows_are_filled_and_long_ones_are_faults() -> None:
    batch = read(csv_bytes([HEADINGS, ROW[:3], [*ROW, "", ""], [*ROW, "2050"]]))[0]
    assert list(batch.lines) == [2, 3]
    assert batch.columns[3] == ("", "2050.00")
    assert [fault.line for fault in batch.faults] == [4]


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf", b" , ,\n"])
def test_a_file_without_a_table_is_refused(content: bytes) -> None:
    assert refusal(content)


def test_broken_quotes_are_told_with_their_line() -> None:
    text = ",".join(HEADINGS) + "\n" + ",".join(ROW) + '\n"91140105MA01000604,x\n'
    assert "引号" in refusal(text.encode())


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7\n", "PDF文件"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"\xff\xd8\xff\xe0", "图片"),
        (b"<html><table></table></html>", "网页"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "网页或XML"),
        (b"{\\rtf1}", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "旧版Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "加密"),
        (b"\x1f\x8b\x08", "压缩包"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"a,b\n\0\0\0", "不是文本"),
    ],
)
def test_what_people_send_by_mistake_is_called_by_its_name(content: bytes, name: str) -> None:
    assert name in refusal(content)


def test_a_workbook_is_read_like_the_csv_with_its_own_numbers_and_dates() -> None:
    content = xlsx_bytes([HEADINGS, [*ROW[:2], datetime(2025, 3, 1), 2050.5]])  # noqa: DTZ001
    ((line, cells),) = rows(content)
    assert (line, cells[:2], cells[3]) == (2, ROW[:2], 2050.5)
    assert str(cells[2]) == "2025-03-01"


def test_truth_values_are_not_taken_for_numbers() -> None:
    ((_line, cells),) = rows(xlsx_bytes([HEADINGS, [*ROW[:3], True]]))
    assert cells[3] == "TRUE"


def changed(change: Callable[[Workbook], None]) -> bytes:
    book = Workbook()
    for row in (HEADINGS, ROW, ROW):
        book.active.append(row)
    change(book)
    return saved(book)


def hide_first_sheet(book: Workbook) -> None:
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("工资")
    for row in (HEADINGS, [*ROW[:3], "99"]):
        sheet.append(row)
    book.active = 1


def test_the_first_visible_sheet_counts_and_others_are_named() -> None:
    assert rows(changed(hide_first_sheet))[0][1][3] == "99"
    table = Table(source(changed(lambda book: book.create_sheet("说明").append(["x"]))), WAGES)
    list(table.batches())
    assert "说明" in table.warnings[0]


def test_hidden_rows_are_read_and_told() -> None:
    def hide(book: Workbook) -> None:
        book.active.row_dimensions[3].hidden = True

    table = Table(source(changed(hide)), WAGES)
    assert sum(len(batch.lines) for batch in table.batches()) == 2
    assert "隐藏" in table.warnings[0]


def test_merged_cells_are_refused_because_all_but_one_are_empty() -> None:
    assert "合并单元格" in refusal(changed(lambda book: book.active.merge_cells("A2:A3")))


def test_formulas_that_nobody_calculated_are_refused() -> None:
    def formula(book: Workbook) -> None:
        book.active["D2"] = "=1+1"

    assert "公式" in refusal(changed(formula))


def test_an_empty_workbook_and_other_archives_are_refused_by_name() -> None:
    assert "工作表" in refusal(saved(Workbook()))
    for member, name in (("xl/workbook.bin", "xlsb"), ("word/document.xml", "Word"), ("a.txt", "压缩包")):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(member, "x")
        assert name in refusal(target.getvalue())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "ODS" in refusal(target.getvalue())


def test_too_many_rows_and_too_large_a_file_are_refused() -> None:
    few = Limits(size=10_000, rows=2, expanded=10**8, memory=2**29, seconds=20)
    assert len(rows(csv_bytes([HEADINGS, ROW, ROW, [], []]))) == 2
    assert "超过2行" in refusal(csv_bytes([HEADINGS, ROW, ROW, ROW]), few)
    assert "分成几个文件" in refusal(csv_bytes([HEADINGS, *[ROW] * 400]), few)
    assert "列" in refusal(csv_bytes([[*HEADINGS, *[f"列{n}" for n in range(200)]]]))
