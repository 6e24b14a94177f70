"""The way of a supplement through its pages in a real browser; the demo province has no employer that came late."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from accounts.models import User
from accounts.permissions import Role
from levy.models import Supersession
from quota.models import Employer
from tests.accounts.factories import RegionFactory, officer
from tests.browser.checks import faults_at
from tests.browser.structure import structure_faults
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

pytestmark = pytest.mark.django_db(transaction=True)
COUNTY = "140105"


@pytest.fixture
def employer() -> Employer:
    """Registered after its county's confirmation; owes 81,000.00."""
    verified_year(EmployerFactory(region=RegionFactory(code=COUNTY)), credited=12)
    confirmed_run(region=COUNTY)
    found = EmployerFactory(region_id=COUNTY, name="迟到机械厂")
    verified_year(found, staff=100, wages="6000000.00", credited=0)
    return found


def levy_officer() -> User:
    return officer(Role.LEVY_OFFICER, COUNTY)


def test_a_late_employer_is_assessed_by_two_people_on_sound_pages(
    page: Page, base_url: str, signed_in: Any, employer: Employer
) -> None:
    def enter(person: User) -> None:
        for cookie in signed_in(person).cookies.values():
            page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base_url}])

    def look() -> None:
        seen.append(page.url)
        for width, found in faults_at(page, [1280, 320]).items():
            faults.extend(f"{width} {page.url}: {fault}" for fault in found)
        faults.extend(f"{page.url}: {fault}" for fault in structure_faults(page))

    faults: list[str] = []
    seen: list[str] = []
    year = reverse("portal:employer_year", args=[employer.uscc, 2025])
    enter(levy_officer())
    page.goto(year)
    look()
    page.get_by_role("link", name="提出补充核定").click()
    look()
    page.get_by_label("理由").fill("检查发现2025年度漏征")
    page.get_by_role("button", name="提出补充核定").click()
    look()
    page.goto(reverse("levy:correction_propose", args=[employer.uscc, 2025]))
    look()
    enter(levy_officer())
    page.goto(Supersession.objects.get().get_absolute_url())
    page.get_by_role("link", name="批准", exact=True).click()
    look()
    page.get_by_role("button", name="批准").click()
    look()
    page.goto(reverse("levy:correction_list"))
    look()
    assert not faults, "\n".join(faults)
    assert len(set(seen)) >= 5
    assert employer.assessments.current().get(levy_year=2025).payable == 81000
