"""A verifier's day in a real browser: by keyboard from case to case, the count moving with the decision, saved."""

import pytest
from playwright.sync_api import Page, expect

from accounts.permissions import Role
from quota.enums import NumberKind, ReturnState
from quota.models import HeadcountReturn, PlacementCheck
from quota.services.checks import run_checks
from tests.accounts.factories import PASSWORD, RegionFactory, officer, with_password
from tests.browser.checks import keyboard_faults, new_faults, sideways_scroll
from tests.quota.factories import YEAR, EmployerFactory, filed_return, placement, regional_number

pytestmark = pytest.mark.django_db(transaction=True)
COUNTY = "140105"
QUEUE = f"/verification/?levy_year={YEAR}&q=印刷"


@pytest.fixture(params=[1280, 375], ids=["wide", "narrow"])
def screen(page: Page, request: pytest.FixtureRequest) -> Page:
    """A verifier with two returns before it, each with one person who is paid for six months."""
    page.set_viewport_size({"width": request.param, "height": 900})
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    region = RegionFactory(code=COUNTY)
    for name in ("甲印刷有限公司", "乙印刷有限公司"):
        employer = EmployerFactory(region=region, name=name)
        filed_return(employer)
        placement(employer, months=range(1, 7))
    run_checks(levy_year=YEAR, region_code=COUNTY)
    person = with_password(officer(Role.VERIFIER, COUNTY))
    page.goto("/sign-in/")
    page.get_by_label("用户名").fill(person.username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    return page


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.wait_for_load_state()  # a key means nothing before the page's script is there


def test_from_the_queue_through_the_cases_with_single_keys(screen: Page) -> None:
    screen.goto(QUEUE)
    assert (new_faults(screen), sideways_scroll(screen), keyboard_faults(screen)) == ([], 0, [])
    screen.evaluate("document.activeElement.blur()")
    for key in ("j", "j", "k", "Enter"):
        screen.keyboard.press(key)
    heading(screen, "甲印刷有限公司")
    assert (new_faults(screen), sideways_scroll(screen), keyboard_faults(screen)) == ([], 0, [])
    screen.evaluate("document.activeElement.blur()")
    for key, name in (("j", "乙印刷有限公司"), ("k", "甲印刷有限公司"), ("u", "待审核申报")):
        screen.keyboard.press(key)
        heading(screen, name)
    screen.keyboard.press("/")
    expect(screen.get_by_label("单位名称或信用代码")).to_be_focused()
    expect(screen.get_by_label("单位名称或信用代码")).to_have_value("印刷")


def test_the_count_moves_before_saving_and_a_step_leads_on(screen: Page) -> None:
    screen.goto(QUEUE)
    screen.get_by_role("link", name="从第一户开始").click()
    tally = screen.locator("#tally .tally-now b")
    expect(tally).to_have_text("6")
    screen.get_by_text("全部计入", exact=True).click()
    expect(tally).to_have_text("12")
    assert not PlacementCheck.objects.exclude(decision_reason="").exists()
    screen.get_by_label("与系统核算不同的理由").select_option("R01")
    screen.get_by_role("textbox", name="说明").fill("银行回单相符")
    screen.get_by_role("button", name="保存逐月认定").click()
    expect(screen.get_by_text("的逐月认定。")).to_be_visible()
    assert PlacementCheck.objects.exclude(decision_reason="").get().decided == [1] * 12
    screen.get_by_role("link", name="初审通过").click()
    screen.get_by_role("button", name="初审通过").click()
    heading(screen, "乙印刷有限公司")
    assert HeadcountReturn.objects.filter(state=ReturnState.REVIEWED).count() == 1
    screen.get_by_role("link", name="甲印刷有限公司").click()
    heading(screen, "甲印刷有限公司")


def test_the_quick_lane_takes_the_agreeing_returns(screen: Page) -> None:
    PlacementCheck.objects.all().delete()
    HeadcountReturn.objects.update(claimed_months=0, computed_months=0, has_findings=False)
    screen.goto(f"/verification/quick/?levy_year={YEAR}&region={COUNTY}")
    assert (new_faults(screen), sideways_scroll(screen)) == ([], 0)
    screen.get_by_role("button", name="全部初审通过").click()
    expect(screen.get_by_text("已办理2户。")).to_be_visible()
