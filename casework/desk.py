"""The desk (工作台): the apps' to-do lines, the menu, and panels that one app shows on another app's page.

Each app registers its part in its own module `desk`; CaseworkConfig imports them all. So a lower app names no page of
an upper one. A source queries the database only if the person has one of its rights, and as often for many rows as
for few.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission


@dataclass(frozen=True, slots=True)
class Due:
    """The nearest last day of a line, and the text or the setting that sets it."""

    day: date
    source: str


@dataclass(frozen=True, slots=True)
class Money:
    """The total of a line in yuan, and the name of this amount."""

    yuan: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A number of tasks for this person, and the page that shows them. `since`: the oldest began to wait."""

    label: str
    count: int
    url: str
    since: date | datetime | None = None
    due: Due | None = None
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class Latest:
    """The last thing of its kind in the person's regions."""

    label: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page in the menu, by its URL name, for people with one of the rights in some region; without rights for all.

    `order` sorts the entries of all apps. The label is lazy.
    """

    order: int
    page: str
    label: Any
    rights: tuple[Permission, ...] = ()

    @property
    def url(self) -> str:
        """Raises NoReverseMatch for a page that does not exist."""
        return reverse(self.page)


@dataclass(frozen=True, slots=True)
class Place:
    """A page that shows panels of upper apps."""

    name: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A template and its context."""

    template: str
    context: dict[str, Any]


Source = Callable[[User], Iterable[Waiting | Latest]]
Teller = Callable[..., dict[str, Any] | None]

SOURCES: list[Source] = []
OFFICE_MENU: list[MenuEntry] = []
PUBLIC_MENU: list[MenuEntry] = []
PANELS: dict[Place, list[tuple[str, Teller]]] = defaultdict(list)


def source(function: Source) -> Source:
    """Register a function that gives the desk's lines for a person."""
    SOURCES.append(function)
    return function


def menu(*entries: MenuEntry) -> None:
    """Register menu entries for people who are signed in."""
    OFFICE_MENU.extend(entries)


def public_menu(*entries: MenuEntry) -> None:
    """Register menu entries for everybody else."""
    PUBLIC_MENU.extend(entries)


def beside(place: Place, template: str) -> Callable[[Teller], Teller]:
    """Register a panel: a function of the reader and the page's arguments, which returns the template's context.

    With None no panel appears.
    """

    def register(function: Teller) -> Teller:
        PANELS[place].append((template, function))
        return function

    return register


def all_lines(user: User) -> list[Waiting | Latest]:
    """Every line for the person in the order of the apps, without empty ones."""
    lines = [line for ask in SOURCES for line in ask(user)]
    return [line for line in lines if isinstance(line, Latest) or line.count]


def menu_for(user: User | None) -> list[MenuEntry]:
    """The menu entries that the person may open, in order; the public menu for None."""
    entries = PUBLIC_MENU if user is None else [entry for entry in OFFICE_MENU if _may_open(user, entry)]
    return sorted(entries, key=lambda entry: entry.order)


def _may_open(user: User, entry: MenuEntry) -> bool:
    return not entry.rights or any(user.may_somewhere(right) for right in entry.rights)


def panels(place: Place, reader: User, **named: Any) -> list[Panel]:
    """The panels that this reader sees on a page. `named` is the subject of the page, such as a year and a region."""
    told = ((template, tell(reader, **named)) for template, tell in PANELS[place])
    return [Panel(template, context) for template, context in told if context is not None]


# The desk itself, and the one page of an office on a floor below.
menu(
    MenuEntry(0, "casework:desk", _("工作台")),
    MenuEntry(170, "accounts:audit_log", _("办理记录"), (Permission.VIEW_AUDIT,)),
)
