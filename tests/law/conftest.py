"""Tests of the law need neither database nor cache: `python3 run.py test law` answers without starting either."""

from typing import Any, NoReturn

import pytest
from django.core.cache.backends.base import BaseCache

NO_SERVICE = "tests of the law run without services: a test that needs the {} belongs into the folder of its app"


class NoCache(BaseCache):
    """Raises an error at every use."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _refuse(self, *_given: Any, **_named: Any) -> NoReturn:
        pytest.fail(NO_SERVICE.format("cache"))

    add = get = set = touch = delete = clear = incr = has_key = _refuse


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    pytest.fail(NO_SERVICE.format("database"))


@pytest.fixture(autouse=True)
def _no_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "tests.law.conftest.NoCache"}}
