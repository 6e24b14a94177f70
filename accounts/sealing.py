"""Stored secrets: AES-256-GCM with a random nonce. The first byte names the key, so keys can be rotated."""

import base64
import os
from functools import cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


@cache
def _ciphers() -> dict[int, AESGCM]:
    """Key number to cipher. Numbers count from the oldest key, so a new key renumbers nothing.

    A retired key leaves its place empty, for the same reason.
    """
    keys = [base64.b64decode(key) for key in settings.IDENTITY_KEYS]
    return {number: AESGCM(key) for number, key in enumerate(reversed(keys)) if key}


def newest_key() -> int:
    """The number of the key for new secrets: their first byte, larger than all before."""
    return max(_ciphers())


def seal_bytes(content: bytes, purpose: bytes) -> bytes:
    """The content encrypted under the newest key. `purpose` is bound in, so the content does not open for another
    use."""
    newest = newest_key()
    nonce = os.urandom(NONCE_BYTES)
    return bytes([newest]) + nonce + _ciphers()[newest].encrypt(nonce, content, purpose)


def unseal_bytes(stored: bytes, purpose: bytes) -> bytes:
    """The content in clear. Raises cryptography's InvalidTag on a changed value or purpose, KeyError on a lost key."""
    stored = bytes(stored)
    nonce, sealed = stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :]
    return _ciphers()[stored[0]].decrypt(nonce, sealed, purpose)


def renew(stored: bytes, purpose: bytes) -> bytes:
    """The same content under the newest key; unchanged if that key sealed it. Raises the errors of `unseal_bytes`."""
    stored = bytes(stored)
    return stored if stored[0] == newest_key() else seal_bytes(unseal_bytes(stored, purpose), purpose)


def seal(text: str, purpose: bytes) -> bytes:
    """Encrypt a text."""
    return seal_bytes(text.encode(), purpose)


def unseal(stored: bytes, purpose: bytes) -> str:
    """Decrypt a text. Raises the errors of `unseal_bytes`."""
    return unseal_bytes(stored, purpose).decode()
