"""A tax officer who downloaded a list sees its changes since, and can download only these rows, with sum and hash."""

import csv
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import StringIO

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.permissions import Role
from audit.models import AuditEntry
from collection.queries import list_changes, lists
from collection.views import lists as list_pages
from levy.models import Assessment, Supersession
from levy.services import corrections
from quota.models import Employer, VerifiedHeadcount
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

CITY, COUNTY, NEIGHBOUR = "140100", "140105", "140106"
PAGE = f"/lists/2025/{CITY}/"
Sign = Callable[..., Client]


@pytest.fixture
def employers(transactional_db: None) -> list[Employer]:
    """Three of one county, verified."""
    for code in ("140000", CITY, NEIGHBOUR):
        RegionFactory(code=code)
    found = [EmployerFactory(region=RegionFactory(code=COUNTY)) for _number in range(3)]
    for employer in found:
        verified_year(employer, staff=100, credited=0)
    return found


@pytest.fixture
def tax(employers: list[Employer], signed_in: Sign) -> Client:
    """The prefecture's tax officer, once the county is confirmed."""
    confirmed_run(region=COUNTY)
    return signed_in(Role.TAX_OFFICER, CITY)


def download(client: Client, name: str = "levy-list.csv") -> bytes:
    return b"".join(client.get(PAGE + name).streaming_content)


def proposed(employer: Employer, months: int = 12) -> Supersession:
    VerifiedHeadcount.objects.filter(employer=employer, levy_year=2025).update(credited_months=months)
    assessment = Assessment.objects.current().get(employer=employer)
    actor = officer(Role.LEVY_OFFICER, CITY)
    return corrections.propose_correction(assessment=assessment, ground="audit", reason="检查发现", actor=actor)


def corrected(employer: Employer, months: int = 12) -> Supersession:
    return corrections.CORRECTIONS.approve(proposed(employer, months), actor=officer(Role.LEVY_OFFICER, CITY))


def codes(content: bytes) -> list[str]:
    return [row["统一社会信用代码"] for row in csv.DictReader(StringIO(content.decode("utf-8-sig")))]


def test_before_a_first_download_nothing_is_a_change(tax: Client) -> None:
    assert "last" not in tax.get(PAGE).context
    assert tax.get(PAGE + "levy-list.csv?changed=1").status_code == 404


def test_right_after_a_download_nothing_has_changed(tax: Client) -> None:
    assert len(codes(download(tax))) == 3
    page = tax.get(PAGE)
    assert page.context["changes"].page.paginator.count == 0
    assert "此后没有新核定或更正的行" in page.content.decode()


def test_a_corrected_row_is_shown_beside_what_it_was_and_is_had_alone(tax: Client, employers: list[Employer]) -> None:
    download(tax)
    correction = corrected(employers[1])
    page = tax.get(PAGE)
    assert [row.employer for row in page.context["changes"].page] == [employers[1]]
    assert page.context["changes"].payable == correction.new.payable != correction.old.payable
    assert f"{correction.old.payable:,}" in page.content.decode()
    content = download(tax, "levy-list.csv?changed=1")
    assert codes(content) == [employers[1].uscc]
    entry = AuditEntry.objects.filter(action=list_changes.DOWNLOAD).first()
    assert entry.details["rows"] == 1
    assert entry.details["payable"] == str(correction.new.payable)
    assert entry.details["sha256"] == hashlib.sha256(content).hexdigest()
    assert tax.get(PAGE).context["changes"].page.paginator.count == 0


def test_a_county_confirmed_later_is_new_in_its_prefectures_list(tax: Client) -> None:
    download(tax)
    later = EmployerFactory(region_id=NEIGHBOUR)
    verified_year(later)
    confirmed_run(region=NEIGHBOUR)
    assert codes(download(tax, "levy-list.csv?changed=1")) == [later.uscc]


def test_each_person_has_the_changes_since_the_own_download(tax: Client, employers: list[Employer], signed_in: Sign):
    colleague = signed_in(Role.TAX_OFFICER, CITY)
    download(tax)
    corrected(employers[0])
    download(colleague)
    assert tax.get(PAGE).context["changes"].page.paginator.count == 1
    assert colleague.get(PAGE).context["changes"].page.paginator.count == 0


def test_a_row_that_a_correction_moved_elsewhere_is_named(employers: list[Employer], signed_in: Sign) -> None:
    verified_year(EmployerFactory(region_id=NEIGHBOUR))
    confirmed_run(region=CITY)
    county = signed_in(Role.TAX_OFFICER, COUNTY)
    here = f"/lists/2025/{COUNTY}/"
    b"".join(county.get(here + "levy-list.csv").streaming_content)
    Employer.objects.filter(pk=employers[2].pk).update(region=NEIGHBOUR)
    corrected(Employer.objects.get(pk=employers[2].pk))
    page = county.get(here)
    assert [moved.old.employer for moved in page.context["changes"].departed] == [employers[2]]
    assert employers[2].name in page.content.decode()


def test_of_many_rows_that_left_it_says_how_many_are_not_named(
    employers: list[Employer], signed_in: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_pages, "PER_PAGE", 1)
    verified_year(EmployerFactory(region_id=NEIGHBOUR))
    confirmed_run(region=CITY)
    county, here = signed_in(Role.TAX_OFFICER, COUNTY), f"/lists/2025/{COUNTY}/"
    b"".join(county.get(here + "levy-list.csv").streaming_content)
    for gone, words in ((employers[0], ""), (employers[1], "另有1户未列出")):
        Employer.objects.filter(pk=gone.pk).update(region=NEIGHBOUR)
        corrected(Employer.objects.get(pk=gone.pk))
        page = county.get(here).content.decode()
        assert words in page
        assert ("未列出" in page) == bool(words)


def test_a_row_that_came_back_is_a_change_and_has_not_left(employers: list[Employer], signed_in: Sign) -> None:
    verified_year(EmployerFactory(region_id=NEIGHBOUR))
    confirmed_run(region=CITY)
    county = signed_in(Role.TAX_OFFICER, COUNTY)
    here = f"/lists/2025/{COUNTY}/"
    b"".join(county.get(here + "levy-list.csv").streaming_content)
    for region, months in ((NEIGHBOUR, 12), (COUNTY, 6)):
        Employer.objects.filter(pk=employers[2].pk).update(region=region)
        corrected(Employer.objects.get(pk=employers[2].pk), months)
    page = county.get(here)
    assert [row.employer for row in page.context["changes"].page] == [employers[2]]
    assert not page.context["changes"].departed


def elsewhere(ask: Callable[[], datetime]) -> datetime:
    """The answer of another connection meanwhile."""

    def asked() -> datetime:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(asked).result()


def test_what_is_being_approved_during_a_download_is_a_change_afterwards(employers: list[Employer]) -> None:
    """It bears the time at which its transaction began, before the download that did not see it yet."""
    confirmed_run(region=COUNTY)
    correction = proposed(employers[0])
    with transaction.atomic():
        corrections.CORRECTIONS.approve(correction, actor=officer(Role.LEVY_OFFICER, CITY))
        moment = elsewhere(list_changes.reading_moment)
    correction.new.run.refresh_from_db()
    assert moment <= correction.new.run.confirmed_at


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_changes_of_a_workbook_and_of_text_are_the_same_rows(
    tax: Client, employers: list[Employer], file_format: str
) -> None:
    download(tax)
    corrected(employers[0])
    chosen = lists.levy_list(levy_year=2025, region=employers[0].region)
    last = AuditEntry.objects.filter(action=list_changes.DOWNLOAD).first()
    changes = list_changes.changes_since(last, chosen)
    assert changes.totals()[0] == 1
    assert employers[0].uscc.encode() in b"".join(lists.csv_chunks(changes))
    assert changes.file_name(file_format) == f"levy-changes-2025-{COUNTY}.{file_format}"


def test_the_page_asks_as_much_for_two_changed_rows_as_for_many(
    tax: Client, employers: list[Employer], queries: Callable[[Client, str], int]
) -> None:
    download(tax)
    corrected(employers[0])
    few = queries(tax, PAGE)
    for employer in employers[1:]:
        corrected(employer)
    assert queries(tax, PAGE) == few <= 12
