"""An exchange file before reading: its bytes, the limits of its size, and its format by its contents."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange.errors import FileRefused

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one file may take of the machine (promise C2). Sizes in bytes, `seconds` of processor time."""

    size: int
    rows: int
    expanded: int
    memory: int
    seconds: int
    ratio: int = 100
    entries: int = 200
    cell: int = MIB
    columns: int = 200


UPLOAD = Limits(size=10 * MIB, rows=50_000, expanded=100 * MIB, memory=512 * MIB, seconds=20)
COMMAND_LINE = Limits(size=64 * 1024 * MIB, rows=2**31 - 2, expanded=4096 * MIB, memory=8192 * MIB, seconds=600)


@dataclass(frozen=True, slots=True)
class Source:
    """An exchange file: on disk for the command line, in memory for an upload."""

    name: str
    limits: Limits
    path: Path | None = None
    content: bytes = b""

    def open(self) -> BinaryIO:
        return self.path.open("rb") if self.path else io.BytesIO(self.content)

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path else len(self.content)

    def sha256(self) -> str:
        with self.open() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


CSV, XLSX = "csv", "xlsx"
HEAD = 4096

# Formats that people send by mistake, by their first bytes.
SIGNATURES: tuple[tuple[bytes, object], ...] = (
    (b"%PDF", gettext_lazy("PDF文件")),
    (b"\x89PNG", gettext_lazy("图片")),
    (b"\xff\xd8\xff", gettext_lazy("图片")),
    (b"GIF8", gettext_lazy("图片")),
    (b"{\\rtf", gettext_lazy("RTF文件")),
    (b"Rar!", gettext_lazy("压缩包")),
    (b"7z\xbc\xaf", gettext_lazy("压缩包")),
    (b"\x1f\x8b", gettext_lazy("压缩包")),
    (b"\xff\xfe", gettext_lazy("UTF-16编码的文本")),
    (b"\xfe\xff", gettext_lazy("UTF-16编码的文本")),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<head", b"<meta")


def recognise(source: Source) -> str:
    """CSV or XLSX, by the contents, never by the name. Raises FileRefused with the name of the format it found."""
    if source.size == 0:
        raise FileRefused(_("文件是空的。"))
    if source.size > source.limits.size:
        raise FileRefused(_("文件超过%(limit)s MB。请分成几个文件。") % {"limit": source.limits.size // MIB})
    with source.open() as stream:
        head = stream.read(HEAD)
        if head.startswith(OLE):
            raise _refused_as(_ole_name(head + stream.read(MIB)))
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            raise _refused_as(name)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        raise _refused_as(_("网页或XML文件"))
    if head.startswith(b"PK"):
        _check_archive(source)
        return XLSX
    return CSV


def _refused_as(name: object) -> FileRefused:
    return FileRefused(_("这是%(name)s，不是CSV或XLSX。请用表格软件另存为XLSX或CSV后再导入。") % {"name": name})


def _ole_name(start: bytes) -> str:
    return _("加密的Excel文件") if ENCRYPTED in start else _("旧版Excel（xls）或其他Office文件")


def _check_archive(source: Source) -> None:
    """Check the archive's directory before unpacking anything (promise C2)."""
    limits = source.limits
    try:
        with source.open() as stream, ZipFile(stream) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if "xl/workbook.xml" not in names:
                raise _refused_as(_archive_name(archive, set(names)))
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        raise FileRefused(_("XLSX文件已损坏，请重新另存。")) from error
    expanded = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if (
        len(entries) > limits.entries
        or len(set(names)) < len(names)
        or expanded > limits.expanded
        or any(entry.file_size > MIB and entry.file_size > limits.ratio * entry.compress_size for entry in entries)
        or expanded > limits.ratio * max(packed, MIB)
    ):
        raise FileRefused(_("XLSX文件展开后过大或结构异常，不能读取。请只保留数据，另存后再导入。"))


def _archive_name(archive: ZipFile, names: set[str]) -> object:
    if "xl/workbook.bin" in names:
        return _("二进制Excel文件（xlsb）")
    if "mimetype" in names and archive.getinfo("mimetype").file_size < HEAD:
        if b"spreadsheet" in archive.read("mimetype"):
            return _("ODS文件")
        return _("OpenDocument文件")
    return _("Word文件") if "word/document.xml" in names else _("压缩包")
