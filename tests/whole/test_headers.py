"""Promise F1: every response has its security headers: a page, an error, a file, a download."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter

from accounts.errors import TooManyAttempts
from accounts.permissions import Role
from audit.errors import TransitionNotAllowed
from config.settings import base
from tests.accounts.factories import officer
from tests.whole.test_permissions import address
from tests.world import COUNTY, a_county

pytestmark = pytest.mark.django_db
EXPECTED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
FILES = {
    "collection:list_download": Role.TAX_OFFICER,
    "exchange:file_template": Role.TAX_OFFICER,
    "portal:employer_dates": Role.AUDITOR,
    "quota:queue_file": Role.VERIFIER,
    "subsidies:award_file": Role.FINANCE_OFFICER,
    "disclosure:publication_file": Role.FINANCE_OFFICER,
}
SAMPLES = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000000"}


def patterns(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """One address per route, with sample values: most of them do not exist, and that answer counts too."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, before + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield before + "".join(parts(entry))


def parts(entry: URLPattern) -> Iterator[str]:
    text = str(entry.pattern)
    if not hasattr(entry.pattern, "_route"):
        yield text.replace("^", "").replace("$", "").split("(")[0] + "1/approve/"
        return
    for name, converter in entry.pattern.converters.items():
        sample = "1" if isinstance(converter, IntConverter) else "2025"
        text = text.replace(f"<{name}>", sample)
        for kind in ("str", "int", "slug", "uuid", "path"):
            text = text.replace(f"<{kind}:{name}>", SAMPLES.get(kind, sample))
    yield text


ROUTES = sorted(set(patterns(get_resolver())))


def assert_headers(response: Any) -> None:
    for name, value in EXPECTED.items():
        assert response.headers.get(name) == value, name
    policy = {part.strip() for part in response.headers["Content-Security-Policy"].split(";")}
    assert policy >= POLICY
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Server" not in response.headers
    if response.streaming:  # read to its end, a file is closed; closing it here would drop the test's own connection
        b"".join(response)


@pytest.mark.parametrize("role", [None, *Role])
def test_every_route(role: Role | None) -> None:
    client = Client(raise_request_exception=False)
    if role:
        client.force_login(officer(role, "140000"))
    for route in ROUTES:
        answers = [client.get(route)] if role else [client.get(route), client.post(route)]
        for answer in answers:
            assert_headers(answer)
            assert answer.status_code != 500, route


def test_files_errors_and_strange_hosts(settings: Any) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    answers = {
        200: client.get("/static/css/app.css"),
        404: client.get("/no-such-page/"),
        400: client.get("/", headers={"host": "somewhere.example.com"}),
        403: client.post("/sign-in/", {"username": "x", "password": "x"}),
        405: Client().put("/display/"),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    for answer in answers.values():
        assert_headers(answer)


def test_too_many_tries_and_too_much_data() -> None:
    client = Client(raise_request_exception=False)
    for _ in range(6):
        answer = client.post("/sign-in/", {"username": "x", "password": "x"})
    assert answer.status_code == 429
    assert_headers(answer)
    large = client.post("/sign-in/", {"username": "x" * (base.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)})
    assert large.status_code == 413
    assert_headers(large)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (RuntimeError("planted"), 500),
        (OperationalError("planted"), 503),
        (TransitionNotAllowed(), 409),
        (TooManyAttempts(60), 429),
        (PermissionDenied(), 403),
        (SuspiciousOperation(), 400),
    ],
)
def test_a_crash_and_a_refusal(monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int) -> None:
    def crash(*_arguments: object, **_names: object) -> None:
        raise fault

    monkeypatch.setattr("accounts.sign_in.views.sign_in.password_holder", crash)
    client = Client(raise_request_exception=False)
    answer = client.post("/sign-in/", {"username": "x", "password": "x"})
    assert answer.status_code == status
    assert_headers(answer)


def test_files_to_be_had_carry_them_too(signed_in: Callable[..., Client]) -> None:
    places = a_county().places
    for name, role in FILES.items():
        answer = signed_in(role, COUNTY).get(address(name, **places.get(name, {})))
        assert answer.status_code == 200, name
        assert_headers(answer)


def test_maintenance(settings: Any, tmp_path: Path) -> None:
    settings.MAINTENANCE_FILE = tmp_path / "maintenance"
    settings.MAINTENANCE_FILE.touch()
    answer = Client().get("/")
    assert answer.status_code == 503
    assert_headers(answer)


@pytest.mark.parametrize("guard", ["accounts.frame.middleware.fixed_headers", "csp.middleware.CSPMiddleware"])
def test_twin_without_its_middleware_a_missing_header_is_found(settings: Any, guard: str) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != guard]
    with pytest.raises((AssertionError, KeyError)):
        assert_headers(Client().get("/"))


def test_production_adds_strict_transport_and_host_cookies(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SESSION_COOKIE_SECURE = 31_536_000, True
    answer = Client().get("/sign-in/", secure=True)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
