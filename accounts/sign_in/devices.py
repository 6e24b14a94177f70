"""A browser that somebody has signed in from: it lets nobody in, and only decides what tries are
counted against and to whom a half-written form belongs."""

import secrets

from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "known_device"
SALT = "accounts.sign_in.devices"
LASTS = 180 * 24 * 3600


def known_device(request: HttpRequest, username: str) -> str:
    """The device's name if this person has signed in from it, else ""."""
    device, holder = _remembered(request)
    return device if holder == username else ""


def last_holder(request: HttpRequest) -> str:
    """The sign-in name of whoever signed in from this browser last, "" if nobody did."""
    return _remembered(request)[1]


def _remembered(request: HttpRequest) -> tuple[str, str]:
    try:
        device, holder = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        return "", ""
    return device, holder


def remember_device(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Leave a signed cookie after a complete sign-in."""
    value = signing.dumps([known_device(request, username) or secrets.token_hex(16), username], salt=SALT)
    response.set_cookie(COOKIE, value, max_age=LASTS, httponly=True, samesite="Lax", secure=request.is_secure())
