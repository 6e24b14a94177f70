"""The public pages in a real browser: axe, narrow screens, the keyboard, and a search without a mouse."""

import gzip

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Response, expect

from disclosure.models import PublishedEntry
from tests.browser.checks import complaints, faults_at, keyboard_faults
from tests.disclosure.factories import SHANXI, XIAODIAN, published, regions
from tests.disclosure.factories import employer as employer_in
from tests.levy.factories import confirmed_run
from tests.quota.factories import verified_year

pytestmark = pytest.mark.django_db(transaction=True)

CALCULATED = (
    "?levy_year=2025&region=140000&entity_type=enterprise&staff_average=200&total_wages=16000000&credited_headcount=1"
)


# The routes that the accessibility statement says were tested (disclosure/queries/accessibility.toml).
OPENED_AS_THEY_ARE = (
    "home",
    "search",
    "regions",
    "region_compare",
    "how_it_works",
    "lexicon",
    "help",
    "accessibility",
    "privacy",
    "calculator",
    "document_check",
    "open_data",
    "data_dictionary",
)
OPENED = [f"disclosure:{name}" for name in (*OPENED_AS_THEY_ARE, "employer", "employer_year", "region")]


@pytest.fixture
def addresses(live_server) -> list[str]:
    """Every public page, filled: two years of three employers, so that charts are drawn."""
    regions()
    units = [employer_in(XIAODIAN, name=f"太原清和精密制造第{n}有限公司") for n in range(3)]
    for levy_year in (2024, 2025):
        for unit in units:
            verified_year(unit, levy_year=levy_year, credited=6)
        confirmed_run(levy_year)
        published(levy_year)
    uscc = PublishedEntry.objects.first().uscc
    return [
        *[reverse(f"disclosure:{name}") for name in OPENED_AS_THEY_ARE],
        reverse("disclosure:employer", args=[uscc]),
        reverse("disclosure:employer_year", args=[uscc, 2024]),
        reverse("disclosure:search") + "?q=清和精密",
        reverse("disclosure:search") + "?q=清",
        reverse("disclosure:search") + "?q=没有这样的单位",
        reverse("disclosure:region", args=[SHANXI, 2025]),
        reverse("disclosure:region", args=[XIAODIAN, 2025]),
        reverse("disclosure:region", args=[SHANXI, 2019]),
        reverse("disclosure:region_compare") + f"?first={SHANXI}&second={XIAODIAN}&year=2025",
        reverse("disclosure:region_compare") + f"?first={SHANXI}&second={XIAODIAN}&year=1999",
        reverse("disclosure:document_check") + "?code=AAAABBBBCCCCDDDD",
        reverse("disclosure:calculator") + CALCULATED,
        reverse("disclosure:calculator") + "?levy_year=2025",
    ]


def test_the_same_holds_in_english(page: Page, addresses: list[str], live_server) -> None:
    page.context.add_cookies([{"name": "language", "value": "en", "url": live_server.url}])
    faults = {}
    for address in addresses:
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        if found := faults_at(page, [375]):
            faults[address] = found
    assert faults == {}


def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, addresses: list[str]) -> None:
    faults = {}
    for address in addresses:
        page.goto(address)
        if found := faults_at(page, [1280, 768, 320]):
            faults[address] = found
    assert faults == {}


def test_every_stop_shows_where_the_keyboard_is(page: Page, addresses: list[str]) -> None:
    faults = {}
    for address in addresses:
        page.goto(address)
        if found := keyboard_faults(page):
            faults[address] = found
    assert faults == {}


def test_a_search_by_keyboard_alone_ends_on_the_employers_page(page: Page, addresses: list[str]) -> None:
    page.goto(reverse("disclosure:search"))
    page.get_by_label("单位名称或统一社会信用代码").focus()
    page.keyboard.type("清和精密")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="找到3户")).to_be_visible()
    result = page.get_by_role("link", name="太原清和精密制造第0有限公司")
    result.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("太原清和精密制造第0有限公司")


def test_an_error_takes_the_focus(page: Page, addresses: list[str]) -> None:
    page.goto(reverse("disclosure:calculator") + "?levy_year=2025")
    expect(page.locator("#errors")).to_be_focused()
    expect(page).to_have_title("错误：费额测算 - 残疾人就业保障金征管服务")


PLANTED = {
    "a style": '<p style="color: red">红</p>',
    "a picture from elsewhere": '<img alt="" src="https://elsewhere.invalid/a.png">',
    "a frame from elsewhere": '<iframe title="x" src="https://elsewhere.invalid/"></iframe>',
}


@pytest.mark.parametrize("planted", PLANTED)
def test_twin_what_the_content_policy_refuses_is_heard(page: Page, live_server, planted: str):
    heard = complaints(page, live_server.url)
    page.goto("/")
    assert heard == []
    page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", PLANTED[planted])
    page.wait_for_timeout(200)
    assert heard != []


def test_the_description_of_the_api_is_drawn_and_asks_nobody_else(page: Page, live_server) -> None:
    heard = complaints(page, live_server.url)
    page.goto(reverse("api:docs"))
    expect(page.get_by_role("heading", name="残疾人就业保障金征管服务")).to_be_visible()
    page.get_by_text("/api/v1/estimate").first.click()
    expect(page.get_by_text("levy_year").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert heard == []


MOST_BYTES = 120 * 1024


def test_the_first_page_is_light(page: Page, addresses):
    """What a reader's first visit costs on the wire, with text compressed as the server sends it."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/", wait_until="networkidle")
    weights = {
        answer.url: len(answer.body() if "font" in answer.headers["content-type"] else gzip.compress(answer.body()))
        for answer in answers
    }
    assert len(weights) > 1
    assert sum(weights.values()) <= MOST_BYTES, weights
