"""Eight journeys from the first page to the person's goal, by keyboard only (promise H2).

Tab, Shift+Tab, Enter, Space, arrows and typing; no click, and no script sets the focus. Every stop on the way shows a
ring of two pixels or more and is not covered.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.permissions import Role
from accounts.sign_in import totp
from exchange.models import FileState, ImportedFile
from levy.models import AssessmentRun
from levy.services import runs
from quota.enums import NumberKind, ReturnState
from quota.models import Employer, HeadcountReturn, InsuranceMonth, PlacementCheck
from quota.services import filing
from quota.services.checks import run_checks
from tests.accounts.factories import PASSWORD, RegionFactory, officer, with_password
from tests.browser.keyboard import activate, arrives_at, choose, go, press_to, type_into
from tests.disclosure.factories import published_province
from tests.levy.factories import confirmed_run
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    employer_account,
    filed_return,
    identity_number,
    placement,
    regional_number,
    verified_year,
)

pytestmark = pytest.mark.django_db(transaction=True)
PROVINCE, COUNTY = "140000", "140105"
Enter = Callable[[User], Page]


@pytest.fixture
def enter(page: Page, base_url: str) -> Enter:
    """The start page of a signed-in person."""

    def start(person: User) -> Page:
        client = Client()
        client.force_login(person)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base_url}])
        page.goto("/home/")
        return page

    return start


@pytest.fixture
def clerk() -> User:
    """A clerk of an employer in a county with a ratio and an average wage."""
    RegionFactory(code=PROVINCE)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    return employer_account(EmployerFactory(region=RegionFactory(code=COUNTY)))


def test_signing_in_with_a_new_app(page: Page, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    person = with_password(officer(Role.VERIFIER, COUNTY))
    page.goto("/")
    activate(page, "登录办理")
    type_into(page, "用户名", person.username)
    type_into(page, "密码", PASSWORD)
    go(page)
    arrives_at(page, "设置第二重验证")
    secret = page.locator("dd.code").inner_text().replace(" ", "")
    type_into(page, "验证码", totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS))
    activate(page, "完成设置")
    arrives_at(page, "请保存恢复码")
    activate(page, "已保存，继续")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    expect(page.get_by_role("navigation", name="主导航")).to_contain_text("待审核")


def test_filing_for_the_year(enter: Enter, clerk: User) -> None:
    page = enter(clerk)
    activate(page, "我的单位")
    activate(page, "填写申报")
    type_into(page, "各月人数相同的", "100")
    activate(page, "填入12个月")
    type_into(page, "在职职工工资总额", "6000000")
    activate(page, "保存，去核对提交")
    press_to(page, "本单位承诺")
    page.keyboard.press("Space")
    activate(page, "提交申报")
    expect(page.get_by_role("heading", name="申报已受理")).to_be_visible()
    filed = HeadcountReturn.objects.get()
    expect(page.locator("main")).to_contain_text(filed.receipt_number)
    # Its state may be a step further: a worker of another test checks what has just been filed.
    assert (filed.submitted_by, filed.staff_months) == (clerk, 1200)


def test_uploading_a_file_and_writing_it(enter: Enter, tmp_path: Path) -> None:
    employer = EmployerFactory(uscc="91350100M000100Y43", region=RegionFactory(code=COUNTY))
    file = tmp_path / "社会保险.csv"
    file.write_text(
        "统一社会信用代码,身份证号,所属月份,养老,医疗,失业,工伤\n"
        f"{employer.uscc},{identity_number()},2025-03,1,1,1,1\n"
    )
    page = enter(officer(Role.SERVICE_OFFICER, COUNTY))
    # Asked only when the file is chosen, Chromium sometimes opens its own window first, and closes it again.
    page.on("filechooser", lambda _chooser: None)
    activate(page, "文件导入")
    choose(page, "文件种类", "社会保险缴纳")
    press_to(page, "文件")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)
    activate(page, "上传并读取")
    arrives_at(page, "社会保险.csv")
    activate(page, "写入")
    activate(page, "写入")
    arrives_at(page, "社会保险.csv")
    assert ImportedFile.objects.get().state == FileState.APPLIED
    expect(page.get_by_role("heading", name="已写入")).to_be_visible()
    assert InsuranceMonth.objects.count() == 1


def test_mending_a_wrong_number(enter: Enter, clerk: User) -> None:
    draft = filing.open_return(employer=Employer.objects.get(), levy_year=YEAR, actor=clerk)
    page = enter(clerk)
    activate(page, "我的单位")
    activate(page, "继续填写")
    type_into(page, "各月人数相同的", "100")
    activate(page, "填入12个月")
    type_into(page, "在职职工工资总额", "6000000")
    press_to(page, "3月", key="Shift+Tab")
    page.keyboard.type("一百")
    activate(page, "保存")
    expect(page.locator("#errors")).to_be_focused()
    expect(page).to_have_title(re.compile("^错误："))
    activate(page, "3月")
    expect(page.locator("#id_staff_3")).to_be_focused()
    expect(page.locator("#id_staff_3")).to_have_value("一百")
    page.keyboard.press("Control+a")
    page.keyboard.type("100")
    activate(page, "保存")
    expect(page.locator("#errors")).to_have_count(0)
    draft.refresh_from_db()
    assert draft.staff_by_month[2] == 100


def test_deciding_a_case(enter: Enter) -> None:
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    employer = EmployerFactory(region=RegionFactory(code=COUNTY), name="清和印刷有限公司")
    filed_return(employer)
    placement(employer, months=range(1, 7))
    run_checks(levy_year=YEAR, region_code=COUNTY)
    page = enter(officer(Role.VERIFIER, COUNTY))
    activate(page, "待审核")
    activate(page, "清和印刷有限公司")
    arrives_at(page, "清和印刷有限公司")
    press_to(page, "逐月认定")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tally .tally-now b")).to_have_text("12")
    press_to(page, "与系统核算不同的理由")
    page.keyboard.press("ArrowDown")
    type_into(page, "说明", "银行回单相符")
    activate(page, "保存逐月认定")
    expect(page.get_by_text("的逐月认定。")).to_be_visible()
    assert PlacementCheck.objects.get().decided == [1] * 12
    activate(page, "初审通过")
    activate(page, "初审通过")
    expect(page.get_by_role("status")).to_be_visible()
    assert HeadcountReturn.objects.get().state == ReturnState.REVIEWED


def test_starting_and_checking_a_run(enter: Enter) -> None:
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    verified_year(EmployerFactory(region=RegionFactory(code=COUNTY)))
    page = enter(officer(Role.LEVY_OFFICER, PROVINCE))
    activate(page, "核定批次")
    activate(page, "新建试算")
    press_to(page, "费款所属年度")
    page.keyboard.type(str(YEAR))
    activate(page, "开始试算")
    run = AssessmentRun.objects.get()
    arrives_at(page, f"批次{run}")
    for part in run.slices.all():
        runs.assess_slice(run_id=run.pk, number=part.number)
    expect(page.get_by_role("link", name="核对")).to_be_visible()
    activate(page, "核对")
    activate(page, "核对")
    arrives_at(page, f"批次{run}")
    run.refresh_from_db()
    assert run.checked_at
    expect(page.locator("main")).to_contain_text("81,000.00")


def test_downloading_the_levy_list(enter: Enter) -> None:
    employer = EmployerFactory(region=RegionFactory(code=COUNTY))
    verified_year(employer)
    confirmed_run()
    page = enter(officer(Role.TAX_OFFICER, PROVINCE))
    activate(page, "征收清单")
    press_to(page, "费款所属年度")
    page.keyboard.type(str(YEAR))
    activate(page, "查看清单")
    press_to(page, "征收清单（CSV）")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert employer.uscc in text
    assert "81000.00" in text


def test_looking_an_employer_up(page: Page) -> None:
    published_province()
    page.goto("/")
    type_into(page, "单位名称或统一社会信用代码", "清和精密")
    go(page)
    activate(page, "清和精密制造有限公司")
    arrives_at(page, "清和精密制造有限公司")
    expect(page.locator("main")).to_contain_text(f"{YEAR}年度")
