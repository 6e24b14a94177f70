"""The one function that makes PDF files: tagged, reproducible, without network or files, within bounds."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from pypdf import PdfReader

from design.pdf import MAX_CHARACTERS, MAX_TEXT, DocumentTooLarge, PdfUnavailable, render_pdf

ROOT = Path(__file__).resolve().parents[2]
DATED = datetime(2026, 11, 16, 2, 20, 30, tzinfo=UTC)


def pdf_of(markup: str) -> bytes:
    return render_pdf(
        title="核定通知书", dated=DATED, sheets=[mark_safe(f'<article class="a4">{markup}</article>')]
    ).content


def test_the_file_is_tagged_for_screen_readers_with_language_title_and_date() -> None:
    reader = PdfReader(BytesIO(pdf_of("<h1>通知</h1><p>正文</p>")))
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/StructTreeRoot"]["/K"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert catalog["/Lang"] == "zh-CN"
    assert reader.metadata.title == "核定通知书"
    assert reader.metadata.creation_date == DATED
    assert b"pdfuaid:part" in catalog["/Metadata"].get_data()


def test_every_character_of_a_rare_name_is_drawn_by_the_bundled_fonts() -> None:
    name = "龘靐齉爩㐂㛃䶮彧昇璟囍玥垚翀頔鑫"
    reader = PdfReader(BytesIO(pdf_of(f"<p>{name}</p>")))
    assert name in reader.pages[0].extract_text()
    fonts = reader.pages[0]["/Resources"]["/Font"].values()
    assert {font.get_object()["/BaseFont"].split("+")[-1] for font in fonts} <= {"Noto-Serif-SC", "Noto-Sans-SC"}


RENDER = """
import django, hashlib; django.setup()
from tests.design.test_pdf import pdf_of
print(hashlib.sha256(pdf_of("<h1>通知</h1><p>2025年度应缴费额（¥43,612.84）。</p>")).hexdigest())
"""


@pytest.mark.parametrize(("seed", "zone"), [("0", "UTC"), ("1", "America/New_York")])
def test_another_process_makes_the_same_bytes(seed: str, zone: str) -> None:
    environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
    child = subprocess.run(
        [sys.executable, "-c", RENDER],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    here = hashlib.sha256(pdf_of("<h1>通知</h1><p>2025年度应缴费额（¥43,612.84）。</p>")).hexdigest()
    assert child.stdout.strip() == here


class Listener:
    """A server on this machine that counts connections."""

    def __init__(self) -> None:
        self.calls = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _address = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.socket.close()


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A readable file that a document may try to include."""
    path = tmp_path / "secret.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\nsecret of the house")
    return path


REACHING = """
<img src="{file}"><img src="{http}/a.png"><img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>">
<link rel="stylesheet" href="{http}/a.css"><link rel="attachment" href="{file}"><a rel="attachment" href="{file}">x</a>
<style>@import "{http}/b.css"; p {{ background: url({http}/b.png) }}</style>
<style>@font-face {{ font-family: x; src: url({file}) }}</style>
<object data="{file}"></object><embed src="{http}/c"><iframe src="{http}/d"></iframe><p style="font-family: x">字</p>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{file}"/><use href="{http}/e.svg#a"/></svg>
"""


def test_a_document_that_asks_for_files_and_addresses_gets_none(listener: Listener, bait: Path) -> None:
    opened: list[str] = []
    is_watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if is_watching and (event == "socket.connect" or (event == "open" and bait.name in str(arguments[0]))):
            opened.append(f"{event} {arguments}")

    sys.addaudithook(watch)
    content = pdf_of(REACHING.format(file=bait.as_uri(), http=listener.address))
    is_watching = False
    assert opened == []
    assert listener.calls == 0
    assert b"secret of the house" not in content
    assert PdfReader(BytesIO(content)).attachments == {}


def test_a_text_longer_than_any_document_is_refused_before_it_is_laid_out() -> None:
    with pytest.raises(DocumentTooLarge):
        pdf_of("字" * MAX_TEXT)
    with pytest.raises(DocumentTooLarge):
        pdf_of("<i></i>" * (MAX_CHARACTERS // 7))


LARGEST = """
import django, resource; django.setup()
from design.pdf import MAX_TEXT
from tests.design.test_pdf import pdf_of
pdf_of("残疾人就业" * ((MAX_TEXT - 100) // 5))
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(used.ru_utime + used.ru_stime, int(peak.split()[1]) // 1024)
"""


def test_the_longest_text_that_is_accepted_costs_twenty_seconds_and_400_mib_at_most() -> None:
    child = subprocess.run([sys.executable, "-c", LARGEST], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, mebibytes = child.stdout.split()
    assert float(seconds) <= 20
    assert int(mebibytes) <= 400


def test_without_pango_there_is_a_sentence_instead_of_a_file(settings: Any) -> None:
    settings.PDF_ENABLED = False
    with pytest.raises(PdfUnavailable, match="请直接打印网页"):
        pdf_of("<p>正文</p>")
