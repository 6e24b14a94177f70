"""Browsers from which people have signed in. A known browser lets nobody in; it decides only under what attempts are
counted and whose half-written form it keeps."""

import secrets

from cryptography.exceptions import InvalidTag
from django.core import signing
from django.http import HttpRequest, HttpResponse

from accounts.sealing import seal, unseal

COOKIE = "known_device"
SALT = "accounts.sign_in.devices"
PURPOSE = b"levy known device"
LASTS = 180 * 24 * 3600


def known_device(request: HttpRequest, username: str) -> str:
    """The device's name if this person has signed in from it, else ""."""
    device, holder = _remembered(request)
    return device if holder == username else ""


def device_of(request: HttpRequest) -> str:
    """The device's name, whoever signed in from it last, or ""."""
    return _remembered(request)[0]


def last_holder(request: HttpRequest) -> str:
    """The sign-in name of the last person who signed in from this browser, or ""."""
    return _remembered(request)[1]


def _remembered(request: HttpRequest) -> tuple[str, str]:
    try:
        device, sealed = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
        return device, unseal(bytes.fromhex(sealed), PURPOSE)
    except (signing.BadSignature, ValueError, InvalidTag, KeyError):  # a retired key or a changed cookie
        return "", ""


def remember_device(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Set a cookie after a complete sign-in. The browser keeps its name when the next person signs in."""
    value = device_cookie(device_of(request) or secrets.token_hex(16), username)
    response.set_cookie(COOKIE, value, max_age=LASTS, httponly=True, samesite="Lax", secure=request.is_secure())


def device_cookie(device: str, username: str) -> str:
    """The cookie's value: signed, and with a sealed name, because others use the machine too."""
    return signing.dumps([device, seal(username, PURPOSE).hex()], salt=SALT)
