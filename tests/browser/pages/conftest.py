"""One demo province for all tests of this package: made once, committed, flushed after the last one."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.pages.site import Site
from tools.roles import as_owner


@pytest.fixture(scope="package")
def site(django_db_setup: None, django_db_blocker: Any, browser: Browser) -> Iterator[Site]:
    with django_db_blocker.unblock():
        call_command("load_regions", verbosity=0)
        with as_owner():
            call_command("demo", employers=200, verbosity=0)
        server = LiveServer("localhost")
        try:
            site = Site(server, browser)
            yield site
            site.close()
        finally:
            server.stop()
            call_command("flush", interactive=False, verbosity=0)
