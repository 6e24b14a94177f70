"""Every page of every role in a real browser, in the states of the demo province (promises F1, H1, H3, H4)."""

import pytest

from tests.browser.checks import axe, complaints, findings_at
from tests.browser.pages.site import PAGES, Site
from tests.browser.structure import structure_faults

# For a test database to be made; the province is committed before each test's own transaction begins.
pytestmark = pytest.mark.django_db
WIDTHS = (1280, 768, 320)  # 320 is a window of 1280 at 400 per cent


def test_no_link_leads_nowhere(site: Site) -> None:
    assert {role: done.dead for role, done in site.walks.items() if done.dead} == {}


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_sound_at_every_width(site: Site, route: str) -> None:
    assert site.answered(route), "no link leads here for any role: say why in NO_PAGES, or link it"
    faults: dict[str, object] = {}
    for role, address in site.addresses(route):
        with site.page(role) as page:
            heard = complaints(page, site.server.url)
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            page.goto(address)
            if found := structure_faults(page):
                faults[f"{role} {address}"] = found
            for width, findings in findings_at(page, WIDTHS).items():
                if any(findings):
                    faults[f"{role} {width} {address}"] = findings
            if heard:
                faults[f"console {role} {address}"] = heard
    assert not faults, "\n".join(f"{place}: {found}" for place, found in faults.items())


PLANTED = {
    "heading jumps to 4": "<h4>跳级</h4>",
    "2 h1": "<h1>另一个标题</h1>",
    "nameless table": "<table><tr><th scope='col'>列</th></tr></table>",
    "table without headers": "<table><caption>表</caption><tr><td>值</td></tr></table>",
    "2 targets of the link 查看": "<a href='/a/'>查看</a><a href='/b/'>查看</a>",
    "markup is read out as text": "<p>&lt;span class='num'&gt;2026年&lt;/span&gt;</p>",
    "markup in aria-label of A": "<a href='/c/' aria-label='<span>'>三</a>",
    "gap within Chinese: 已认定。 逾期": "<p>已认定。\n  逾期</p>",
    "message that is not announced": "<p data-refresh='9999'>正在处理</p>",
}


def test_twin_planted_faults_of_structure_are_found(site: Site) -> None:
    with site.page("") as page:
        page.goto("/help/")
        assert structure_faults(page) == []
        page.evaluate(
            "html => document.querySelector('main').insertAdjacentHTML('afterbegin', html)",
            "".join(reversed(PLANTED.values())),
        )
        found = structure_faults(page)
    assert [fault for fault in PLANTED if not any(text.startswith(fault) for text in found)] == []


def test_twin_what_axe_cannot_decide_is_asked_for(site: Site) -> None:
    with site.page("") as page:
        page.goto("/help/")
        assert axe(page).undecided == []
        page.evaluate("document.querySelector('main').style.backgroundImage = 'linear-gradient(#fff, #000)'")
        assert axe(page).undecided[0].startswith("color-contrast (bgGradient)")
