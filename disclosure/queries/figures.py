"""Totals of published regions: sums of the stored figures, so every level adds up."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal

from accounts.models import region_prefix
from disclosure.models import PublishedFigure, PublishedRegion

MONTHS = 12


@dataclass(slots=True)
class PublishedTotals:
    """Counts of employers, person-months and yuan of a group of employers, unrounded."""

    unit_count: int = 0
    verified_count: int = 0
    met_count: int = 0
    below_count: int = 0
    exempt_count: int = 0
    missing_count: int = 0
    withheld_count: int = 0
    staff_months: int = 0
    required_months: Decimal = Decimal(0)
    credited_months: int = 0
    shortfall_months: Decimal = Decimal(0)
    payer_count: int = 0
    payable_total: Decimal = Decimal("0.00")
    paid_total: Decimal = Decimal("0.00")

    def add(self, figure: PublishedFigure) -> None:
        for name in FIELDS:
            setattr(self, name, getattr(self, name) + getattr(figure, name))

    @property
    def ratio(self) -> Decimal | None:
        """Credited person-months ÷ staff person-months; None without staff."""
        return Decimal(self.credited_months) / self.staff_months if self.staff_months else None


FIELDS = tuple(field.name for field in fields(PublishedTotals))


def total(figures: Iterable[PublishedFigure]) -> PublishedTotals:
    """The sum of all of them."""
    result = PublishedTotals()
    for figure in figures:
        result.add(figure)
    return result


def covers(region: PublishedRegion, code: str) -> bool:
    """True if employers registered at `code` belong to this line of the table."""
    return code == region.code if region.is_own else code.startswith(region_prefix(region.code))


def heads(months: Decimal | int | None) -> Decimal | None:
    """人: person-months ÷ 12 with two decimals, rounded half up, as the publication table requires (annual
    averages)."""
    if months is None:
        return None
    return (Decimal(months) / MONTHS).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
