"""The first page after sign-in: the person's tasks, the most urgent first."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from casework.desk import Latest, Waiting, all_lines

SOON_DAYS = 7


class Urgency(TextChoices):
    """Groups of lines, the most urgent first."""

    OVERDUE = "overdue", gettext_lazy("已逾期")
    SOON = "soon", gettext_lazy("即将到期")
    REST = "rest", gettext_lazy("其他待办")

    @property
    def tone(self) -> str:
        return {"overdue": "bad", "soon": "warn", "rest": "plain"}[self.value]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the desk on one day."""

    line: Waiting
    today: date

    @property
    def since(self) -> date | None:
        """The day, in Chinese time, on which the oldest began to wait."""
        since = self.line.since
        return timezone.localdate(since) if isinstance(since, datetime) else since

    @property
    def waited(self) -> str:
        """The wait of the oldest in calendar days, in words; "" if unknown."""
        if self.since is None:
            return ""
        days = (self.today - self.since).days
        return _days(days) if days > 0 else _("当日")

    @property
    def due_day(self) -> date:
        """The nearest last day; for sorting, date.max if there is none."""
        return self.line.due.day if self.line.due else date.max

    @property
    def days_left(self) -> int | None:
        """Days to the nearest last day, negative once it has passed."""
        return (self.line.due.day - self.today).days if self.line.due else None

    @property
    def urgency(self) -> Urgency:
        if self.days_left is None or self.days_left > SOON_DAYS:
            return Urgency.REST
        return Urgency.OVERDUE if self.days_left < 0 else Urgency.SOON

    @property
    def due_words(self) -> str:
        """The days to the last day in words: 逾期2天, 今日到期, 还有2天."""
        left = self.days_left or 0
        if left == 0:
            return _("今日到期")
        return (_("逾期%(days)s") if left < 0 else _("还有%(days)s")) % {"days": _days(abs(left))}


def _days(count: int) -> str:
    return ngettext("%(count)s天", "%(count)s天", count) % {"count": count}


def by_urgency(lines: list[Waiting], today: date) -> list[tuple[Urgency, list[Row]]]:
    """The groups that have a line. Within a group the nearest last day comes first, then the longest wait."""
    rows = [Row(line, today) for line in lines]
    order = list(Urgency)
    rows.sort(key=lambda row: (order.index(row.urgency), row.due_day, row.since or date.max))
    return [(urgency, list(group)) for urgency, group in groupby(rows, key=lambda row: row.urgency)]


def _columns(waiting: list[Waiting]) -> list[str]:
    """The columns, besides label and count, that at least one line fills."""
    return [name for name in ("due", "since", "money") if any(getattr(line, name) for line in waiting)]


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    lines, today = all_lines(request.user), timezone.localdate()
    waiting = [line for line in lines if isinstance(line, Waiting)]
    groups = by_urgency(waiting, today)
    first = groups[0][1][0] if groups else None
    context = {
        "today": today,
        "appointments": request.user.current_appointments,
        "groups": groups,
        "columns": _columns(waiting),
        "urgent": first if first and first.urgency != Urgency.REST else None,
        "latest": [line for line in lines if isinstance(line, Latest)],
    }
    return render(request, "casework/desk.html", context)
