"""What waits for a person, told by every app in its own module `waiting`, and shown on the first page.

A source is a function from the person to lines; `@source` registers it, and accounts.apps finds the modules. So the
apps above say what waits in them, and this layer needs to know none of them. A source asks the database only where
the person holds a right of its own, once or twice, whatever the number of rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many things for this person to do, and where."""

    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Latest:
    """The last thing of its kind in the person's regions."""

    label: str
    text: str
    url: str


Source = Callable[[User], Iterable[Waiting | Latest]]
SOURCES: list[Source] = []


def source(function: Source) -> Source:
    """Register a function that says what waits."""
    SOURCES.append(function)
    return function


def all_lines(user: User) -> list[Waiting | Latest]:
    """Every line for the person in the order of the apps, without those that nothing waits for."""
    lines = [line for ask in SOURCES for line in ask(user)]
    return [line for line in lines if isinstance(line, Latest) or line.count]
