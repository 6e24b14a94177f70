"""Reads one workbook in a separate process and writes its rows to standard output.

The parser is native code: a hostile file that makes it run out of memory ends its process. A separate process has
limits on memory and time that no file can lift. Run by xlsx_rows.py; needs no Django. Each message is a pickle: first
`("sheet", {...})` or `("refused", code)`, then lists of rows.
"""

import io
import json
import pickle
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

CHUNK = 256 * 1024
OVERLAP = 256  # a pattern that two chunks split is found in the next window

# A formula without a stored result: its cell would be read as empty.
UNCALCULATED = re.compile(rb"</f>\s{0,9}(?:<v\s?/>|<v>\s{0,9}</v>)?\s{0,9}</c>")
DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
HIDDEN = re.compile(rb"<(?:row|col)\s[^<>]{0,128}\shidden=\"1\"")


class Refused(Exception):
    """The workbook is refused; xlsx_rows.py has the words for the code."""


def scan(stream: BinaryIO, limits: dict[str, int]) -> bool:
    """Read every part once as bytes. Returns True if rows or columns are hidden; raises Refused."""
    hidden = False
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            is_sheet = entry.filename.startswith("xl/worksheets/")
            with archive.open(entry) as part:
                for window in windows(part, limits["cell"]):
                    if b"\0" in window or (b"<!" in window and DOCTYPE.search(window)):
                        raise Refused("markup")
                    if is_sheet and b"</f>" in window and UNCALCULATED.search(window):
                        raise Refused("uncalculated")
                    hidden = hidden or (is_sheet and b"hidden" in window and HIDDEN.search(window) is not None)
    return hidden


def windows(part: Any, longest: int) -> Iterator[bytes]:
    """The part in overlapping pieces. Raises Refused when one text is longer than the limit."""
    tail, run = b"", 0
    while chunk := part.read(CHUNK):
        if part.name.endswith((".xml", ".rels")):
            first, last = chunk.find(b"<"), chunk.rfind(b"<")
            if run + (len(chunk) if first < 0 else first) > longest:
                raise Refused("cell")
            run = len(chunk) - last if first >= 0 else run + len(chunk)
            yield tail + chunk
            tail = chunk[-OVERLAP:]


def read_sheet(stream: BinaryIO, size: int) -> Iterator[Any]:
    """The first visible sheet with contents: its description, then its rows from the top of the sheet."""
    with CalamineWorkbook.from_filelike(stream) as workbook:
        names = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        sheets = [sheet for sheet in map(workbook.get_sheet_by_name, names) if sheet.start is not None]
        if not sheets:
            raise Refused("empty")
        if sheets[0].merged_cell_ranges:
            raise Refused("merged")
        yield {"name": sheets[0].name, "others": [sheet.name for sheet in sheets[1:]]}
        batch = []
        for row in sheets[0].iter_rows():
            if bool in set(map(type, row)):
                row = ["TRUE" if cell is True else "FALSE" if cell is False else cell for cell in row]
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
        yield batch


def main() -> None:
    limits = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    try:
        with open(sys.argv[2], "rb") if len(sys.argv) > 2 else io.BytesIO(sys.stdin.buffer.read()) as stream:
            hidden = scan(stream, limits)
            stream.seek(0)
            messages = read_sheet(stream, limits["batch"])
            pickle.dump(("sheet", next(messages) | {"hidden": hidden}), out, protocol=5)
            for batch in messages:
                pickle.dump(batch, out, protocol=5)
    except Refused as refused:
        pickle.dump(("refused", str(refused)), out)
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        pickle.dump(("refused", "broken"), out)


if __name__ == "__main__":
    main()
