"""Promise E6: no one gets a page made for another person, and a withdrawn page is gone within five seconds.

The cache here keeps everything that the answers' own headers allow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Role
from disclosure.models import PublishedEntry
from disclosure.services import publications as services
from tests.accounts.factories import officer
from tests.disclosure.factories import SHANXI, XIAODIAN, finance, published_province
from tests.whole.test_permissions import GET, PUBLIC, TABLE, address

pytestmark = pytest.mark.django_db
FORGED = (
    {},
    {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "other.example"},
    {"Authorization": "Bearer of-nobody"},
)
PRIVATE_PAGES = "accounts.frame.middleware.private_pages"


@dataclass
class SharedCache:
    """A proxy's cache: it keeps `public` answers with an age, separated by the request headers that Vary names."""

    kept: dict[tuple[str, tuple[str, ...]], HttpResponse] = field(default_factory=dict)
    varies: dict[str, list[str]] = field(default_factory=dict)

    def get(self, client: Client, url: str, headers: dict[str, str]) -> HttpResponse:
        sent = headers | {"Cookie": client.cookies.output(header="", sep=";")}
        key = url, tuple(sent.get(name, "") for name in self.varies.get(url, []))
        if key in self.kept:
            return self.kept[key]
        answer = client.get(url, headers=headers)
        if age(answer):
            self.varies[url] = [name.strip() for name in answer.headers.get("Vary", "").split(",") if name.strip()]
            self.kept[url, tuple(sent.get(name, "") for name in self.varies[url])] = answer
        return answer


def age(answer: HttpResponse) -> int:
    """The seconds for which a shared cache may keep it."""
    said = answer.headers.get("Cache-Control", "")
    found = re.search(r"(?:s-maxage|max-age)=(\d+)", said)
    return int(found[1]) if found and "private" not in said and "no-store" not in said else 0


def addresses() -> list[str]:
    """Every readable address, with objects where the public has some; one looks like a style sheet."""
    entry = PublishedEntry.objects.first()
    places = {"disclosure:employer": {"uscc": entry.uscc}, "disclosure:region": {"code": SHANXI, "levy_year": 2025}}
    urls = [address(name, **places.get(name, {})) for name, rule in TABLE.items() if rule.methods >= GET]
    return [*urls, reverse("casework:desk") + "a.css", reverse("disclosure:search") + "?q=清和精密"]


def named(role: Role, name: str) -> User:
    person = officer(role, SHANXI)
    User.objects.filter(pk=person.pk).update(name=name)
    return User.objects.get(pk=person.pk)


def mixed(cache: SharedCache) -> Iterator[str]:
    """Request everything as one person, as another and as nobody. Returns the readers of another person's page."""
    names = ["孟清和甲", "孟清和乙", ""]
    clients = [Client(raise_request_exception=False) for _name in names]
    clients[0].force_login(named(Role.FINANCE_OFFICER, names[0]))
    clients[1].force_login(named(Role.VERIFIER, names[1]))
    for url in addresses():
        for headers in FORGED:
            for client, name in zip(clients, names, strict=True):
                answer = cache.get(client, url, headers)
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                text = body.decode(errors="ignore")
                strangers = [other for other in names if other not in ("", name) and other in text]
                if strangers:
                    yield f"{url} for {name or 'nobody'} names {strangers}"


def test_no_cache_gives_one_persons_page_to_another():
    published_province()
    assert list(mixed(SharedCache())) == []


def test_twin_without_private_pages_a_cache_that_ignores_cookies_mixes_people(settings: Any):
    published_province()
    complete = list(settings.MIDDLEWARE)
    settings.MIDDLEWARE = [name for name in complete if name != PRIVATE_PAGES]

    class Careless(SharedCache):
        def get(self, client: Client, url: str, headers: dict[str, str]) -> HttpResponse:
            answer = super().get(client, url, headers)
            self.varies[url] = []
            return self.kept.setdefault((url, ()), answer) if age(answer) else answer

    assert next(mixed(Careless()), None)
    settings.MIDDLEWARE = complete
    assert list(mixed(Careless())) == []


def test_what_a_signed_in_person_sees_is_stored_nowhere(signed_in):
    published_province()
    client = signed_in(finance())
    client.raise_request_exception = False
    for url in addresses():
        answer = client.get(url)
        answer.close()
        assert "no-store" in answer.headers.get("Cache-Control", ""), url


def test_a_public_page_is_the_same_for_everybody_without_cookies(client):
    """No cookie is set and no token written, whatever strangers send along; Vary names the cookie alone."""
    published_province()
    for name in [name for name, rule in TABLE.items() if rule.who == PUBLIC and name.startswith("disclosure:")]:
        answers = [client.get(address(name), headers=headers) for headers in FORGED]
        for answer in answers:
            assert not answer.cookies, name
            assert age(answer) <= 5, name
            if answer.status_code == 200:
                assert b"csrfmiddlewaretoken" not in answer.getvalue(), name
                assert answer.headers.get("Vary", "Cookie") == "Cookie", name


def test_what_is_withdrawn_is_gone_from_every_cache_within_five_seconds(client):
    publication = published_province()
    urls = [
        reverse("disclosure:employer", args=[PublishedEntry.objects.first().uscc]),
        reverse("disclosure:region", args=[XIAODIAN, 2025]),
        reverse("disclosure:download", args=[publication.pk, "entries", "csv"]),
    ]
    before = [client.get(url) for url in urls]
    assert all(0 < age(answer) <= 5 for answer in before)
    kept = {url: answer.headers["ETag"] for url, answer in zip(urls, before, strict=True) if "ETag" in answer.headers}
    assert kept
    for answer in before:
        b"".join(answer)  # as a reader does: the client closes the file at its end
    services.withdraw(publication, actor=finance(), reason="数据有误")
    assert client.get(urls[0]).status_code == 404
    assert "尚未公布" in client.get(urls[1]).content.decode()
    for url, etag in kept.items():
        again = client.get(url, headers={"If-None-Match": etag})
        assert again.status_code == 404
        assert age(again) == 0
