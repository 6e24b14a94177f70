"""Identity numbers at rest: encrypted to be read back, hashed with a key to be found again.

The look-up key is the first 16 bytes of HMAC-SHA256, stored as a uuid: equal numbers meet, nobody without the key can
try numbers out.
"""

import base64
import hashlib
import hmac
from functools import cache
from uuid import UUID

from django.conf import settings

from accounts.sealing import seal, unseal

PURPOSE = b"levy identity number"  # bound into every ciphertext: a value moved to another use does not decrypt


@cache
def _hash_key() -> bytes:
    return base64.b64decode(settings.IDENTITY_HASH_KEY)


def encrypt(number: str) -> bytes:
    """The number as stored, under the newest key."""
    return seal(number, PURPOSE)


def decrypt(stored: bytes) -> str:
    """The number again. Raises cryptography's InvalidTag on a changed value, KeyError on a lost key."""
    return unseal(stored, PURPOSE)


def look_up_key(number: str) -> UUID:
    """The key under which a number is found. The number must already be in its checked form (identifiers.py)."""
    return UUID(bytes=hmac.digest(_hash_key(), number.encode(), hashlib.sha256)[:16])
