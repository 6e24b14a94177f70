"""Browsers of the bench: signed in without a password; each request has a new connection and any client address."""

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
    """Seconds to the first and to the last byte of the body, and its number of bytes."""

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
    """Endless loopback addresses, so that the limit on one person's requests does not distort the measurement."""
    return cycle([f"127.0.{high}.{low}" for high in range(1, 201) for low in range(1, 255)])


def steadily(asks: Iterator[Callable[[], Answer]], *, per_second: int, count: int) -> list[float]:
    """Send requests at a steady rate, without waiting for earlier answers. Returns the seconds of each.

    A request's time begins when it is due: waiting for a free connection of ours counts too.
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
