"""A deployment's own words on documents: the signing office, and the reader's periods.

Each period is (number, source). A period without number or source is not printed: a notice promises nothing that no
text gives. The periods of review and suit are those of the two statutes; a deployment adds its own.
"""

import os

PUBLIC_URL = os.environ.get("LEVY_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")  # where QR codes lead


def _period(name: str, number: str = "", source: str = "") -> tuple[int, str] | None:
    """LEVY_<NAME> and LEVY_<NAME>_SOURCE, such as 30 and a document number."""
    number = os.environ.get(f"LEVY_{name}") or number
    source = os.environ.get(f"LEVY_{name}_SOURCE") or source
    return (int(number), source) if number and source else None


DOCUMENTS = {
    # {region} stands for the region's full name. Without an issuer a document is signed with the region alone.
    "issuer": os.environ.get("LEVY_ISSUER", ""),  # of 征收核定通知书
    "certificate_issuer": os.environ.get("LEVY_CERTIFICATE_ISSUER", ""),  # of 审核认定书
    "payment_days": _period("PAYMENT_DAYS"),
    "objection_days": _period("OBJECTION_DAYS"),
    "review_days": _period("REVIEW_DAYS", "60", "《行政复议法》第二十条"),
    "suit_months": _period("SUIT_MONTHS", "6", "《行政诉讼法》第四十六条"),
}
