"""A region's rewards of a levy year, paid from the fund that the levy of that year fills."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from accounts.models import Region
from subsidies.models import Award, AwardState

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Rewards:
    """Numbers of awards and their yuan, by state. `decided` are the approved ones, including those already `paid`."""

    proposed_count: int
    proposed: Decimal
    decided_count: int
    decided: Decimal
    paid_count: int
    paid: Decimal

    @property
    def unpaid(self) -> Decimal:
        """Yuan decided and not paid yet."""
        return self.decided - self.paid


def rewards_of(levy_year: int, region: Region) -> Rewards:
    """Rewards of employers of the region and below; one query."""
    awards = Award.objects.filter(levy_year=levy_year).in_region(region.code).order_by()
    rows = awards.values("state").annotate(count=Count("pk"), yuan=Sum("amount"))
    found = {row["state"]: (row["count"], row["yuan"]) for row in rows}
    proposed, approved, paid = (
        found.get(state, (0, ZERO)) for state in (AwardState.PROPOSED, AwardState.APPROVED, AwardState.PAID)
    )
    return Rewards(*proposed, approved[0] + paid[0], approved[1] + paid[1], *paid)
