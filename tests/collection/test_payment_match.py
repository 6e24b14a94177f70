"""The page of a written payments file compares its receipts with the amounts due."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.permissions import Role
from audit.models import AuditEntry
from collection.queries.payment_match import match_lines, mismatch_csv
from exchange.engine.control import ControlTotals
from exchange.models import ImportedFile
from quota.models import Employer
from tests.accounts.factories import RegionFactory, officer
from tests.collection.test_payment_files import applied, sent
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

CODES = ("91140105MA00001001", "91140105MA00001014", "91140105MA00001027", "91140105MA0000103A")
SignIn = Callable[..., Client]


@pytest.fixture
def employers(db: None) -> list[Employer]:
    """Four that owe 15,000.00 each for 2025, and have no assessment for 2024."""
    RegionFactory(code="140000")
    found = [EmployerFactory(region=RegionFactory(code="140105"), name="=1+1", uscc=uscc) for uscc in CODES]
    for employer in found:
        verified_year(employer, staff=100, wages="6000000.00", credited=12)
    confirmed_run()
    return found


def written(*receipts: tuple[str, str, int, str]) -> ImportedFile:
    """A file of receipts (number, code, year, amount) that two people have put into effect."""
    file = sent(
        officer(Role.TAX_OFFICER, "140105"),
        *([number, uscc, str(year), amount, "2026-11-05", "县级"] for number, uscc, year, amount in receipts),
    )
    file = applied(file, officer(Role.TAX_OFFICER, "140105"), ControlTotals.read(file.totals))
    assert file.state == "applied", (file.state, file.faults)
    return file


def found(file: ImportedFile) -> dict[str, tuple[int, str]]:
    return {line.case: (line.employers, str(line.received)) for line in match_lines(file)}


def test_every_receipt_is_matched_and_what_is_kept_out_is_not_counted(
    employers: list[Employer],
) -> None:
    one, two, three, four = (employer.uscc for employer in employers)
    file = written(
        ("a", one, 2025, "10000.00"),
        ("b", one, 2025, "5000.00"),
        ("c", two, 2025, "14999.99"),
        ("d", three, 2025, "15000.01"),
        ("e", four, 2024, "7.00"),
        ("f", "91350100M000100Y43", 2025, "9.00"),
    )
    assert file.faulty_rows == 1
    assert found(file) == {
        "settled": (1, "15000.00"),
        "arrears": (1, "14999.99"),
        "overpaid": (1, "15000.01"),
        "unassessed": (1, "7.00"),
    }
    again = written(("a", one, 2025, "10000.00"), ("b", one, 2025, "5000.01"), ("g", two, 2025, "0.01"))
    assert (again.unchanged_rows, again.faulty_rows) == (1, 1)
    assert found(again)["settled"] == (1, "0.01")
    assert found(file)["arrears"] == (0, "0.00"), "what came in later counts"


def test_the_page_shows_it_and_the_list_of_mismatches_is_escaped_and_on_record(
    employers: list[Employer], signed_in: SignIn
) -> None:
    client = signed_in(Role.TAX_OFFICER, "140105")
    settled, short = employers[:2]
    receipts = [("a", settled, 2025, "15000.00"), ("b", short, 2025, "1.00"), ("c", short, 2024, "7.00")]
    file = written(*((number, employer.uscc, year, yuan) for number, employer, year, yuan in receipts))
    page = client.get(f"/files/{file.pk}/").content.decode()
    assert "与核定结果核对" in page
    lines = b"".join(client.get(f"/files/{file.pk}/mismatches.csv")).decode("utf-8-sig").splitlines()
    assert lines[1:] == [
        f"{short.uscc},'=1+1,140105,2024,7.00,,7.00,-7.00",
        f"{short.uscc},'=1+1,140105,2025,1.00,15000.00,1.00,14999.00",
    ]
    assert AuditEntry.objects.filter(action="levy.payments.mismatches", object_id=str(file.pk)).exists()
    assert signed_in(Role.TAX_OFFICER, "140106").get(f"/files/{file.pk}/mismatches.csv").status_code == 404


def test_the_page_and_the_list_ask_as_much_for_two_receipts_as_for_hundreds(
    employers: list[Employer], signed_in: SignIn, queries: Callable[[Client, str], int]
) -> None:
    client = signed_in(Role.TAX_OFFICER, "140105")

    def costs(file: ImportedFile) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured:
            lines = b"".join(mismatch_csv(file)).splitlines()
        assert len(lines) > 1
        asked = len(captured)  # the page's request empties the log
        return queries(client, f"/files/{file.pk}/"), asked

    few = costs(written(*((f"f{number}", CODES[number], 2025, "1.00") for number in range(2))))
    receipts = [(f"m{number}", CODES[number % 4], 2015 + number // 4 % 11, "1.00") for number in range(400)]
    many = costs(written(*receipts))
    assert many == few
    assert few[0] <= 12
    assert few[1] == 1
