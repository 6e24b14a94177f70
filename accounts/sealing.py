"""Secrets at rest: AES-256-GCM with a random nonce. The first byte names the key, so keys can be rotated."""

import base64
import os
from functools import cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


@cache
def _ciphers() -> dict[int, AESGCM]:
    """Key number to cipher. Numbers count from the oldest key, so that adding a key renumbers nothing.

    A key that was struck out leaves its place empty, for the same reason.
    """
    keys = [base64.b64decode(key) for key in settings.IDENTITY_KEYS]
    return {number: AESGCM(key) for number, key in enumerate(reversed(keys)) if key}


def newest_key() -> int:
    """The number of the key that seals: the first byte of everything sealed from now on, larger than all before."""
    return max(_ciphers())


def seal_bytes(content: bytes, purpose: bytes) -> bytes:
    """The content as stored, under the newest key; `purpose` is bound in, so moved to another use it does not open."""
    newest = newest_key()
    nonce = os.urandom(NONCE_BYTES)
    return bytes([newest]) + nonce + _ciphers()[newest].encrypt(nonce, content, purpose)


def unseal_bytes(stored: bytes, purpose: bytes) -> bytes:
    """The content again. Raises cryptography's InvalidTag on a changed value or purpose, KeyError on a lost key."""
    stored = bytes(stored)
    nonce, sealed = stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :]
    return _ciphers()[stored[0]].decrypt(nonce, sealed, purpose)


def renew(stored: bytes, purpose: bytes) -> bytes:
    """The same content under the newest key; as it is if that seals it already. Fails like `unseal_bytes`."""
    stored = bytes(stored)
    return stored if stored[0] == newest_key() else seal_bytes(unseal_bytes(stored, purpose), purpose)


def seal(text: str, purpose: bytes) -> bytes:
    """A text, sealed."""
    return seal_bytes(text.encode(), purpose)


def unseal(stored: bytes, purpose: bytes) -> str:
    """A sealed text again; fails like `unseal_bytes`."""
    return unseal_bytes(stored, purpose).decode()
