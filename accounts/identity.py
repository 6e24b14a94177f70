"""Stored identity numbers: encrypted for reading, and hashed with a key for finding.

The look-up key is the first 16 bytes of HMAC-SHA256, stored as a uuid: equal numbers have equal keys, and without the
secret key no one can test guessed numbers.
"""

import base64
import hashlib
import hmac
from functools import cache
from uuid import UUID

from django.conf import settings

from accounts.sealing import seal, unseal

PURPOSE = b"levy identity number"  # bound into every ciphertext, so a value moved to another use does not decrypt


@cache
def _hash_key() -> bytes:
    return base64.b64decode(settings.IDENTITY_HASH_KEY)


def encrypt(number: str) -> bytes:
    """The number encrypted under the newest key."""
    return seal(number, PURPOSE)


def decrypt(stored: bytes) -> str:
    """The number in clear. Raises cryptography's InvalidTag on a changed value, KeyError on a lost key."""
    return unseal(stored, PURPOSE)


def look_up_key(number: str) -> UUID:
    """The key that finds a number. The number must already be in its checked form (identifiers.py)."""
    return UUID(bytes=hmac.digest(_hash_key(), number.encode(), hashlib.sha256)[:16])
