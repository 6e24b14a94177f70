"""Signing in at another authority's OpenID Connect service: authorization code flow with state, nonce and PKCE.

The identity token comes directly from the service over TLS, and its signature is checked with the service's published
keys. It replaces only the password: officers still show their second factor here.
"""

import base64
import hashlib
import json
import logging
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.errors import OidcRefused, OidcUnavailable

ASKED = "oidc_question"
SALT = "accounts.sign_in.oidc"
LASTS = 10 * 60
TIMEOUT = 10
CLOCKS_APART = 60
MOST_BYTES = 1_000_000
LONGEST = 255  # characters of a subject (OpenID Connect Core 1.0, section 2)
SIGNATURES = ["RS256", "ES256"]
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the service knows them: issuer and subject for ever, the user name until its holder changes it."""

    issuer: str
    subject: str
    username: str


def ask(request: HttpRequest, *, next_page: str) -> HttpResponse:
    """Send the browser to the service. A signed cookie holds the values that the answer must match: a session would
    be a row in the database for every stranger's request."""
    asked = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    response = HttpResponseRedirect(_address_to_ask(request, asked))
    value = signing.dumps({**asked, "next": next_page}, salt=SALT)
    path, secure = reverse("accounts:oidc_start"), request.is_secure()
    response.set_cookie(ASKED, value, max_age=LASTS, path=path, httponly=True, samesite="Lax", secure=secure)
    return response


def forget_question(response: HttpResponse) -> None:
    """Let this browser bring the answer only once."""
    response.delete_cookie(ASKED, path=reverse("accounts:oidc_start"), samesite="Lax")


def _address_to_ask(request: HttpRequest, asked: Mapping[str, str]) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked["verifier"].encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": _return_address(request),
        "scope": "openid profile",
        "state": asked["state"],
        "nonce": asked["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{_service(settings.OIDC_ISSUER)['authorization_endpoint']}?{urlencode(query)}"


def answer(request: HttpRequest) -> tuple[Identity, str]:
    """The person whom the service names, and the page that was asked for. The caller forgets the question
    (`forget_question`), so that an answer is accepted once.

    Raises OidcRefused for an answer without a matching question, OidcUnavailable when the service does not answer.
    """
    try:
        asked = signing.loads(request.COOKIES.get(ASKED, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        raise OidcRefused from None
    if not constant_time_compare(request.GET.get("state", ""), asked["state"]) or "code" not in request.GET:
        raise OidcRefused
    claims = _claims(_exchange(request, asked["verifier"]))
    _check(claims, asked["nonce"])
    named = [claims.get("sub"), claims.get(settings.OIDC_USERNAME_CLAIM)]
    if not all(isinstance(name, str) and 0 < len(name) <= LONGEST and name.isprintable() for name in named):
        raise OidcRefused
    return Identity(settings.OIDC_ISSUER, *named), asked["next"]


def _return_address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("accounts:oidc_return"))


@cache
def _service(issuer: str) -> Mapping[str, Any]:
    """The service's own description, read once per process."""
    found = _fetch(Request(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    if found.get("issuer") != issuer or not all(_is_protected(found.get(name)) for name in ENDPOINTS):
        raise OidcRefused
    return found


def _is_protected(address: object) -> bool:
    """True for an address over TLS, and on this machine itself without."""
    try:
        parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


class _StayThere(HTTPRedirectHandler):
    """A redirect could lead away from TLS or to another service."""

    def redirect_request(self, *_asked: Any) -> None:
        return None


_ask = build_opener(_StayThere).open


def _exchange(request: HttpRequest, verifier: str) -> str:
    body = {
        "grant_type": "authorization_code",
        "code": request.GET["code"],
        "redirect_uri": _return_address(request),
        "code_verifier": verifier,
    }
    pair = f"{settings.OIDC_CLIENT_ID}:{settings.OIDC_CLIENT_SECRET}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    endpoint = _service(settings.OIDC_ISSUER)["token_endpoint"]
    token = _fetch(Request(endpoint, data=urlencode(body).encode(), headers=headers)).get("id_token")
    if not isinstance(token, str):
        raise OidcRefused
    return token


def _fetch(asked: Request) -> dict[str, Any]:
    if not _is_protected(asked.full_url):
        raise OidcRefused
    try:
        with _ask(asked, timeout=TIMEOUT) as response:
            found = json.loads(response.read(MOST_BYTES))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        logger.warning("the OpenID Connect service did not answer: %s", type(error).__name__)
        raise OidcUnavailable from None
    if not isinstance(found, dict):
        raise OidcUnavailable
    return found


def _claims(token: str) -> dict[str, Any]:
    """The contents of a token that the service has signed. Its keys are read each time: they change."""
    published = _fetch(Request(_service(settings.OIDC_ISSUER)["jwks_uri"]))
    try:
        name = jwt.get_unverified_header(token).get("kid")
        keys = [key for key in jwt.PyJWKSet.from_dict(published).keys if name is None or key.key_id == name]
        claims = json.loads(jwt.PyJWS().decode(token, keys[0], algorithms=SIGNATURES)) if len(keys) == 1 else None
    except (jwt.PyJWTError, AttributeError, ValueError, TypeError, RecursionError):  # whatever the service sends
        raise OidcRefused from None
    if not isinstance(claims, dict):
        raise OidcRefused
    return claims


def _check(claims: Mapping[str, Any], nonce: str) -> None:
    """The token must come from this service, for us, now, and for this browser's question."""
    ours = settings.OIDC_CLIENT_ID
    is_for_us = claims.get("aud") in (ours, [ours]) and claims.get("azp", ours) == ours
    made, expires = (_moment(claims.get(name)) for name in ("iat", "exp"))
    now = time.time()
    is_current = now - LASTS - CLOCKS_APART < made < now + CLOCKS_APART and now - CLOCKS_APART < expires < math.inf
    is_asked = constant_time_compare(str(claims.get("nonce", "")), nonce)
    if not (claims.get("iss") == settings.OIDC_ISSUER and is_for_us and is_current and is_asked):
        raise OidcRefused


def _moment(value: object) -> float:
    """A moment in Unix seconds; not a number (NaN) for everything else, which no comparison lets pass."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
