"""Readers with wider spacing, larger text, dark mode or less motion, on every page of the walk (promise H4)."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.checks import SOUND, SPACED_TEXT, axe, sideways_scroll
from tests.browser.pages.site import PAGES, Site
from tests.browser.skeleton import painted
from tests.browser.test_styleguide import ADOPT_SHEET

pytestmark = pytest.mark.django_db
MODES: dict[str, dict[str, Any]] = {
    "dark": {"color_scheme": "dark"},
    "dark, high contrast": {"color_scheme": "dark", "contrast": "more"},
    "high contrast": {"color_scheme": "light", "contrast": "more"},
    "forced colours": {"contrast": "no-preference", "forced_colors": "active"},
}
# Text that its own box cuts off; what scrolls can be read, and what is hidden from the eye is meant to be.
CLIPPED = """() => [...document.querySelectorAll("body *")].filter(node => {
  if (!node.checkVisibility() || !node.textContent.trim()) return false;
  if (node.closest(".visually-hidden, .skip-link")) return false;
  const style = getComputedStyle(node);
  const cut = (overflow, inside, box) => inside > box + 1 && box > 1 && ["hidden", "clip"].includes(overflow);
  const button = node.matches("button, .button, .tag") && style.display !== "inline";
  return cut(style.overflowX, node.scrollWidth, node.clientWidth)
    || cut(style.overflowY, node.scrollHeight, node.clientHeight)
    || button && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1);
}).map(node => node.outerHTML.slice(0, 90))"""
MOVING = "document.getAnimations().filter(motion => motion.playState === 'running').length"
SHIFTS = """() => new Promise(resolve => {
  let total = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { total += entry.value; }))
    .observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => setTimeout(() => resolve(total), 300));
})"""


@pytest.mark.parametrize("route", PAGES)
def test_a_page_follows_its_readers_preferences(site: Site, route: str) -> None:
    for role, address in site.addresses(route, 1):
        assert faults_of(site, role, address) == {}


def faults_of(site: Site, role: str, address: str) -> dict[str, Any]:
    with site.page(role, reduced_motion="reduce") as page:
        page.goto(address)
        moving = page.evaluate(MOVING)
        faults: dict[str, Any] = {"moves": moving} | contrast_of_new_words(page)
        page.emulate_media(color_scheme="light", contrast="no-preference", forced_colors="none")
        faults["200 % zoom"] = text_lost(page, 640)  # twice as large on 1280 pixels
        page.evaluate(ADOPT_SHEET, SPACED_TEXT)
        faults["spaced text"] = text_lost(page, 1280)
        faults["spaced text at 400 % zoom"] = ["scrolls sideways"] if spaced_out(page, 320) > 0 else []
    return {mode: found for mode, found in faults.items() if found}


def contrast_of_new_words(page: Page) -> dict[str, list[str]]:
    """Poor contrast by mode, if the page has a kind of text that no earlier passing page had.

    tests/whole/test_components.py proves the colours themselves pair by pair.
    """
    kinds = painted(page)
    if SOUND.holds(kinds):
        return {}
    faults = {mode: found for mode, media in MODES.items() if (found := poor_contrast(page, media))}
    if not faults:
        SOUND.add(kinds)
    return faults


def poor_contrast(page: Page, media: dict[str, Any]) -> list[str]:
    page.emulate_media(**media)
    return axe(page, only="color-contrast").faults


def text_lost(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    return page.evaluate(CLIPPED) + (["scrolls sideways"] if sideways_scroll(page) > 0 else [])


def spaced_out(page: Page, width: int) -> int:
    page.set_viewport_size({"width": width, "height": 900})
    return sideways_scroll(page)


def test_nothing_moves_while_the_first_page_opens(site: Site) -> None:
    for width in (375, 1280):
        with site.page("", viewport={"width": width, "height": 800}) as page:
            page.goto("/")
            assert page.evaluate(SHIFTS) == 0


def test_twin_cut_text_motion_and_shifts_are_found(site: Site) -> None:
    with site.page("") as page:
        page.goto("/help/")
        page.evaluate(ADOPT_SHEET, ".cut { overflow: hidden; height: 4px } main { color: #777 }")
        page.evaluate("document.querySelector('main p').classList.add('cut')")
        assert len(page.evaluate(CLIPPED)) == 1
        assert poor_contrast(page, MODES["dark"])
        page.evaluate("document.body.animate([{opacity: 0}, {opacity: 1}], 60000)")
        assert page.evaluate(MOVING) == 1
        page.evaluate("""() => new Promise(resolve => requestAnimationFrame(() => setTimeout(() => {
            document.querySelector("main").style.marginTop = "300px"; requestAnimationFrame(() => resolve());
        }, 600)))""")
        assert page.evaluate(SHIFTS) > 0
