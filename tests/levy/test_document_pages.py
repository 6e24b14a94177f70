"""Pages of documents: their readers, the names of their files, and the document that replaces a replaced one."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.permissions import Role
from levy.models import Notice
from quota.models import Membership
from tests.accounts.factories import UserFactory, officer
from tests.levy.factories import confirmed_run
from tests.levy.papers import COUNTY, NEIGHBOUR, employer, issued, name_regions
from tests.quota.factories import EmployerFactory


@pytest.fixture(autouse=True)
def _shanxi(db: None) -> None:
    name_regions()


def _status(client: Client, notice: Notice, name: str = "levy:notice") -> int:
    return client.get(reverse(name, args=[notice.number])).status_code


@pytest.fixture
def notice() -> Notice:
    made = employer()
    confirmed_run()
    return issued(made)


@pytest.mark.parametrize("name", ["levy:notice", "levy:notice_file"])
@pytest.mark.parametrize(
    ("role", "region", "status"),
    [
        (Role.LEVY_OFFICER, "140000", 200),
        (Role.TAX_OFFICER, COUNTY, 200),
        (Role.AUDITOR, "140100", 200),
        (Role.LEVY_OFFICER, NEIGHBOUR, 404),
        (Role.ADMINISTRATOR, COUNTY, 403),
        (Role.EMPLOYER, COUNTY, 404),
    ],
)
def test_officers_of_the_region_read_it(
    notice: Notice, signed_in: Any, name: str, role: Role, region: str, status: int
) -> None:
    assert _status(signed_in(role, region), notice, name) == status


def test_the_employer_s_own_account_reads_it_and_another_s_does_not(notice: Notice, signed_in: Any) -> None:
    own, other = officer(Role.EMPLOYER, COUNTY), officer(Role.EMPLOYER, COUNTY)
    Membership.objects.create(user=own, employer=notice.assessment.employer)
    Membership.objects.create(user=other, employer=EmployerFactory())
    assert _status(signed_in(own), notice) == 200
    assert _status(signed_in(other), notice) == 404
    assert _status(signed_in(UserFactory()), notice) == 403
    assert _status(Client(), notice) == 302


def test_the_file_has_the_number_as_its_name(notice: Notice, signed_in: Any) -> None:
    response = signed_in(Role.LEVY_OFFICER, COUNTY).get(reverse("levy:notice_file", args=[notice.number]))
    assert response["Content-Type"] == "application/pdf"
    assert "%E6%AE%8B%E6%A0%B8" in response["Content-Disposition"]
    assert b"".join(response.streaming_content).startswith(b"%PDF-1.7")


def test_where_pdf_is_off_the_page_says_so_and_is_the_document(notice: Notice, signed_in: Any, settings: Any) -> None:
    settings.PDF_ENABLED = False
    client = signed_in(Role.LEVY_OFFICER, COUNTY)
    response = client.get(reverse("levy:notice_file", args=[notice.number]), follow=True)
    page = response.content.decode()
    assert response.redirect_chain[-1][0].startswith("/notices/")
    assert "未开启PDF功能" in page
    assert "下载PDF" not in page
    assert "43,612.84" in page


def test_only_who_confirms_issues_and_only_by_post(signed_in: Any) -> None:
    made = employer()
    confirmed_run()
    address = reverse("levy:notice_issue", args=[made.assessments.get().pk])
    assert signed_in(Role.TAX_OFFICER, COUNTY).post(address).status_code == 403
    assert signed_in(Role.LEVY_OFFICER, NEIGHBOUR).post(address).status_code == 404
    assert signed_in(Role.LEVY_OFFICER, COUNTY).get(address).status_code == 405
    assert not Notice.objects.exists()
    response = signed_in(Role.LEVY_OFFICER, COUNTY).post(address)
    assert response.url == reverse("levy:notice", args=[Notice.objects.get().number])
