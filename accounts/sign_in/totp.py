"""Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 seconds), as every authenticator app uses them."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = 1  # steps: a phone's clock may be half a minute off, and typing takes time
SECRET_BYTES = 20


def new_secret() -> str:
    """160 random bits in base32, for apps and people."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step (RFC 4226, section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step of a typed code, at most one step away from `now` in Unix seconds; None if there is none."""
    present = int(now) // STEP_SECONDS
    steps = range(present - TOLERANCE, present + TOLERANCE + 1)
    return next((step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code.encode())), None)


def enrolment_address(secret: str, *, account: str, issuer: str) -> str:
    """The text of the QR code for the app."""
    query = urlencode({"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS})
    return f"otpauth://totp/{quote(f'{issuer}:{account}')}?{query}"
