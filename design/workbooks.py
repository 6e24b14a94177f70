"""A workbook of one sheet that is sent while it is written, however many rows it has (ECMA-376).

The rows come as finished XML: PostgreSQL writes a million of them quicker than Python takes their cells apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import RawIOBase
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SPEED = 1  # of zlib's levels: the next one takes half as long again for a tenth of the size
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"
BOLD = 1  # the second style below

PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/{SHEET}" ContentType="{TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{RELATIONS}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{RELATIONS}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{MAIN}">'
        '<fonts count="2"><font><sz val="11"/><name val="宋体"/></font>'
        '<font><b/><sz val="11"/><name val="宋体"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
WORKBOOK = (
    '<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
    '<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
BEGINNING = (
    f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
END = "</sheetData></worksheet>"


# What XML or COPY would read as its own, and how a text says it.
WRITTEN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def text_cell(expression: str) -> str:
    """SQL for the cell that shows a text."""
    expression = f"{expression}::text"
    for sign, written in WRITTEN.items():
        expression = f"replace({expression}, '{sign}', '{written}')"
    return f"coalesce('<c t=\"inlineStr\"><is><t>' || {expression} || '</t></is></c>', '<c/>')"


def number_cell(expression: str) -> str:
    """SQL for the cell that holds a number."""
    return f"coalesce('<c><v>' || {expression} || '</v></c>', '<c/>')"


def workbook(*, sheet: str, headings: Sequence[str], rows: Iterable[bytes]) -> Iterator[bytes]:
    """The file piece by piece. `rows` are pieces of XML, whole <row> elements one after the other."""
    outlet = _Outlet()
    with ZipFile(outlet, "w", ZIP_DEFLATED, compresslevel=SPEED) as archive:
        named = WORKBOOK.format(main=MAIN, office=OFFICE, name=escape(sheet, {'"': "&quot;"}))
        for name, content in (PARTS | {"xl/workbook.xml": named}).items():
            archive.writestr(_entry(name), content)
        with archive.open(_entry(SHEET), "w") as part:
            part.write(f"{BEGINNING}{_heading_row(headings)}".encode())
            yield outlet.drained()
            for piece in rows:
                part.write(piece)
                if outlet.pieces:
                    yield outlet.drained()
            part.write(END.encode())
    yield outlet.drained()


def _entry(name: str) -> ZipInfo:
    """Without a date of its own, so that the same rows are the same file."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _heading_row(headings: Sequence[str]) -> str:
    cells = (f'<c s="{BOLD}" t="inlineStr"><is><t>{escape(heading)}</t></is></c>' for heading in headings)
    return f"<row>{''.join(cells)}</row>"


class _Outlet(RawIOBase):
    """The output of ZipFile. It cannot seek back, so the sizes follow each part."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def drained(self) -> bytes:
        content = b"".join(self.pieces)
        self.pieces.clear()
        return content
