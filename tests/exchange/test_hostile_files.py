"""Files that are damaged at random, disguised, or made to burst (promises C1 and C2).

The answer is always a refusal in words or rows with faults; never an exception, never half a file.
"""

import random
import resource
import socket
import time
from dataclasses import replace

import pytest

from exchange.engine.loading import Mode, load_file
from exchange.engine.source import MIB, UPLOAD
from exchange.engine.table import Table
from exchange.errors import FileRefused
from quota.kinds import INSURANCE
from quota.models import InsuranceMonth
from tests.exchange.files import csv_bytes, source, xlsx_bytes
from tests.quota.factories import EmployerFactory, identity_number
from tools.faults.hostile import BOMBS, CSV_MUTATIONS, MUTATIONS, SEED, SHEET, archive, cell

MUTANTS = 150  # of each form
CODE = "91140105MA01000604"


def rows(count: int = 12) -> list[list[str]]:
    return [[CODE, identity_number(), f"2025-{month + 1:02d}", "1", "1", "1", "0"] for month in range(count)]


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_damaged_files_end_in_words_and_never_in_half_a_file(form: str) -> None:
    EmployerFactory(uscc=CODE)
    chance = random.Random(SEED)
    write = csv_bytes if form == "csv" else xlsx_bytes
    whole = write([INSURANCE.headings, *rows()])
    mutations = CSV_MUTATIONS if form == "csv" else MUTATIONS
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

SMALL_ROOM = replace(UPLOAD, expanded=2 * MIB)  # as much as noise may be under the limit on the file itself


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
