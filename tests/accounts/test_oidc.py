"""Sign-in at another authority's OpenID Connect service, against a small service inside the test."""

import base64
import hashlib
import hmac
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.utils import timezone
from jwt.algorithms import Algorithm, ECAlgorithm, RSAAlgorithm

from accounts.errors import OidcRefused
from accounts.models import OutsideIdentity, Session, User
from accounts.permissions import Role
from accounts.sign_in.outside import bind
from tests.accounts.factories import officer

pytestmark = pytest.mark.django_db


KEY = ec.generate_private_key(ec.SECP256R1())


def coded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def published(key: Any, name: str, algorithm: type[Algorithm]) -> dict[str, str]:
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig"}


class Service:
    """An OpenID Connect service: `claims` is its next answer, `asked` the request at its token address. It signs with
    `key` under `header`, publishes `keys`, and describes itself with `described` beside the usual addresses."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.key: Any = KEY
        self.header = {"alg": "ES256", "kid": "first"}
        self.keys = [published(KEY, "first", ECAlgorithm)]
        self.described: dict[str, str] = {}
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/keys":
                    self._say({"keys": service.keys})
                elif self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/keys")
                    self.end_headers()
                else:
                    self._say(
                        {
                            "issuer": service.issuer,
                            "authorization_endpoint": f"{service.issuer}/authorize",
                            "token_endpoint": f"{service.issuer}/token",
                            "jwks_uri": f"{service.issuer}/keys",
                            **service.described,
                        }
                    )

            def do_POST(self) -> None:
                body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                service.asked = {name: values[0] for name, values in body.items()}
                service.asked["authorization"] = self.headers["Authorization"]
                self._say({"id_token": service.token()})

            def _say(self, content: dict[str, Any]) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler

    def token(self) -> str:
        content = json.dumps(self.claims).encode()
        algorithm = self.header["alg"]
        if algorithm in ("none", "HS256"):  # the library itself refuses to forge these
            signed = b".".join(map(coded, (json.dumps(self.header).encode(), content)))
            seal = b"" if algorithm == "none" else hmac.digest(self.key, signed, "sha256")
            return b".".join((signed, coded(seal))).decode()
        return jwt.PyJWS().encode(content, self.key, algorithm=algorithm, headers=self.header)


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
        "iat": time.time(),
        "sub": f"sub-{person.pk}",
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
    "for ever": lambda service: {"exp": math.inf},
    "until no moment": lambda service: {"exp": math.nan},
    "until true": lambda service: {"exp": True},
    "made tomorrow": lambda service: {"iat": time.time() + 86_400},
    "made long ago": lambda service: {"iat": time.time() - 86_400},
    "made at a moment without end": lambda service: {"iat": 10**400},
    "made at no time": lambda service: {"iat": None},
    "for another party": lambda service: {"azp": "another"},
    "without a subject": lambda service: {"sub": None},
    "with a subject without end": lambda service: {"sub": "x" * 256},
    "with a NUL in the name": lambda service: {"preferred_username": "person\0"},
    "with half a character in the name": lambda service: {"preferred_username": "person\ud800"},
    "with a NUL in the subject": lambda service: {"sub": "x\0"},
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


STRANGE = ec.generate_private_key(ec.SECP256R1())
FORGED: dict[str, Callable[[Service], dict[str, Any]]] = {
    "signed by another": lambda service: {"key": STRANGE},
    "not signed": lambda service: {"header": {"alg": "none", "kid": "first"}},
    "signed with the published key as a secret": lambda service: {
        "header": {"alg": "HS256", "kid": "first"},
        "key": json.dumps(service.keys[0]).encode(),
    },
    "under an unknown key": lambda service: {"header": {"alg": "ES256", "kid": "second"}},
    "under one of two keys that it does not name": lambda service: {
        "header": {"alg": "ES256"},
        "keys": [*service.keys, published(STRANGE, "second", ECAlgorithm)],
    },
    "without published keys": lambda service: {"keys": []},
    "with keys that are none": lambda service: {"keys": ["x", 1, {}]},
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_token_that_the_service_did_not_sign_lets_nobody_in(
    client: Client, service: Service, person: User, forged: str
) -> None:
    for name, value in FORGED[forged](service).items():
        setattr(service, name, value)
    assert come_back(client, service, begin(client), person).status_code == 409
    assert not is_in(client)


def test_a_service_may_sign_with_rsa_and_change_its_key(client: Client, service: Service, person: User) -> None:
    assert come_back(client, service, begin(client), person).url == "/account/"
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    service.key, service.header = key, {"alg": "RS256", "kid": "newer"}
    service.keys = [*service.keys, published(key, "newer", RSAAlgorithm)]
    other = Client()
    assert come_back(other, service, begin(other), person).url == "/account/"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "address", ["http://sso.example.cn/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "https://[", "", None]
)
def test_every_address_of_the_service_is_over_tls(
    client: Client, service: Service, name: str, address: str | None
) -> None:
    service.described = {name: address}
    assert client.get("/sign-in/oidc/").status_code == 409


def test_an_issuer_without_tls_is_not_even_asked(client: Client, service: Service, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://sso.example.cn"
    assert client.get("/sign-in/oidc/").status_code == 409


def test_a_redirect_is_not_followed(client: Client, service: Service, person: User) -> None:
    service.described = {"jwks_uri": f"{service.issuer}/moved"}
    assert come_back(client, service, begin(client), person).status_code == 409
    assert not is_in(client)


def test_the_first_sign_in_binds_the_account_to_the_subject(client: Client, service: Service, person: User) -> None:
    come_back(client, service, begin(client), person)
    assert OutsideIdentity.objects.get().user == person
    thief = Client()
    assert come_back(thief, service, begin(thief), person, sub="another").status_code == 409
    assert not is_in(thief)
    renamed = Client()
    come_back(renamed, service, begin(renamed), person, preferred_username="a-new-name")
    assert is_in(renamed)


def test_a_subject_opens_one_account_whatever_name_it_takes(client: Client, service: Service, person: User) -> None:
    other = officer(Role.EMPLOYER, "140105")
    come_back(client, service, begin(client), person)
    again = Client()
    come_back(again, service, begin(again), other, sub=f"sub-{person.pk}")
    assert again.get("/account/").wsgi_request.user == person


@pytest.mark.parametrize("folded", ["ｅｍｐｌｏｙｅｒ", "  employer  ", "Employer", "employer\u200b"])
def test_a_name_is_compared_exactly(client: Client, service: Service, person: User, folded: str) -> None:
    User.objects.filter(pk=person.pk).update(username="employer")
    assert come_back(client, service, begin(client), person, preferred_username=folded).status_code == 409
    assert not is_in(client)


def test_nobody_is_bound_before_the_second_factor(settings: Any, client: Client, service: Service) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    come_back(client, service, begin(client), officer(Role.VERIFIER, "140105"))
    assert not OutsideIdentity.objects.exists()


def test_two_who_come_with_one_name_at_once_do_not_both_get_it(service: Service, person: User) -> None:
    bind(person=person, issuer=service.issuer, subject="first")
    with pytest.raises(OidcRefused):
        bind(person=person, issuer=service.issuer, subject="second")
    with pytest.raises(OidcRefused):
        bind(person=officer(Role.EMPLOYER, "140105"), issuer=service.issuer, subject="first")


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
