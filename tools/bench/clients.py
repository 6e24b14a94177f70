"""Browsers of the bench: signed in without a password, each request over a connection of its own from any address."""

import http.client
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice

from django.conf import settings
from django.test import Client

from accounts.models import User

PATIENCE = 120
CHUNK = 256 * 1024
MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds to the first byte of the body and to the last, and how many bytes there were."""

    first_byte: float
    whole: float
    size: int


def session_of(user: User) -> str:
    """The cookie of a new session of this person."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def fetch(port: int, path: str, *, cookie: str = "", address: str = "127.0.0.1") -> Answer:
    """One request of a browser at this loopback address. Raises RuntimeError on any answer but 200."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(address, 0))
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: {response.status}")
        size = len(response.read(1))
        first_byte = time.perf_counter() - began
        while chunk := response.read(CHUNK):
            size += len(chunk)
    finally:
        connection.close()
    return Answer(first_byte, time.perf_counter() - began, size)


def addresses() -> Iterator[str]:
    """Loopback addresses without end: what limits one person's requests must not be what is measured."""
    return cycle([f"127.0.{high}.{low}" for high in range(1, 201) for low in range(1, 255)])


def steadily(asks: Iterator[Callable[[], Answer]], *, per_second: int, count: int) -> list[float]:
    """Send requests at a steady rate, whether or not earlier ones are answered; seconds each took from its own time.

    A request that has to wait for a free connection of ours has waited: its time counts from when it was due.
    """
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        began = time.perf_counter()
        waiting = []
        for number, ask in enumerate(islice(asks, count)):
            due = began + number / per_second
            time.sleep(max(due - time.perf_counter(), 0))
            waiting.append(pool.submit(_since, due, ask))
        return [each.result() for each in waiting]


def _since(due: float, ask: Callable[[], Answer]) -> float:
    ask()
    return time.perf_counter() - due
