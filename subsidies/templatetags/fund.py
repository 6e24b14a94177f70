"""Rewards on pages of the levy: code of the levy knows no subsidies, its templates may show what stands above."""

from typing import Any

from django import template

from accounts.models import Region, User
from accounts.permissions import Permission
from subsidies.queries.fund import rewards_of

register = template.Library()


@register.inclusion_tag("subsidies/_fund.html")
def fund_rewards(levy_year: int, region: Region, reader: User) -> dict[str, Any]:
    """The year's rewards beside its collection, for whoever decides about rewards there; nothing for others."""
    may_see = reader.can(Permission.DECIDE_AWARD, region.code)
    return {"rewards": rewards_of(levy_year, region) if may_see else None, "levy_year": levy_year}
