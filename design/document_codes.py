"""Verification codes of documents: on the paper, in its QR code, and typed by whoever holds it."""

import secrets
import unicodedata
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

# No two signs that look or sound alike: no 0 O, 1 I L, 2 Z, 5 S, B, U.
ALPHABET = "346789ACDEFGHJKMNPQRTVWXY"
LENGTH = 16  # 74 bits: nobody guesses one
GROUP = 4


def new_code() -> str:
    """A code that nobody can predict."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def derived_code(digest: bytes) -> str:
    """The code that 16 bytes or more, which nobody can predict, always give."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])


def grouped(code: str) -> str:
    """As it is printed and read aloud: K7Q4 93MX 3HTD RWKA."""
    return " ".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def tidied(text: str) -> str:
    """A typed code as it is stored: half-width capitals without blanks and hyphens."""
    return "".join(unicodedata.normalize("NFKC", text).upper().replace("-", " ").split())


def check_address(code: str, number: str = "") -> str:
    """The public page that tells whether the paper is genuine."""
    query = {"number": number, "code": code} if number else {"code": code}
    return f"{settings.PUBLIC_URL}{reverse('disclosure:document_check')}?{urlencode(query)}"
