"""Sign-in, the own account and the administrators' pages in a real browser: axe, narrow screens, keyboard, warning."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.services import changes
from access.services.changes import ACCESS, Kind
from accounts.models import Session, User
from accounts.permissions import Role
from accounts.sign_in import totp
from accounts.sign_in.session_store import SEEN, SessionStore
from tests.accounts.factories import PASSWORD, RegionFactory, officer, with_password
from tests.browser.checks import axe_faults, keyboard_faults, new_faults, sideways_scroll
from tests.quota.factories import EmployerFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[1280, 375], ids=["wide", "narrow"])
def screen(page: Page, request: pytest.FixtureRequest) -> Page:
    page.set_viewport_size({"width": request.param, "height": 900})
    return page


def sign_in(page: Page, person: User, password: str = PASSWORD) -> None:
    page.goto("/sign-in/")
    page.get_by_label("用户名").fill(person.username)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def assert_sound(page: Page) -> None:
    assert new_faults(page) == []
    assert sideways_scroll(page) <= 0
    assert keyboard_faults(page) == []


def test_the_way_in_with_a_new_app_and_back_again(screen: Page, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    person = with_password(officer(Role.VERIFIER, "140105"))
    sign_in(screen, person, "wrong")
    expect(screen.locator("#errors")).to_be_focused()
    assert_sound(screen)
    sign_in(screen, person)
    expect(screen.get_by_role("heading", name="设置第二重验证")).to_be_visible()
    assert_sound(screen)
    secret = screen.locator("dd.code").inner_text().replace(" ", "")
    screen.get_by_label("验证码").fill(totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS))
    screen.get_by_role("button", name="完成设置").click()
    expect(screen.get_by_role("heading", name="请保存恢复码")).to_be_visible()
    assert_sound(screen)
    recovery = screen.locator(".recovery li").first.inner_text()
    screen.get_by_role("link", name="已保存，继续").click()
    screen.goto("/account/")
    assert_sound(screen)
    screen.get_by_role("button", name="退出").click()
    sign_in(screen, person)
    expect(screen.get_by_role("heading", name="第二重验证")).to_be_visible()
    assert_sound(screen)
    screen.get_by_label("验证码").fill(recovery)
    screen.get_by_role("button", name="登录", exact=True).click()
    screen.goto("/account/recovery-codes/")
    assert_sound(screen)


def test_a_lock_is_told_in_minutes(screen: Page) -> None:
    person = with_password(officer(Role.VERIFIER, "140105"))
    for _ in range(6):
        sign_in(screen, person, "wrong")
    expect(screen.get_by_text("请在1分钟后再试")).to_be_visible()
    assert_sound(screen)


def test_an_employer_comes_in_with_a_slip(screen: Page) -> None:
    employer = EmployerFactory()
    sign_in(screen, with_password(officer(Role.VERIFIER, employer.region_id)))
    screen.goto("/sign-in-codes/")
    assert_sound(screen)
    screen.get_by_label("统一社会信用代码").fill(employer.uscc)
    screen.get_by_role("button", name="查找单位").click()
    assert_sound(screen)
    screen.get_by_role("button", name="已核对证件，签发登录码").click()
    assert_sound(screen)
    code = screen.locator(".slip dd.code").nth(1).inner_text()
    screen.get_by_role("button", name="退出").click()
    sign_in(screen, User.objects.get(username=employer.uscc), code)
    expect(screen.get_by_role("heading", name="修改密码")).to_be_visible()
    assert_sound(screen)


def test_the_administrators_pages(screen: Page) -> None:
    for code in ("140000", "140100", "140105"):
        RegionFactory(code=code)
    people = [officer(Role.VERIFIER, "140105") for _ in range(3)]
    maker, own = officer(Role.ADMINISTRATOR, "140000"), with_password(officer(Role.ADMINISTRATOR, "140000"))
    wanted = {"kind": Kind.APPOINT, "role": Role.AUDITOR, "region": RegionFactory(code="140105"), "reason": "任命文件"}
    proposed = [changes.propose(person=person, actor=maker, **wanted) for person in people]
    ACCESS.approve(proposed[0], actor=own)
    ACCESS.reject(proposed[1], reason="理由不足", actor=own)
    sign_in(screen, own)
    for address in (
        "/people/",
        "/people/new/",
        f"/people/{people[2].pk}/",
        f"/people/{people[0].pk}/",  # its password is for another administrator to issue
        f"/people/{people[2].pk}/appoint/",
        f"/people/{people[2].pk}/disable/",
        f"/people/appointments/{people[2].appointments.get().pk}/end/",
        "/people/changes/",
        f"/people/changes/{proposed[2].pk}/approve/",
        f"/people/changes/{proposed[2].pk}/reject/",
        f"/people/{own.pk}/",
    ):
        screen.goto(address)
        assert_sound(screen)
    screen.goto(f"/people/{people[1].pk}/password/")
    screen.get_by_label("理由").fill("初次签发")
    screen.get_by_role("button", name="签发初始密码").click()
    assert_sound(screen)


def age(person: User, seconds: int) -> None:
    """Set the person's last action `seconds` back."""
    row = Session.objects.get(user=person)
    store = SessionStore(row.session_key)
    store[SEEN] = int(time.time()) - seconds
    store.save()


def test_the_reader_is_warned_and_goes_on_without_losing_what_was_typed(page: Page) -> None:
    person = with_password(officer(Role.ADMINISTRATOR, "140105"))
    sign_in(page, person)
    page.clock.install()
    page.goto("/people/new/")
    page.get_by_label("姓名").fill("张伟")
    expect(page.locator("#session")).to_be_hidden()
    age(person, 29 * 60)
    page.clock.fast_forward(28 * 60 * 1000 + 2000)
    expect(page.get_by_role("alert")).to_contain_text("两分钟内自动结束")
    assert axe_faults(page) == []
    page.get_by_role("button", name="继续办理").click()
    expect(page.locator("#session")).to_be_hidden()
    expect(page.get_by_label("姓名")).to_have_value("张伟")
    assert Session.objects.get(user=person).get_decoded()[SEEN] > time.time() - 60


def test_after_the_end_a_sign_in_elsewhere_saves_what_was_typed(page: Page) -> None:
    person = with_password(officer(Role.ADMINISTRATOR, "140105"))
    sign_in(page, person)
    page.clock.install()
    page.goto("/people/new/")
    page.get_by_label("姓名").fill("张伟")
    page.get_by_label("用户名").fill("zhang.wei")
    page.get_by_label("人员编号").fill("SX-7001")
    page.get_by_label("理由").fill("任命文件")
    Session.objects.filter(user=person).delete()
    page.clock.fast_forward(28 * 60 * 1000 + 2000)
    expect(page.get_by_role("alert")).to_contain_text("登录已结束")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="在新窗口登录").click()
    sign_in(opened.value, person)
    expect(opened.value.get_by_role("button", name="退出")).to_be_visible()
    page.bring_to_front()  # the other window stays: Chromium may never answer when one is closed while it loads
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#session")).to_be_hidden()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("人员已建立")).to_be_visible()
