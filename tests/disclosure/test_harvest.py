"""Promise F4: thirty searches a minute per address, none by identity number; a burst and forged headers get no more.

Through a real server with many clients at once.
"""

import http.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.frame.throttle import is_too_often
from tests.disclosure.factories import published_province
from tests.quota.factories import identity_number

CLIENTS, ASKED, LIMIT = 32, 64, 30


def burst(live_server: Any) -> Counter[int]:
    """Many clients at once, each with another forged chain of addresses."""
    where = urlsplit(live_server.url)
    path = f"{reverse('disclosure:search')}?q={quote('清和精密')}"

    def ask(number: int) -> int:
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=120)
        chain = f"10.{number}.0.1, 203.0.113.{number % 10}, 2001:db8::{number}"
        headers = {"X-Forwarded-For": chain, "X-Real-IP": chain, "Forwarded": f"for={number}", "Host": "localhost"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status != 429 or answer.headers["Retry-After"] == "60"
        connection.close()
        return answer.status

    with ThreadPoolExecutor(CLIENTS) as pool:
        return Counter(pool.map(ask, range(ASKED)))


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_forged_addresses_gets_no_more_than_the_limit(live_server):
    published_province()
    assert burst(live_server) == {200: LIMIT, 429: ASKED - LIMIT}


@pytest.mark.django_db(transaction=True)
def test_twin_a_believed_header_lets_the_burst_through(live_server, monkeypatch):
    monkeypatch.setattr(
        "accounts.frame.throttle.counted_address", lambda request: request.headers["X-Forwarded-For"].split(",")[0]
    )
    published_province()
    assert burst(live_server)[200] > LIMIT


def test_twin_a_counter_that_reads_before_it_writes_admits_more(rf, monkeypatch):
    """What the one atomic step is for."""
    together = Barrier(8, timeout=30)

    class ReadsFirst:
        def add(self, *entry: object) -> None:
            cache.add(*entry)

        def touch(self, *entry: object) -> None:
            cache.touch(*entry)

        def incr(self, key: str) -> int:
            value = cache.get(key)
            together.wait()
            cache.set(key, value + 1)
            return value + 1

    monkeypatch.setattr("accounts.frame.throttle.cache", ReadsFirst())
    request = rf.get("/search/", REMOTE_ADDR="192.0.2.50")
    with ThreadPoolExecutor(8) as pool:
        refused = list(pool.map(lambda _n: is_too_often(request, "search", LIMIT), range(ASKED)))
    assert refused.count(False) > LIMIT


@pytest.mark.django_db
def test_nobody_is_looked_for_by_an_identity_number(client):
    published_province()
    for number in (identity_number(), identity_number(female=True)):
        for typed in (number, number.lower(), f" {number} "):
            page = client.get(reverse("disclosure:search"), {"q": typed}).content.decode()
            assert "不能用身份证件号码查询" in page
            assert "找到" not in page.split("</form>")[1]


@pytest.mark.django_db
def test_pages_and_files_that_cost_much_are_limited_by_address(client, monkeypatch):
    publication = published_province()
    file, entry = publication.files.first(), publication.entries.first()
    limited = {
        "public.UNITS_PER_MINUTE": reverse("disclosure:employer", args=[entry.uscc]),
        "regions.COMPARISONS_PER_MINUTE": reverse("disclosure:region_compare"),
        "open_data.FILES_PER_MINUTE": reverse("disclosure:download", args=[publication.pk, file.name, file.format]),
    }

    def status_of(path: str, **more: Any) -> int:
        answer = client.get(path, **more)
        answer.getvalue()  # read to its end, a file is closed
        return answer.status_code

    for limit, path in limited.items():
        monkeypatch.setattr(f"disclosure.views.{limit}", 2)
        assert [status_of(path) for _time in range(3)] == [200, 200, 429], path
        assert status_of(path, headers={"X-Forwarded-For": "198.51.100.3"}) == 429
        assert status_of(path, REMOTE_ADDR="198.51.100.3") == 200
