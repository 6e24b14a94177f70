"""Numbers as formulas write them: 18,642,350.00 for yuan, 39.24 for person-months, 1.5% for shares."""

from decimal import Decimal

from law.arithmetic import EXACT, divided_half_up, in_fen

_UNKNOWN = "—"
_PERCENT = 100
_MOST_PLACES = 12


def yuan(amount: Decimal | None) -> str:
    """Money with thousands separators and at least two decimals."""
    if amount is None:
        return _UNKNOWN
    return f"{in_fen(amount):,f}"


def number(value: Decimal | int | None) -> str:
    """A quantity with thousands separators and no trailing zeros."""
    return _UNKNOWN if value is None else f"{_plain(Decimal(value)):,f}"


def percent(share: Decimal) -> str:
    """A share as a percentage, written in full."""
    return f"{_plain(EXACT.multiply(share, _PERCENT)):f}%"


def percent_of(part: Decimal | int, whole: Decimal | int, thresholds: tuple[Decimal, ...]) -> str:
    """A ratio as a percentage with two decimals, or more where two would put it on the wrong side of a threshold."""
    places = 2
    while True:
        shown = divided_half_up(EXACT.multiply(part, _PERCENT), whole, Decimal(1).scaleb(-places))
        if places >= _MOST_PLACES or all(
            _side(shown, _PERCENT, mark) == _side(part, whole, mark) for mark in thresholds
        ):
            return f"{shown:f}%"
        places += 2


def _side(part: Decimal | int, whole: Decimal | int, mark: Decimal) -> bool:
    return part >= EXACT.multiply(whole, mark)


def _plain(value: Decimal) -> Decimal:
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize(EXACT)
