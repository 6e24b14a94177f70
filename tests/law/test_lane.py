"""The lane without services refuses tests that need one."""

import pytest
from django.core.cache import cache


def test_a_test_that_needs_the_database_is_refused(request: pytest.FixtureRequest) -> None:
    with pytest.raises(pytest.fail.Exception, match="needs the database belongs into the folder of its app"):
        request.getfixturevalue("db")


def test_a_test_that_needs_the_cache_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="needs the cache belongs into the folder of its app"):
        cache.get("key")
