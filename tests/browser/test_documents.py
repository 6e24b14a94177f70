"""Documents on screen and the pages around them, in a real browser: axe, narrow screens, the keyboard."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from accounts.permissions import Role
from levy.services.batches import start_batch
from tests.browser.checks import faults_at, keyboard_faults
from tests.levy.factories import confirmed_run
from tests.levy.papers import employer, issued, levy_officer, name_regions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def addresses(page: Page, base_url: str, signed_in: Any) -> list[str]:
    """A notice, its certificate, the report, a batch in progress, and the answers of the public check."""
    name_regions()
    made = employer()
    run = confirmed_run()
    notice = issued(made)
    batch = start_batch(run=run, actor=levy_officer("140000"))
    for cookie in signed_in(Role.LEVY_OFFICER, "140000").cookies.values():
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base_url}])
    check = reverse("disclosure:document_check")
    return [
        reverse("levy:notice", args=[notice.number]),
        reverse("quota:certificate", args=[made.verified_headcounts.get().number]),
        reverse("levy:run_report", args=[run.pk]),
        reverse("levy:batch_list", args=[run.pk]),
        reverse("levy:batch", args=[batch.pk]),
        check,
        f"{check}?code={notice.verification_code}",
        f"{check}?code=X",
        f"{check}?code=",
    ]


def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, addresses: list[str]) -> None:
    faults = {}
    for address in addresses:
        assert page.goto(address).request.redirected_from is None  # the page itself, not the sign-in
        if found := faults_at(page, [1280, 320]):
            faults[address] = found
    assert faults == {}


def test_every_stop_shows_where_the_keyboard_is(page: Page, addresses: list[str]) -> None:
    faults = {}
    for address in addresses:
        page.goto(address)
        if found := keyboard_faults(page):
            faults[address] = found
    assert faults == {}
