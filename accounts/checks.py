"""System checks of settings that must be right where the data are real."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security, deploy=True)
def officers_need_a_second_factor(**_options: Any) -> list[Error]:
    if settings.SECOND_FACTOR_REQUIRED:
        return []
    return [
        Error(
            "Officers may sign in without a second factor.",
            hint="Remove LEVY_SECOND_FACTOR=off from the environment; it is for the demo province.",
            id="accounts.E001",
        )
    ]


@register(Tags.security, deploy=True)
def the_other_way_in_is_encrypted(**_options: Any) -> list[Error]:
    """Require TLS to the OIDC service; accounts.sign_in.oidc asks no other."""
    if not settings.OIDC_ISSUER or settings.OIDC_ISSUER.startswith("https://"):
        return []
    return [Error("LEVY_OIDC_ISSUER does not begin with https://.", id="accounts.E003")]


@register(Tags.security)
def password_rules_are_known(**_options: Any) -> list[Error]:
    if settings.PASSWORD_RULES in {"asvs", "mlps"}:
        return []
    return [Error("LEVY_PASSWORD_RULES is neither asvs nor mlps.", id="accounts.E002")]
