"""The style guide has every component in every state; pages made of them pass if it passes."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.checks import SPACED_TEXT, axe, axe_faults, complaints, keyboard_faults, sideways_scroll

# A constructed sheet: the content policy lets no <style> in, not even the test's.
ADOPT_SHEET = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}"""
MODES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "contrast": {"contrast": "more"},
    "forced": {"forced_colors": "active"},
}


@pytest.fixture
def guide(page: Page, base_url: str) -> Iterator[Page]:
    """The style guide, loaded; any error, refused resource or foreign address fails the test."""
    faults = complaints(page, base_url)
    page.goto("/styleguide/")
    yield page
    assert faults == []


LOOKS = [(320, "light"), (768, "light"), (1280, "light"), (320, "dark"), (768, "forced"), (1280, "contrast")]


@pytest.mark.parametrize(("width", "mode"), LOOKS)
def test_axe_finds_nothing(guide: Page, width: int, mode: str) -> None:
    guide.set_viewport_size({"width": width, "height": 900})
    guide.emulate_media(**MODES[mode])
    assert axe_faults(guide) == []


def test_axe_is_left_in_doubt_only_where_it_cannot_see_the_ground(guide: Page) -> None:
    """Text in drawings has no CSS background, and a lone sign (▼, ×) is taken for an icon."""
    guide.set_viewport_size({"width": 1280, "height": 900})
    for doubt in axe(guide).undecided:
        assert doubt.startswith("color-contrast"), doubt
        assert "<text" in doubt or 'aria-hidden="true"' in doubt or "<span>" in doubt, doubt


PLANTED = {
    "image-alt": "<img src='/static/img/mark.svg'>",
    "label": "<input type='text'>",
    "button-name": "<button></button>",
    "color-contrast": "<p class='faint'>看不清</p>",
    "list": "<ul><p>不是列表项</p></ul>",
}


def test_planted_faults_are_found(guide: Page) -> None:
    guide.evaluate(
        "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", "".join(PLANTED.values())
    )
    guide.evaluate("document.querySelector('.faint').style.color = '#bbb'")
    found = {fault.split(":")[0] for fault in axe_faults(guide)}
    assert set(PLANTED) <= found


@pytest.mark.parametrize("spaced", [False, True])
def test_nothing_scrolls_sideways_at_400_per_cent(guide: Page, spaced: bool) -> None:
    guide.set_viewport_size({"width": 320, "height": 640})
    if spaced:
        guide.evaluate(ADOPT_SHEET, SPACED_TEXT)
    assert sideways_scroll(guide) <= 0


def test_large_type_fits_too(guide: Page) -> None:
    guide.evaluate("document.documentElement.dataset.size = 'large'")
    guide.set_viewport_size({"width": 400, "height": 640})
    assert sideways_scroll(guide) <= 0


@pytest.mark.parametrize("width", [375, 1280])
def test_every_stop_of_the_keyboard_is_seen(guide: Page, width: int) -> None:
    guide.set_viewport_size({"width": width, "height": 800})
    assert keyboard_faults(guide) == []


def test_the_error_summary_has_the_focus_and_leads_to_the_field(guide: Page) -> None:
    expect(guide.locator("#errors")).to_be_focused()
    guide.get_by_role("link", name="3月在职职工人数：").click()
    expect(guide.locator("#id_march_staff")).to_be_focused()
    guide.get_by_role("link", name="用工形式：").click()
    expect(guide.locator("#id_employment_0")).to_be_focused()


def test_decisions_are_taken_with_the_arrow_keys(guide: Page) -> None:
    group = guide.get_by_role("group", name="赵海燕的初审认定")
    group.get_by_role("radio", name="计入", exact=True).focus()
    guide.keyboard.press("ArrowRight")
    expect(group.get_by_role("radio", name="不计入")).to_be_checked()


def test_a_single_key_works_outside_fields_and_can_be_turned_off(guide: Page) -> None:
    guide.evaluate("document.activeElement.blur()")
    guide.keyboard.press("/")
    expect(guide.locator("#f-q")).to_be_focused()
    guide.keyboard.type("/")
    expect(guide.locator("#f-q")).to_have_value("/")

    guide.goto("/display/")
    guide.get_by_role("group", name="单键快捷键").get_by_label("关闭").check()
    guide.get_by_role("button", name="保存设置").click()
    guide.goto("/styleguide/")
    guide.evaluate("document.activeElement.blur()")
    guide.keyboard.press("/")
    expect(guide.locator("#f-q")).not_to_be_focused()


def test_a_reader_sets_dark_and_large_without_script(browser: Browser, base_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=base_url)
    page = context.new_page()
    page.goto("/display/")
    page.get_by_label("深色").check()
    page.get_by_label("大字").check()
    page.get_by_role("button", name="保存设置").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-size", "large")
    context.close()


def test_paper_is_light_even_for_readers_of_dark_screens(guide: Page) -> None:
    guide.evaluate("document.documentElement.dataset.theme = 'dark'")
    guide.emulate_media(media="print", color_scheme="dark")
    assert guide.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert guide.evaluate("getComputedStyle(document.querySelector('.site-head')).display") == "none"


def test_nothing_moves_for_readers_who_asked_for_rest(guide: Page) -> None:
    guide.emulate_media(reduced_motion="reduce")
    assert guide.evaluate("document.getAnimations().length") == 0


FRAME = '<!DOCTYPE html><title>进度</title><script src="/static/js/live.js" defer></script><main>{}</main>'


def test_a_running_task_is_followed_without_loading_the_page_anew(page: Page) -> None:
    """The element is renewed while it runs; the whole page is loaded once it is over."""
    answers = iter(["3", "4", "", ""])

    def answer(route: Route) -> None:
        done = next(answers)
        running = f'<div id="run" data-refresh="0.2"><p role="status">已完成{done}片</p></div>'
        route.fulfill(
            body=FRAME.format(running if done else "<p>全部完成</p>"), content_type="text/html; charset=utf-8"
        )

    page.route("/run/", answer)
    page.goto("/run/")
    spoken = page.locator("[role=status]").element_handle()
    expect(page.locator("[role=status]")).to_have_text("已完成4片")
    assert spoken.evaluate("node => node.isConnected && node.textContent") == "已完成4片"
    expect(page.get_by_text("全部完成")).to_be_visible()


def test_a_busy_server_is_asked_again_and_nothing_is_lost(page: Page) -> None:
    running = FRAME.format('<div id="run" data-refresh="0.2"><p role="status">已完成{}片</p></div>')
    answers = iter([(200, running.replace("{}", "3")), (503, ""), (200, running.replace("{}", "5"))])
    page.route(
        "/run/",
        lambda route: route.fulfill(
            **dict(zip(("status", "body"), next(answers, (503, "")), strict=True)),
            content_type="text/html; charset=utf-8",
        ),
    )
    page.goto("/run/")
    expect(page.locator("[role=status]")).to_have_text("已完成5片")


def test_a_decision_shows_its_effect_before_it_is_sent(page: Page) -> None:
    form = (
        '<form data-preview="/effect/" data-preview-target="tally">'
        '<input type="checkbox" name="count" aria-label="计入"></form>'
        '<section id="tally"><dl><b>24</b></dl><p role="status">认定24人月</p></section>'
    )
    effect = '<section id="tally"><dl><b>27</b></dl><p role="status">认定27人月</p></section>'
    html = "text/html; charset=utf-8"
    page.route("/case/", lambda route: route.fulfill(body=FRAME.format(form), content_type=html))
    page.route("/effect/", lambda route: route.fulfill(body=FRAME.format(effect), content_type=html))
    page.goto("/case/")
    page.get_by_label("计入").check()
    expect(page.locator("#tally b")).to_have_text("27")
    expect(page.locator("[role=status]")).to_have_text("认定27人月")
