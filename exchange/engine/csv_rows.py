"""Rows of a CSV file in UTF-8 (with or without a byte order mark) or GB18030: the first that decodes the whole
file."""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice

from django.utils.translation import gettext as _

from exchange.engine.faults import Cell
from exchange.engine.source import MIB, Source
from exchange.errors import FileRefused

ENCODINGS = ("utf-8-sig", "gb18030")


def csv_rows(source: Source, batch: int) -> Iterator[list[list[Cell]]]:
    """Every row, empty ones included, `batch` at a time. Raises FileRefused for another encoding or broken quoting."""
    with source.open() as stream, io.TextIOWrapper(stream, encoding_of(source), newline="") as text:
        reader = csv.reader(text, strict=True)
        try:
            while rows := list(islice(reader, batch)):
                yield rows
        except csv.Error as error:
            raise FileRefused(
                _("第%(line)s行的引号或换行有误，不能继续读取。请用表格软件重新另存为CSV。")
                % {"line": reader.line_num}
            ) from error


def encoding_of(source: Source) -> str:
    """The first encoding in which the whole file is valid. Raises FileRefused if there is none or the file is
    binary."""
    for encoding in ENCODINGS:
        try:
            _read_through(source, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileRefused(_("文字编码既不是UTF-8也不是GB18030。请用表格软件另存为“CSV UTF-8”。"))


def _read_through(source: Source, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with source.open() as stream:
        while chunk := stream.read(MIB):
            if b"\0" in chunk:
                raise FileRefused(_("文件不是文本，不能读取。请另存为CSV或XLSX。"))
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
