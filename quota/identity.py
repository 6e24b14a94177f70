"""Identity numbers at rest: encrypted to be read back, hashed with a key to be found again.

AES-256-GCM with a random nonce; the first byte names the key, so that keys can be rotated. The look-up key is the
first 16 bytes of HMAC-SHA256, stored as a uuid: equal numbers meet, nobody without the key can try numbers out.
"""

import base64
import hashlib
import hmac
import os
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
PURPOSE = b"levy identity number"  # bound into every ciphertext: a value moved to another use does not decrypt


@cache
def _ciphers() -> dict[int, AESGCM]:
    """Key number to cipher. Numbers count from the oldest key, so that adding a key renumbers nothing."""
    keys = [base64.b64decode(key) for key in settings.IDENTITY_KEYS]
    return {number: AESGCM(key) for number, key in enumerate(reversed(keys))}


@cache
def _hash_key() -> bytes:
    return base64.b64decode(settings.IDENTITY_HASH_KEY)


def encrypt(number: str) -> bytes:
    """The number as stored, under the newest key."""
    newest = max(_ciphers())
    nonce = os.urandom(NONCE_BYTES)
    return bytes([newest]) + nonce + _ciphers()[newest].encrypt(nonce, number.encode(), PURPOSE)


def decrypt(stored: bytes) -> str:
    """The number again. Raises cryptography's InvalidTag on a changed value, KeyError on a lost key."""
    stored = bytes(stored)
    nonce, sealed = stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :]
    return _ciphers()[stored[0]].decrypt(nonce, sealed, PURPOSE).decode()


def look_up_key(number: str) -> UUID:
    """The key under which a number is found. The number must already be in its checked form (identifiers.py)."""
    return UUID(bytes=hmac.digest(_hash_key(), number.encode(), hashlib.sha256)[:16])
