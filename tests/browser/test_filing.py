"""Filing in a real browser: the amount follows the typing, and the same works without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from quota.enums import NumberKind
from quota.models import Employer, HeadcountReturn
from quota.services import filing
from tests.accounts.factories import RegionFactory, with_password
from tests.browser.checks import axe_faults, sideways_scroll
from tests.browser.test_accounts import sign_in
from tests.quota.factories import EmployerFactory, employer_account, regional_number

pytestmark = pytest.mark.django_db(transaction=True)
YEAR = 2025


@pytest.fixture
def clerk() -> User:
    RegionFactory(code="140000")
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    return with_password(employer_account(EmployerFactory(region=RegionFactory(code="140105"))))


@pytest.fixture
def draft(clerk: User) -> HeadcountReturn:
    return filing.open_return(employer=Employer.objects.get(), levy_year=YEAR, actor=clerk)


@pytest.fixture
def silent(browser: Browser, base_url: str) -> Iterator[Page]:
    """A browser without scripts."""
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_amount_follows_the_typing(page: Page, clerk: User, draft: HeadcountReturn) -> None:
    sign_in(page, clerk)
    page.set_viewport_size({"width": 375, "height": 900})
    page.goto(f"/returns/{draft.pk}/")
    amount = page.locator("#amount")
    expect(amount).to_contain_text("填全12个月人数和工资总额后显示")
    for month in range(1, 13):
        page.locator(f"#id_staff_{month}").fill("100")
    page.locator("#id_total_wages").fill("6,000,000")
    page.locator("#id_total_wages").blur()
    expect(amount).to_contain_text("预计应缴81,000.00元")
    assert axe_faults(page) == []
    assert sideways_scroll(page) <= 0
    draft.refresh_from_db()
    assert draft.staff_months == 0


def test_a_nil_return_without_a_script(silent: Page, clerk: User, draft: HeadcountReturn) -> None:
    sign_in(silent, clerk)
    silent.goto(f"/employers/{draft.employer.uscc}/{YEAR}/")
    silent.get_by_role("link", name="继续填写").click()
    silent.get_by_label("各月人数相同的").fill("100")
    silent.get_by_role("button", name="填入12个月").click()
    silent.locator("#id_total_wages").fill("6,000,000")
    silent.get_by_role("button", name="试算费额，看每一步").click()
    expect(silent.get_by_text("预计应缴81,000.00元")).to_be_visible()
    silent.get_by_role("button", name="返回继续填写").click()
    silent.get_by_role("button", name="保存，去核对提交").click()
    silent.get_by_label("本单位承诺").check()
    silent.get_by_role("button", name="提交申报").click()
    expect(silent.get_by_role("heading", name="申报已受理")).to_be_visible()


def test_nothing_typed_is_lost_on_the_way_from_the_foot_of_the_page(
    silent: Page, clerk: User, draft: HeadcountReturn
) -> None:
    sign_in(silent, clerk)
    silent.goto(f"/returns/{draft.pk}/")
    silent.locator("#id_total_wages").fill("6,000,000")
    silent.get_by_role("button", name="核对并提交").click()
    expect(silent.locator("#id_staff_1")).to_have_attribute("aria-invalid", "true")
    expect(silent.locator("#id_total_wages")).to_have_value("6,000,000")
    for month in range(1, 13):
        silent.locator(f"#id_staff_{month}").fill("100")
    silent.get_by_role("button", name="核对并提交").click()
    expect(silent.get_by_role("heading", name=f"提交{YEAR}年度申报")).to_be_visible()
    draft.refresh_from_db()
    assert (draft.staff_months, draft.total_wages) == (1200, 6_000_000)


def test_a_return_is_opened_from_the_list(page: Page, clerk: User) -> None:
    """A small form inside a part of the page, which must carry its token."""
    sign_in(page, clerk)
    page.goto("/my-employers/")
    page.get_by_role("button", name="填写申报").first.click()
    expect(page.get_by_role("heading", level=1, name="年度申报")).to_be_visible()
