"""Stored identity numbers: encrypted for reading, and hashed with a key for finding.

The look-up key is the first 16 bytes of HMAC-SHA256, stored as a uuid: equal numbers have equal keys, and without the
secret key no one can test guessed numbers. While the secret key is being renewed, the one before it is listed too.
"""

import base64
import hashlib
import hmac
from functools import cache
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.sealing import seal, unseal

PURPOSE = b"levy identity number"  # bound into every ciphertext, so a value moved to another use does not decrypt
KEYS_IN_USE = 2


@cache
def _hash_keys() -> list[bytes]:
    if len(settings.IDENTITY_HASH_KEYS) > KEYS_IN_USE:
        raise ImproperlyConfigured("LEVY_IDENTITY_HASH_KEY lists the present key and at most one before it.")
    return [base64.b64decode(key) for key in settings.IDENTITY_HASH_KEYS]


def encrypt(number: str) -> bytes:
    """The number encrypted under the newest key."""
    return seal(number, PURPOSE)


def decrypt(stored: bytes) -> str:
    """The number in clear. Raises cryptography's InvalidTag on a changed value, KeyError on a lost key."""
    return unseal(stored, PURPOSE)


def look_up_key(number: str) -> UUID:
    """The key that finds a number. The number must already be in its checked form (identifiers.py)."""
    return _keyed(_hash_keys()[0], number)


def former_look_up_key(number: str) -> UUID | None:
    """The key under which the number may still be stored, while the secret key is being renewed; otherwise None."""
    return _keyed(_hash_keys()[1], number) if is_renewing() else None


def is_renewing() -> bool:
    """True while the secret key before the present one is listed too."""
    return len(_hash_keys()) == KEYS_IN_USE


def hash_key_name() -> str:
    """A name of the present secret key, to note what was made with it; it tells nothing about the key."""
    return _keyed(_hash_keys()[0], "name of this key").hex


def _keyed(secret: bytes, number: str) -> UUID:
    return UUID(bytes=hmac.digest(secret, number.encode(), hashlib.sha256)[:16])
