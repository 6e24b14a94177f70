"""Files that are damaged at random by a seed, disguised, or made to burst (promises C1 and C2)."""

import io
import random
import warnings
import zipfile
from collections.abc import Callable

from exchange.engine.source import MIB

SEED = 20260101


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


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [flip, cut, double, dress]
CSV_MUTATIONS = [*MUTATIONS, spite]


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


def incompressible() -> bytes:
    """Too large but hardly compressed, so that only the limit on the total size refuses it."""
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
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(target, "a") as parts:
        parts.writestr("xl/worksheets/sheet1.xml", SHEET.format(cell("A2")))
    return target.getvalue()


# The maker of each, and the words of its refusal.
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
