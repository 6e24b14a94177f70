"""A browser that somebody has signed in from: it only decides what tries are counted against, and lets nobody in."""

import secrets

from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "known_device"
SALT = "accounts.devices"
LASTS = 180 * 24 * 3600


def known_device(request: HttpRequest, username: str) -> str:
    """The device's name if this person has signed in from it, else ""."""
    try:
        device, holder = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        return ""
    return device if holder == username else ""


def remember_device(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Leave a signed cookie after a complete sign-in."""
    value = signing.dumps([known_device(request, username) or secrets.token_hex(16), username], salt=SALT)
    response.set_cookie(COOKIE, value, max_age=LASTS, httponly=True, samesite="Lax", secure=request.is_secure())
