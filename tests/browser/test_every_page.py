"""Every page of every role in a real browser, in the states of the demo province (promises F1, H1, H3, H4).

The list of pages is the table of addresses of tests/test_permissions.py, so none is missed; the addresses are found
by walking along the links as each role, so a page that nobody can reach, and a link that leads nowhere, show too.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.browser.checks import axe_faults, complaints, sideways_scroll
from tests.browser.crawling import Walk, walk
from tests.test_permissions import TABLE

# For a test database to be made; the province is committed before each test's own transaction begins.
pytestmark = pytest.mark.django_db

ROLES = {
    "": "/",
    "employer": "/home/",
    "verifier1-shanxi": "/home/",
    "levy1-shanxi": "/home/",
    "tax-shanxi": "/home/",
    "finance1-shanxi": "/home/",
    "auditor-shanxi": "/home/",
    "admin1-shanxi": "/home/",
}
# Addresses that are no pages, and pages that no link leads to, each with its reason.
NO_PAGES = {
    "operations:health": "for a watcher",
    "operations:ready": "for a watcher",
    "operations:metrics": "for a watcher",
    "accounts:session_state": "for a script",
    "accounts:oidc_start": "leads to another authority",
    "accounts:oidc_return": "comes from another authority",
    "accounts:sign_in_code": "a step of signing in: tests/browser/test_accounts.py",
    "accounts:sign_in_set_up": "a step of signing in: tests/browser/test_accounts.py",
    "levy:return_amount": "answers a form that is being typed: tests/browser/test_filing.py",
    "levy:employer_dates": "a calendar file",
    "api:schema": "for programs",
    "api:docs": "drawn by another program",
}
# A full look takes twice as long: LEVY_LONG=1 python3 run.py test tests/browser/test_every_page.py
MOST = 4 if os.environ.get("LEVY_LONG") else 2
PAGES = [name for name, rule in TABLE.items() if "GET" in rule.methods and name not in NO_PAGES]


class Site:
    """The demo province behind a web server, and what each role reaches in it."""

    def __init__(self, server: LiveServer, browser: Browser) -> None:
        self.server, self.browser = server, browser
        self.cookies: dict[str, str] = {}
        self.walks: dict[str, Walk] = {}
        for username, start in ROLES.items():
            client = Client()
            if username:
                client.force_login(User.objects.get(username=username))
                self.cookies[username] = client.cookies[settings.SESSION_COOKIE_NAME].value
            self.walks[username] = walk(client, start)

    def addresses(self, route: str, most: int = MOST) -> list[tuple[str, str]]:
        """(role, address) of a route, one of each role in turn, so that the states differ."""
        found = [[(role, address) for address in done.pages.get(route, [])] for role, done in self.walks.items()]
        turns = [entry for turn in range(most) for of_role in found for entry in of_role[turn : turn + 1]]
        once = {address: role for role, address in reversed(turns)}
        return [(role, address) for address, role in reversed(once.items())][:most]

    def context(self, role: str, **options: Any) -> BrowserContext:
        context = self.browser.new_context(base_url=self.server.url, **options)
        if role:
            name, value = settings.SESSION_COOKIE_NAME, self.cookies[role]
            context.add_cookies([{"name": name, "value": value, "url": self.server.url}])
        return context


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any, browser: Browser) -> Iterator[Site]:
    with django_db_blocker.unblock():
        call_command("load_regions", verbosity=0)
        call_command("demo", employers=200, verbosity=0)
        server = LiveServer("localhost")
        try:
            yield Site(server, browser)
        finally:
            server.stop()
            call_command("flush", interactive=False, verbosity=0)


def test_no_link_leads_nowhere(site: Site) -> None:
    assert {role: done.dead for role, done in site.walks.items() if done.dead} == {}


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_sound_at_every_width(site: Site, route: str) -> None:
    addresses = site.addresses(route)
    assert addresses, "no link leads here for any role: say why in NO_PAGES, or link it"
    faults = {}
    for role, address in addresses:
        with site.context(role) as context:
            page = context.new_page()
            heard = complaints(page, site.server.url)
            for width in (1280, 768, 320):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(address)
                if found := faults_of(page):
                    faults[f"{role} {width} {address}"] = found
            if heard:
                faults[f"{role} {address}"] = heard
    assert faults == {}


def faults_of(page: Page) -> list[str]:
    found = axe_faults(page)
    if sideways_scroll(page) > 0:
        found.append("scrolls sideways")
    if page.locator("h1").count() != 1:
        found.append("has not one h1")
    if page.locator("html").get_attribute("lang") != "zh-CN":
        found.append("does not say its language")
    return found
