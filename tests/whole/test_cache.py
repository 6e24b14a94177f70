"""The cache, used by threads that end."""

import gc
from threading import Thread
from typing import Any
from uuid import uuid4

from django.core.cache import cache


def connections_named(name: str) -> list[dict[str, Any]]:
    found = cache._cache.get_client().client_list()
    return [client for client in found if client["name"] == name]


def test_a_thread_that_ends_leaves_no_connection_to_the_cache(eventually):
    """Without waiting for the collector: what it finds too late is a socket that nobody closed."""
    name = f"thread-{uuid4()}"
    seen = []

    def work() -> None:
        cache._cache.get_client().client_setname(name)
        seen.extend(connections_named(name))

    gc.disable()
    try:
        thread = Thread(target=work)
        thread.start()
        thread.join()
        assert len(seen) == 1
        eventually(lambda: not connections_named(name), "the connection outlives its thread", seconds=10)
    finally:
        gc.enable()
