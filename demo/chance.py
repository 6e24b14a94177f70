"""Chance that comes out the same everywhere: whole numbers from one seeded generator, no floats, no clock."""

from bisect import bisect_right
from collections.abc import Sequence
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

CELLS = 14  # bits: how finely a distribution is cut


class Spread:
    """Whole numbers distributed as a table of (parts in 16,384, value) says, straight lines in between."""

    def __init__(self, *points: tuple[int, int]) -> None:
        shares = [share for share, _value in points]
        self._values = []
        for cell in range(1 << CELLS):
            left = min(bisect_right(shares, cell), len(points) - 1) - 1
            (share, value), (next_share, next_value) = points[left], points[left + 1]
            self._values.append(value + (next_value - value) * (cell - share) // (next_share - share))

    def draw(self, rng: Random) -> int:
        return self._values[rng.getrandbits(CELLS)]


class Weighted(Generic[T]):
    """One of several things, each as often as its weight says. `stride` is odd: the step of `turn` in 16,384ths."""

    def __init__(self, things: Sequence[tuple[int, T]], stride: int = 10_127) -> None:
        self._stride = stride
        total = sum(weight for weight, _thing in things)
        self._cells: list[T] = []
        upto = 0
        for weight, thing in things:
            upto += weight
            self._cells += [thing] * ((upto << CELLS) // total - len(self._cells))

    def draw(self, rng: Random) -> T:
        return self._cells[rng.getrandbits(CELLS)]

    def turn(self, number: int) -> T:
        """In turn instead of by chance: among any few consecutive numbers every thing has about its share."""
        return self._cells[number * self._stride % len(self._cells)]


def pick(rng: Random, things: Sequence[T]) -> T:
    """One of them, all equally often."""
    return things[(rng.getrandbits(24) * len(things)) >> 24]


def below(rng: Random, bound: int) -> int:
    """A whole number from 0 to bound - 1."""
    return (rng.getrandbits(32) * bound) >> 32


def happens(rng: Random, per_mille: int) -> bool:
    return rng.getrandbits(24) * 1000 < per_mille << 24
