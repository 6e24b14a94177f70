"""The demo province behind a web server, and the pages that each role reaches by following links.

The list of pages is the table of addresses of tests/whole/test_permissions.py, so none is missing. The addresses come
from walking along the links as each role, so that pages without a link and dead links show too.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.browser.crawling import Walk, walk
from tests.whole.test_permissions import TABLE

# Where each role begins: the first page, and what somebody would type into a search.
ROLES = {
    "": ["/", "/search/?q=有限公司"],
    "employer": ["/home/"],
    "verifier1-shanxi": ["/home/"],
    "levy1-shanxi": ["/home/"],
    "tax-shanxi": ["/home/"],
    "finance1-shanxi": ["/home/"],
    "auditor-shanxi": ["/home/"],
    "admin1-shanxi": ["/home/"],
    "param1-shanxi": ["/home/"],
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
    "accounts:recovery_codes": "shown once, after a form: tests/browser/test_accounts.py",
    "accounts:styleguide": "for those who build pages: tests/browser/test_styleguide.py",
    "quota:sign_in_code": "found with a credit code: tests/browser/test_accounts.py",
    "exchange:file_write": "every file of the demo province needs a second person: tests/exchange/test_file_pages.py",
    "quota:certificate_changes_seen": "no certificate of the demo province has changed: tests/quota",
    "levy:notice": "once issued: tests/browser/test_documents.py",
    "levy:notice_file": "the file of a notice",
    "levy:batch": "once ordered: tests/browser/test_documents.py",
    "levy:batch_file": "the file of a batch",
    "quota:placement": "the form of quota:placement_add, filled; the demo province has no such draft",
    "levy:parameter_change": "the demo province has no proposal: tests/levy/test_parameter_pages.py",
    "levy:parameter_change_step": "the demo province has no proposal: tests/levy/test_parameter_pages.py",
    "levy:region_change": "the demo province has no proposal: tests/levy/test_region_changes.py",
    "levy:region_change_step": "the demo province has no proposal: tests/levy/test_region_changes.py",
    "subsidies:award_step": "no award waits for a second person in the demo province",
    "subsidies:programme_check": "no programme waits for a second person in the demo province",
    "portal:return_amount": "answers a form that is being typed: tests/browser/test_filing.py",
    "portal:employer_dates": "a calendar file",
    "collection:collection_file": "a file; the demo province has no case in the year shown first",
    "collection:payment_mismatches": "a file, once payments are written: tests/collection/test_payment_match.py",
    "exchange:file_control": "for the second person about a file of payments: tests/collection/test_payment_files.py",
    "api:schema": "for programs",
    "api:docs": "drawn by another program",
}
# A full look takes twice as long: LEVY_LONG=1 python3 run.py test tests/browser/pages
MOST = 4 if os.environ.get("LEVY_LONG") else 2
PAGES = [name for name, rule in TABLE.items() if "GET" in rule.methods and name not in NO_PAGES]


class Site:
    """The demo province behind a web server, with the pages that each role reaches."""

    def __init__(self, server: LiveServer, browser: Browser) -> None:
        self.server, self.browser = server, browser
        self._contexts: dict[tuple[str, str], BrowserContext] = {}
        self.cookies: dict[str, str] = {}
        self.walks: dict[str, Walk] = {}
        for username, starts in ROLES.items():
            client = Client()
            if username:
                client.force_login(User.objects.get(username=username))
                self.cookies[username] = client.cookies[settings.SESSION_COOKIE_NAME].value
            self.walks[username] = walk(client, starts)

    def addresses(self, route: str, most: int = MOST) -> list[tuple[str, str]]:
        """(role, address) of a route, one of each role in turn, so that the states differ."""
        found = [[(role, address) for address in done.pages.get(route, [])] for role, done in self.walks.items()]
        turns = [entry for turn in range(most) for of_role in found for entry in of_role[turn : turn + 1]]
        once = {address: role for role, address in reversed(turns)}
        return [(role, address) for address, role in reversed(once.items())][:most]

    def answered(self, route: str) -> bool:
        """True if a link led there and gave a page, a file or a redirect."""
        return any(route in done.pages or route in done.others for done in self.walks.values())

    def client(self, role: str) -> Client:
        """A client without a browser in the role's session."""
        client = Client()
        if role:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[role]
        return client

    @contextmanager
    def page(self, role: str, **options: Any) -> Iterator[Page]:
        """A new page in the role's session; each context is reused, so that it loads sheets and scripts once."""
        kept = (role, str(options))
        if kept not in self._contexts:
            self._contexts[kept] = self.browser.new_context(base_url=self.server.url, **options)
            if role:
                name, value = settings.SESSION_COOKIE_NAME, self.cookies[role]
                self._contexts[kept].add_cookies([{"name": name, "value": value, "url": self.server.url}])
        page = self._contexts[kept].new_page()
        try:
            yield page
        finally:
            page.close()

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()
