"""Sign-in at another authority's OpenID Connect service, against a small service inside the test."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.permissions import Role
from accounts.sign_in import oidc
from tests.accounts.factories import officer

pytestmark = pytest.mark.django_db


class Service:
    """An OpenID Connect service: `claims` is its next answer, `asked` the request at its token address."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(
                    {
                        "issuer": service.issuer,
                        "authorization_endpoint": f"{service.issuer}/authorize",
                        "token_endpoint": f"{service.issuer}/token",
                    }
                )

            def do_POST(self) -> None:
                body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                service.asked = {name: values[0] for name, values in body.items()}
                service.asked["authorization"] = self.headers["Authorization"]
                payload = base64.urlsafe_b64encode(json.dumps(service.claims).encode()).rstrip(b"=").decode()
                self._say({"id_token": f"e30.{payload}.signature"})

            def _say(self, content: dict[str, Any]) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    running = Service()
    settings.OIDC_ISSUER = running.issuer
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "levy", "secret"
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def person() -> User:
    return officer(Role.EMPLOYER, "140105")


def begin(client: Client) -> dict[str, str]:
    """The browser's request to the service."""
    address = client.get("/sign-in/oidc/?next=/account/").url
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def come_back(client: Client, service: Service, asked: dict[str, str], person: User, **other: Any):
    service.claims = {
        "iss": service.issuer,
        "aud": "levy",
        "exp": time.time() + 300,
        "nonce": asked["nonce"],
        "preferred_username": person.username,
    } | other
    return client.get("/sign-in/oidc/return/", {"code": "one-time", "state": asked["state"]})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_whole_way(client: Client, service: Service, person: User) -> None:
    assert "用统一身份认证平台登录" in client.get("/sign-in/").content.decode()
    asked = begin(client)
    assert come_back(client, service, asked, person).url == "/account/"
    assert is_in(client)
    assert service.asked["authorization"] == "Basic " + base64.b64encode(b"levy:secret").decode()
    proof = hashlib.sha256(service.asked["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
    assert service.asked["redirect_uri"] == asked["redirect_uri"] == "http://testserver/sign-in/oidc/return/"


WRONG: dict[str, Callable[[Service], dict[str, Any]]] = {
    "another service": lambda service: {"iss": "https://evil.example.com"},
    "for another client": lambda service: {"aud": "another"},
    "for several clients": lambda service: {"aud": ["levy", "another"]},
    "expired": lambda service: {"exp": time.time() - 61},
    "without an end": lambda service: {"exp": None},
    "for another question": lambda service: {"nonce": "another"},
    "without a name": lambda service: {"preferred_username": ""},
    "with a strange name": lambda service: {"preferred_username": ["x"]},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_is_not_the_answer_lets_nobody_in(
    client: Client, service: Service, person: User, wrong: str
) -> None:
    assert come_back(client, service, begin(client), person, **WRONG[wrong](service)).status_code == 409
    assert not is_in(client)


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(service: Service, person: User) -> None:
    asked = begin(Client())
    victim = Client()
    assert come_back(victim, service, asked, person).status_code == 409
    begin(victim)
    assert come_back(victim, service, asked, person).status_code == 409
    assert not is_in(victim)


def test_an_answer_is_taken_once(client: Client, service: Service, person: User) -> None:
    asked = begin(client)
    come_back(client, service, asked, person, nonce="wrong first")
    assert come_back(client, service, asked, person).status_code == 409


def test_asking_writes_no_session_and_the_question_ends(client: Client, service: Service, person: User) -> None:
    before = Session.objects.count()
    asked = begin(client)
    assert Session.objects.count() == before
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert come_back(client, service, asked, person).status_code == 409


def test_a_changed_question_is_no_question(client: Client, service: Service, person: User) -> None:
    asked = begin(client)
    client.cookies["oidc_question"] = client.cookies["oidc_question"].value.swapcase()
    assert come_back(client, service, asked, person).status_code == 409


def test_one_address_asks_the_other_authority_so_often(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.sign_in.views.sign_in.OIDC_PER_MINUTE", 3)
    paths = ("/sign-in/oidc/", "/sign-in/oidc/return/")
    assert [client.get(path).status_code for path in paths * 2] == [302, 409, 302, 429]


def test_whoever_is_unknown_or_disabled_here_stays_out(client: Client, service: Service, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    page = come_back(client, service, begin(client), person)
    assert "没有对应的账号" in page.content.decode()
    assert come_back(client, service, begin(client), person, preferred_username="unknown").status_code == 409


def test_officers_still_show_their_second_factor(settings: Any, client: Client, service: Service) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    person = officer(Role.VERIFIER, "140105")
    assert come_back(client, service, begin(client), person).url == "/sign-in/set-up/"
    assert not is_in(client)


def test_who_has_no_password_here_is_not_told_to_change_it(
    settings: Any, client: Client, service: Service, person: User
) -> None:
    settings.PASSWORD_MAX_DAYS = 90
    person.set_unusable_password()
    person.date_joined = timezone.now() - timedelta(days=91)
    person.save()
    come_back(client, service, begin(client), person)
    assert is_in(client)


def test_a_service_that_is_away_is_told_in_a_sentence(client: Client, service: Service, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    assert "暂时没有响应" in client.get("/sign-in/oidc/").content.decode()


def test_without_the_setting_there_is_no_such_way(client: Client) -> None:
    assert client.get("/sign-in/oidc/").status_code == 404
    assert client.get("/sign-in/oidc/return/").status_code == 404
    assert "oidc" not in client.get("/sign-in/").content.decode()


def test_production_refuses_a_service_without_tls(settings: Any) -> None:
    settings.OIDC_ISSUER, settings.SECOND_FACTOR_REQUIRED = "http://sso.example.cn", True
    with pytest.raises(SystemCheckError, match=r"accounts\.E003"):
        call_command("check", deploy=True, tags=["security"])


@pytest.mark.parametrize("address", ["http://sso.example.cn/x", "ftp://sso.example.cn/x", "file:///etc/passwd", None])
@pytest.mark.parametrize("name", oidc.ENDPOINTS)
def test_no_address_of_the_service_is_less_safe_than_its_own(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, name: str, address: str | None
) -> None:
    settings.OIDC_ISSUER = issuer = f"https://{name}-{address}.example.cn"
    described = {"issuer": issuer, **dict.fromkeys(oidc.ENDPOINTS, f"{issuer}/x")}
    monkeypatch.setattr(oidc, "_fetch", lambda _asked: described | {name: address})
    answer = client.get("/sign-in/oidc/")
    assert "Location" not in answer.headers or answer.headers["Location"].startswith("/")
    monkeypatch.setattr(oidc, "_fetch", lambda _asked: described)
    assert client.get("/sign-in/oidc/").headers["Location"].startswith(f"{issuer}/x?")
