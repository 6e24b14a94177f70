"""Files that nobody should send: damaged at random, dressed up, or made to burst (promises C1 and C2).

Whatever comes, the answer is a refusal in words or rows with faults; never an exception, never half a file.
"""

import io
import random
import resource
import socket
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from quota.errors import FileRefused
from quota.exchange.kinds import INSURANCE
from quota.exchange.loading import Mode, load_file
from quota.exchange.source import MIB, UPLOAD
from quota.exchange.table import Table
from quota.models import InsuranceMonth
from tests.quota.exchange_files import csv_bytes, source, xlsx_bytes
from tests.quota.factories import EmployerFactory, identity_number

SEED = 20260101
MUTANTS = 150  # of each form
CODE = "91140105MA01000604"


def rows(count: int = 12) -> list[list[str]]:
    return [[CODE, identity_number(), f"2025-{month + 1:02d}", "1", "1", "1", "0"] for month in range(count)]


def flip(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def double(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[chance.randrange(len(content)) :]


def dress(content: bytes, chance: random.Random) -> bytes:
    return (
        chance.choice([b"%PDF", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe", b"<html>", b"\0", b'"', b"="]) + content
    )


SPITE = [
    "'; DROP TABLE quota_employer; --",
    "\\.",
    "\\N",
    "\t",
    "\r\n",
    "=cmd|' /C calc'!A0",
    "１０²",
    "NaN",
    "\u202e21",
    "9" * 400,
    "𠮷" * 90,
    "%s%(x)s{}",
    "-1",
    "1e308",
]


def spite(content: bytes, chance: random.Random) -> bytes:
    cells = content.split(b",")
    cells[chance.randrange(len(cells))] = chance.choice(SPITE).encode()
    return b",".join(cells)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_damaged_files_end_in_words_and_never_in_half_a_file(form: str) -> None:
    EmployerFactory(uscc=CODE)
    chance = random.Random(SEED)
    write = csv_bytes if form == "csv" else xlsx_bytes
    whole = write([INSURANCE.headings, *rows()])
    mutations: list[Callable[[bytes, random.Random], bytes]] = [flip, cut, double, dress]
    if form == "csv":
        mutations.append(spite)
    outcomes = {"refused": 0, "faulty": 0, "written": 0}
    for _ in range(MUTANTS):
        damaged = chance.choice(mutations)(whole, chance)
        before = InsuranceMonth.objects.count()
        try:
            report = load_file(kind=INSURANCE, source=source(damaged), mode=Mode.APPLY, actor=None)
        except FileRefused:
            outcomes["refused"] += 1
            assert InsuranceMonth.objects.count() == before
            continue
        written = InsuranceMonth.objects.count() - before
        assert written == (report.new if report.is_applied else 0)
        assert report.is_applied != bool(report.faults)
        outcomes["written" if report.is_applied else "faulty"] += 1
    assert outcomes["refused"] > MUTANTS / 10
    assert sum(outcomes.values()) == MUTANTS


# Bombs


CONTENT_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"""
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{office}/{kind}" Target="{target}"/>{more}</Relationships>"""
SHARED = f'<Relationship Id="rId2" Target="sharedStrings.xml" Type="{OFFICE}/sharedStrings"/>'
WORKBOOK = """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"""
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</sst>'


def relations(kind: str, target: str, more: str = "") -> str:
    return RELATIONS.format(office=OFFICE, kind=kind, target=target, more=more)


def archive(sheet: str | bytes, strings: str = "", extra: dict[str, bytes] | None = None, level: int = 9) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as parts:
        parts.writestr("[Content_Types].xml", CONTENT_TYPES)
        parts.writestr("_rels/.rels", relations("officeDocument", "xl/workbook.xml"))
        parts.writestr("xl/workbook.xml", WORKBOOK)
        shared = SHARED if strings else ""
        parts.writestr("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml", shared))
        parts.writestr("xl/worksheets/sheet1.xml", sheet)
        if strings:
            parts.writestr("xl/sharedStrings.xml", STRINGS.format(strings))
        for name, content in (extra or {}).items():
            parts.writestr(name, content)
    return target.getvalue()


def cell(at: str, text: str = "x") -> str:
    row = "".join(filter(str.isdigit, at))
    return f'<row r="{row}"><c r="{at}" t="inlineStr"><is><t>{text}</t></is></c></row>'


def far_away() -> bytes:
    return archive(SHEET.format(cell("A1") + cell("XFD1048576")))


def one_huge_cell() -> bytes:
    noise = random.Random(SEED).randbytes(MIB).hex()
    return archive(SHEET.format(cell("A1", noise)))


def shared_a_million_times() -> bytes:
    text = random.Random(SEED).randbytes(400_000).hex()
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_000))
    return archive(SHEET.format(cells), strings=f"<si><t>{text}</t></si>")


def zeros(size: int) -> bytes:
    return archive(SHEET.format(cell("A1")), extra={"xl/media/zeros.bin": b"\0" * size})


SMALL_ROOM = replace(UPLOAD, expanded=2 * MIB)  # as much as noise may be under the limit on the file itself


def incompressible() -> bytes:
    """Too much without being packed tightly, so that only the limit on the whole refuses it."""
    return archive(SHEET.format(cell("A1")), extra={"xl/media/noise.bin": random.Random(SEED).randbytes(3 * MIB)})


def many_entries() -> bytes:
    return archive(SHEET.format(cell("A1")), extra={f"xl/media/{n}.bin": b"x" for n in range(300)})


def entity_bomb() -> bytes:
    lols = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return archive(f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lols}]>' + SHEET.format(cell("A1", "&l9;")))


def lying_directory() -> bytes:
    honest = archive(SHEET.format("<!-- -->" + " " * (40 * MIB) + cell("A1")), level=9)
    size = (len(SHEET.format("<!-- -->" + cell("A1"))) + 40 * MIB).to_bytes(4, "little")
    assert size in honest
    return honest.replace(size, (1000).to_bytes(4, "little"))


def utf16_sheet() -> bytes:
    return archive(('<?xml version="1.0" encoding="UTF-16"?>' + SHEET.format(cell("A1"))).encode("utf-16"))


def zip_in_zip() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("a", b"\0" * MIB)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as parts:
        parts.writestr("inner.zip", inner.getvalue())
    return target.getvalue()


def doubled_part() -> bytes:
    content = archive(SHEET.format(cell("A1")))
    target = io.BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(target, "a") as parts:
        parts.writestr("xl/worksheets/sheet1.xml", SHEET.format(cell("A2")))
    return target.getvalue()


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "far away": (far_away, "请删除数据以外的行和列"),
    "one huge cell": (one_huge_cell, "内容过长"),
    "a string shared often": (shared_a_million_times, "请删除数据以外的行和列"),
    "ratio": (lambda: zeros(30 * MIB), "展开后过大"),
    "expanded": (incompressible, "展开后过大"),
    "entries": (many_entries, "展开后过大"),
    "entities": (entity_bomb, "不允许的内容"),
    "lying directory": (lying_directory, "已损坏"),
    "utf-16": (utf16_sheet, "不允许的内容"),
    "zip in zip": (zip_in_zip, "压缩包"),
    "doubled part": (doubled_part, "展开后过大"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_quickly_and_cost_this_process_nothing(name: str) -> None:
    make, words = BOMBS[name]
    content = make()
    before, started = peak(), time.monotonic()
    with pytest.raises(FileRefused) as refused:
        list(Table(source(content, SMALL_ROOM if name == "expanded" else UPLOAD), INSURANCE).batches())
    assert words in str(refused.value), "refused for what it is, before anything of it was taken for a table"
    assert time.monotonic() - started < 10  # the machine of a test run is busy; alone it takes well below a second
    assert peak() - before < 30 * MIB


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_an_external_entity_reaches_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        listener.settimeout(0.2)
        sheet = f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{port}/">]>' + SHEET.format(cell("A1", "&e;"))
        with pytest.raises(FileRefused):
            list(Table(source(archive(sheet)), INSURANCE).batches())
        with pytest.raises(TimeoutError):
            listener.accept()


def test_an_ordinary_workbook_of_this_making_is_read() -> None:
    """The bombs are refused for what they are, not for how they were made."""
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in [*INSURANCE.headings])
    sheet = SHEET.format(f"<row>{cells}</row><row>{cells}</row>")
    (batch,) = Table(source(archive(sheet)), INSURANCE).batches()
    assert list(batch.lines) == [2]
