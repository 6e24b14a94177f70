"""An independent computation of rewards in fractions, without code of law.support.rewards."""

from fractions import Fraction
from math import floor


def reward_in_fen(
    *,
    staff_months: int,
    months: int,
    ratio: Fraction,
    only_whole: bool,
    least_heads: Fraction,
    yuan_per_head: Fraction,
    cap: Fraction | None,
) -> int:
    """The reward in fen, rounded half up; `months` are the months that the formula counts."""
    heads_over = Fraction(months, 12) - Fraction(staff_months, 12) * ratio
    if heads_over <= 0 or heads_over < least_heads:
        return 0
    paid_heads = Fraction(floor(heads_over)) if only_whole else heads_over
    fen = floor(paid_heads * yuan_per_head * 100 + Fraction(1, 2))
    return fen if cap is None else min(fen, int(cap * 100))
