"""Browser tests talk to a live server on the test database: `page.goto("/styleguide/")`."""

import pytest
from pytest_django.live_server_helper import LiveServer


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """The host for addresses without one; the plugin's own fixture raises a deprecation warning in pytest 9."""
    return live_server.url
