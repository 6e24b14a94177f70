"""The only places where the levy rounds, and the contexts that keep everything else exact.

Products, sums and differences run in EXACT, which raises rather than lose a digit. A quotient is rounded once, half
up: it is first taken to 50 digits under ROUND_05UP, which keeps the second rounding from seeing a tie that is none.
"""

from decimal import ROUND_05UP, ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

_DIGITS = 50
_FAULTS = [InvalidOperation, DivisionByZero, Overflow]

EXACT = Context(prec=_DIGITS, traps=[*_FAULTS, Inexact])
_QUOTIENT = Context(prec=_DIGITS, rounding=ROUND_05UP, traps=_FAULTS)
_HALF_UP = Context(prec=_DIGITS, rounding=ROUND_HALF_UP, traps=_FAULTS)

FEN = Decimal("0.01")


def half_up(value: Decimal, unit: Decimal = FEN) -> Decimal:
    """Round half up to a unit, by default the fen."""
    return value.quantize(unit, context=_HALF_UP)


def in_fen(amount: Decimal) -> Decimal:
    """The same amount with two decimals, or as it is if it has parts of a fen. Never rounds."""
    rounded = half_up(amount)
    return rounded if rounded == amount else amount


def divided_half_up(dividend: Decimal | int, divisor: Decimal | int, unit: Decimal = FEN) -> Decimal:
    """The quotient rounded half up to a unit, by default the fen, exactly as if it had been taken in full."""
    return _QUOTIENT.divide(dividend, divisor).quantize(unit, context=_HALF_UP)
