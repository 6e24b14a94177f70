"""Pinning the terms that a run computes with."""

import hashlib
import json
from collections.abc import Iterable

from django.db import transaction

from law.policy import policy_year
from levy.models import PolicyVersion
from levy.queries.policy import refuse_unusable, regional_terms


def pin_policy(levy_year: int, region_codes: Iterable[str]) -> PolicyVersion:
    """Freeze the terms of these regions as they are now; equal terms are stored once.

    Raises PolicyYearMissing for an unlisted year, ParametersMissing naming the regions without a ratio or wage.
    """
    content = {
        "national": policy_year(levy_year).version,
        "regions": {code: regional_terms(code, levy_year) for code in sorted(set(region_codes))},
    }
    refuse_unusable(content["regions"], levy_year)
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(f"{levy_year} {text}".encode()).hexdigest()
    with transaction.atomic():
        version, _ = PolicyVersion.objects.get_or_create(
            digest=digest, defaults={"levy_year": levy_year, "content": content}
        )
    return version
