"""What waits for a person, told by every app in its own module `waiting`, and shown on the first page.

A source is a function from the person to lines; `@source` registers it, and accounts.apps finds the modules. So the
apps above say what waits in them, and this layer needs to know none of them. A source asks the database only where
the person holds a right of its own, once or twice, whatever the number of rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import AccessChange, User
from accounts.permissions import Permission
from accounts.scoping import changes_in_reach


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


@source
def access_changes(user: User) -> Iterable[Waiting]:
    """Changes of access that somebody else has proposed."""
    if user.may_somewhere(Permission.MANAGE_PEOPLE):
        proposed = changes_in_reach(user).filter(state=AccessChange.State.PROPOSED)
        others = proposed.exclude(proposed_by=user).exclude(person=user)
        count = others.order_by().aggregate(count=Count("pk"))["count"]
        yield Waiting(_("权限变更待批准"), count, reverse("accounts:change_list"))
