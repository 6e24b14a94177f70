"""What stands beside a region's year of collection: the apps above show figures of their own there.

A part is a function of the year, the region and the reader; `@part` registers it, and levy.apps finds the modules
`beside`. So this app and its templates need to know none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import Region, User


@dataclass(frozen=True, slots=True)
class Beside:
    """A template and what it draws, as its argument `shown`."""

    template: str
    shown: object


Part = Callable[[int, Region, User], Beside | None]
PARTS: list[Part] = []


def part(function: Part) -> Part:
    """Register a function that gives what this reader may see, None where that is nothing."""
    PARTS.append(function)
    return function


def parts_for(levy_year: int, region: Region, reader: User) -> list[Beside]:
    found = [show(levy_year, region, reader) for show in PARTS]
    return [beside for beside in found if beside is not None]
