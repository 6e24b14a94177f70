"""Short form of the canaries (promise E1): a number that goes through the loader is written nowhere."""

import logging

import pytest
from django.db import connection

from audit.models import AuditEntry
from exchange.engine.loading import Mode, load_file
from exchange.errors import FileRefused
from exchange.models import ImportedFile
from quota.kinds import INSURANCE
from quota.models import InsuranceMonth
from tests.exchange.files import csv_bytes, source
from tests.quota.factories import EmployerFactory, identity_number
from tools.faults.steps.canaries import forms_of
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
CODE = "91140105MA01000604"


@pytest.fixture
def canary() -> str:
    EmployerFactory(uscc=CODE)
    return identity_number()


def load(rows: list[list[str]]) -> str:
    """Read and write a file of rows. Returns the messages for the person."""
    content = csv_bytes([INSURANCE.headings, *rows])
    try:
        report = load_file(kind=INSURANCE, source=source(content), mode=Mode.APPLY, actor=None)
    except FileRefused as refusal:
        return str(refusal)
    return str(report)


def written_down(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that may have been written about a load, in one text."""
    files = ImportedFile.objects.values_list("name", "refusal", "faults", "warnings")
    entries = AuditEntry.objects.values_list("reason", "details")
    return "\n".join([caplog.text, *map(str, files), *map(str, entries)])


def is_found(number: str, text: str) -> bool:
    return any(form in text.encode() for form in forms_of([number]))


def test_a_file_read_and_written_leaves_no_number(canary: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        told = load([[CODE, canary, "2025-03", "1", "1", "1", "1"]])
    assert InsuranceMonth.objects.count() == 1
    assert not is_found(canary, written_down(caplog) + told)


def test_a_number_in_the_wrong_column_is_not_repeated(canary: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        load([["1", "1", "1", "1", "2025-03", canary, CODE]])
    assert ImportedFile.objects.get().fault_count > 0
    assert not is_found(canary, written_down(caplog))


def test_a_row_that_the_database_refuses_is_not_repeated(canary: str, caplog: pytest.LogCaptureFixture) -> None:
    """PostgreSQL names all values of the row that a constraint refuses."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quota_insurancemonth ADD CONSTRAINT refuses_all CHECK (NOT pension) NOT VALID")
    with caplog.at_level(logging.DEBUG):
        told = load([[CODE, canary, "2025-03", "1", "1", "1", "1"]])
    assert "内容与库中刚变动的数据冲突" in told
    assert not is_found(canary, written_down(caplog) + told)


def test_twin_one_logged_row_is_found(canary: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("quota").debug("row %s", [CODE, canary])
    assert is_found(canary, written_down(caplog))
