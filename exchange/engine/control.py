"""The totals of a file of signed amounts, to compare with those of another office."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """The number and the sum of the positive amounts, and the sum of the negative ones without its sign."""

    count: int = 0
    received: Decimal = ZERO
    refunded: Decimal = ZERO

    @classmethod
    def of(cls, amounts: Iterable[Decimal]) -> "ControlTotals":
        found = list(amounts)
        positive = [amount for amount in found if amount > 0]
        return cls(len(positive), sum(positive, ZERO), -sum((amount for amount in found if amount < 0), ZERO))

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "ControlTotals":
        """The totals of `stored`; zero for an empty mapping."""
        texts = {"count": 0, "received": ZERO, "refunded": ZERO} | dict(stored)
        return cls(int(str(texts["count"])), Decimal(str(texts["received"])), Decimal(str(texts["refunded"])))

    @property
    def stored(self) -> dict[str, object]:
        """The totals as a file's row keeps them."""
        return {name: value if isinstance(value, int) else f"{value:.2f}" for name, value in asdict(self).items()}

    def __add__(self, other: "ControlTotals") -> "ControlTotals":
        return ControlTotals(self.count + other.count, self.received + other.received, self.refunded + other.refunded)
