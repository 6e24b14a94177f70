"""Searches are counted in the cache: every test begins with a fresh count."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fresh_search_count():
    cache.clear()
