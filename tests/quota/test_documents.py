"""审核认定书 on paper: the verified figure, its months, and no person's name."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from accounts.identity import encrypt, look_up_key
from accounts.permissions import Role
from law.codes import CertificateKind, EmploymentForm
from quota.documents.headcount_certificate import certificate_pdf, certificate_sheet
from quota.models import Employer, Placement, PlacementCheck, VerifiedHeadcount
from tests.accounts.factories import RegionFactory
from tests.levy.papers import COUNTY, NEIGHBOUR, name_regions, words
from tests.quota.factories import EmployerFactory, verified_year


@pytest.fixture(autouse=True)
def _shanxi(db: None) -> None:
    name_regions()


def counted(employer: Employer, name: str, weight: int, months: int) -> None:
    """A person who counted in the first `months` months of 2025."""
    placement = Placement.objects.create(
        employer=employer,
        levy_year=2025,
        name=name,
        person_key=look_up_key(name),
        identity_encrypted=encrypt(name),
        born_on=date(1990, 1, 1),
        is_female=False,
        certificate_kind=CertificateKind.DISABLED_PERSON,
        certificate_key=look_up_key(name),
        certificate_encrypted=encrypt(name),
        form=EmploymentForm.CONTRACT,
        contract_start=date(2024, 1, 1),
    )
    year = [weight] * months + [0] * (12 - months)
    PlacementCheck.objects.create(
        placement=placement,
        weight=weight,
        reasons=[0] * 12,
        computed=year,
        decided=year,
        claimed_months=sum(year),
    )


@pytest.fixture
def headcount() -> VerifiedHeadcount:
    employer = EmployerFactory(name="太原清和精密制造有限公司", region=RegionFactory(code=COUNTY))
    counted(employer, "赵海燕", 1, 12)
    counted(employer, "陈晓峰", 2, 3)
    return verified_year(employer, credited=18)


def test_the_certificate_shows_the_months_behind_the_figure_and_no_name(headcount: VerifiedHeadcount) -> None:
    pdf = certificate_pdf(headcount)
    text = words(pdf.content)
    assert pdf.page_count == 1
    assert "2025年度安排残疾人就业18人月，折合年平均1.50人" in text
    assert "计入残疾职工2人，其中重度1人" in text
    assert "333111111111" in text
    assert "赵海燕" not in text
    assert "陈晓峰" not in text


def test_months_that_no_longer_are_those_certified_are_left_out(headcount: VerifiedHeadcount) -> None:
    PlacementCheck.objects.filter(weight=2).update(computed=[0] * 12, decided=[0] * 12)
    assert "各月认定人月" not in certificate_sheet(headcount)


def test_printing_twice_gives_the_same_bytes(headcount: VerifiedHeadcount) -> None:
    again = VerifiedHeadcount.objects.get(pk=headcount.pk)
    assert certificate_pdf(headcount).content == certificate_pdf(again).content


@pytest.mark.parametrize("name", ["quota:certificate", "quota:certificate_file"])
def test_officers_of_the_region_read_it(headcount: VerifiedHeadcount, signed_in: Any, name: str) -> None:
    address = reverse(name, args=[headcount.number])
    assert signed_in(Role.VERIFIER, COUNTY).get(address).status_code == 200
    assert signed_in(Role.TAX_OFFICER, "140000").get(address).status_code == 200
    assert signed_in(Role.VERIFIER, NEIGHBOUR).get(address).status_code == 404
    assert signed_in(Role.ADMINISTRATOR, COUNTY).get(address).status_code == 403
