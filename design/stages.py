"""The stages of components/stages.html: what is done, under way and to come, each with its note."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import localdate

from design.templatetags.formats import cn_date


@dataclass(frozen=True, slots=True)
class Stage:
    label: str
    state: str
    note: str


def in_order(labels: list[str], done: list[bool], notes: list[str]) -> list[Stage]:
    """The first stage that is not done is the one under way."""
    current = done.index(False) if False in done else None
    states = ["now" if place == current else "done" if is_done else "todo" for place, is_done in enumerate(done)]
    return [Stage(*row) for row in zip(labels, states, notes, strict=True)]


def noted_at(moment: datetime | None) -> str:
    return noted_on(localdate(moment) if moment else None)


def noted_on(day: date | None) -> str:
    return cn_date(day) if day else ""
