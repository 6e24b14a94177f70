"""Signing in at another authority's OpenID Connect service: authorization code flow with state, nonce and PKCE.

The identity token comes directly from the service over TLS, which replaces the check of its signature (OpenID Connect
Core 1.0, 3.1.3.7, point 6). It replaces only the password: officers still show their second factor here.
"""

import base64
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

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
ENDPOINTS = ("authorization_endpoint", "token_endpoint")

logger = logging.getLogger(__name__)


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


def answer(request: HttpRequest) -> tuple[str, str]:
    """The user name that the service gives, and the page that was asked for. The caller forgets the
    question (`forget_question`), so that an answer is accepted once.

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
    username = claims.get(settings.OIDC_USERNAME_CLAIM)
    if not isinstance(username, str) or not username:
        raise OidcRefused
    return username, asked["next"]


def _return_address(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("accounts:oidc_return"))


@cache
def _service(issuer: str) -> Mapping[str, Any]:
    """The service's own description, read once per process."""
    found = _fetch(Request(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    if found.get("issuer") != issuer or not all(_is_as_safe(issuer, found.get(name)) for name in ENDPOINTS):
        raise OidcRefused
    return found


def _is_as_safe(issuer: str, endpoint: object) -> bool:
    """True for an address under the issuer's own scheme, which production requires to be https (accounts.checks)."""
    return isinstance(endpoint, str) and urlsplit(endpoint).scheme == urlsplit(issuer).scheme


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
    try:
        with urlopen(asked, timeout=TIMEOUT) as response:  # the operator's own settings give the addresses
            found = json.loads(response.read(MOST_BYTES))
    except (URLError, TimeoutError, ValueError) as error:
        logger.warning("the OpenID Connect service did not answer: %s", type(error).__name__)
        raise OidcUnavailable from None
    if not isinstance(found, dict):
        raise OidcUnavailable
    return found


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError):
        raise OidcRefused from None
    if not isinstance(claims, dict):
        raise OidcRefused
    return claims


def _check(claims: Mapping[str, Any], nonce: str) -> None:
    """The token must come from this service, for us, now, and for this browser's question."""
    audience = claims.get("aud")
    is_for_us = audience == settings.OIDC_CLIENT_ID or audience == [settings.OIDC_CLIENT_ID]
    expires = claims.get("exp")
    is_current = isinstance(expires, (int, float)) and expires > time.time() - CLOCKS_APART
    is_asked = constant_time_compare(str(claims.get("nonce", "")), nonce)
    if not (claims.get("iss") == settings.OIDC_ISSUER and is_for_us and is_current and is_asked):
        raise OidcRefused
