"""The year's rewards beside its collection, for whoever decides about rewards there; nothing for others."""

from accounts.models import Region, User
from accounts.permissions import Permission
from levy.beside import Beside, part
from subsidies.fund import rewards_of


@part
def fund_rewards(levy_year: int, region: Region, reader: User) -> Beside | None:
    if not reader.can(Permission.DECIDE_AWARD, region.code):
        return None
    return Beside("subsidies/_fund.html", rewards_of(levy_year, region))
