"""Tells the trail from which browser and address a request comes (audit.origin)."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.frame.addresses import client_address
from accounts.sign_in.devices import device_of
from audit.origin import BEHIND_REQUEST, Origin


def noted_origin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let every entry of the trail note the request's browser and address. Digests are made only for an entry."""

    def middleware(request: HttpRequest) -> HttpResponse:
        before = BEHIND_REQUEST.set(partial(origin_of, request))
        try:
            return get_response(request)
        finally:
            BEHIND_REQUEST.reset(before)

    return middleware


def origin_of(request: HttpRequest) -> Origin:
    """A browser is known by the cookie of its last sign-in, whoever signed in; without one by its own name."""
    named = {
        "browser": device_of(request) or request.headers.get("User-Agent", ""),
        "address": client_address(request),
    }
    return {part: _digest(part, value) for part, value in named.items() if value}


def _digest(part: str, value: str) -> str:
    return salted_hmac(f"audit.origin.{part}", value, algorithm="sha256").hexdigest()[:16]
