"""The last day of a period, counted as 民法典第二百零一条 to 民法典第二百零三条 and 民事诉讼法第八十五条 count it.

The day on which a period begins is not counted. A period of months or years ends on the corresponding day, or on the
last day of a month that has none. A last day of rest moves to the next working day. A period of working days counts
working days only. Which days are worked is data (`law.holidays`): a result says when it still waits for a notice.

A date that a text names, such as 31 October, is not a period: nothing here moves it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

from law.holidays import WorkingCalendar
from law.words import Words as _

_MONTHS_OF_A_YEAR = 12
_ONE_DAY = timedelta(days=1)
_CHINA = timezone(timedelta(hours=8))


class ArrangementUnpublished(LookupError):
    """A last day was asked for that a notice on holidays, not yet published, may still move."""


class PeriodUnit(StrEnum):
    """The unit of a period. Hours (民法典第二百条) occur in none of our texts."""

    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"
    YEAR = "year"

    @property
    def label(self) -> str:
        """The word of the texts."""
        return _UNIT_LABELS[self]


_UNIT_LABELS = {
    PeriodUnit.DAY: _("日"),
    PeriodUnit.WORKING_DAY: _("个工作日"),
    PeriodUnit.MONTH: _("个月"),
    PeriodUnit.YEAR: _("年"),
}


@dataclass(frozen=True, slots=True)
class LegalPeriod:
    """So many units from an event on, with the text that says so. Raises ValueError for a length below 1."""

    length: int
    unit: PeriodUnit
    citation: str

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError(_("期间至少为1，不能是%(length)s。", length=self.length))


@dataclass(frozen=True, slots=True)
class LastDay:
    """Until when a period runs, and why.

    `counted_to` is the last day as counted, `day` the same or, after days of rest, the next working day. `unpublished`
    are the years whose holidays are not arranged yet: for these only weekends were taken for rest, and `day` may move.
    """

    starts: date
    period: LegalPeriod
    counted_to: date
    day: date
    unpublished: tuple[int, ...]

    @property
    def is_settled(self) -> bool:
        """True if notices arrange all days that the result rests on. A later one may still change them, as in 2020."""
        return not self.unpublished

    def settled(self) -> date:
        """The day, for what cannot be taken back, such as a notice served. Raises ArrangementUnpublished."""
        if self.unpublished:
            raise ArrangementUnpublished(self._waits())
        return self.day

    def steps(self) -> tuple[str, ...]:
        """The way to the day: one sentence for each rule that mattered, in the order of the rules."""
        figures = {"starts": self.starts.isoformat(), "length": self.period.length, "unit": self.period.unit.label}
        figures["last"] = self.counted_to.isoformat()
        counted = _("自%(starts)s起%(length)s%(unit)s，当日不计入，至%(last)s届满。", **figures)
        moved = _("届满日是休假日，顺延至%(day)s。", day=self.day.isoformat())
        return (counted, *[moved] * (self.day != self.counted_to), *[self._waits()] * bool(self.unpublished))

    def _waits(self) -> str:
        years = "、".join(str(year) for year in self.unpublished)
        return _(
            "%(years)s年的放假安排尚未公布，暂只按周六、周日推算为%(day)s，公布后须重新计算。",
            years=years,
            day=self.day.isoformat(),
        )


def last_day(period: LegalPeriod, starts: date, calendar: WorkingCalendar) -> LastDay:
    """The last day of a period that an event on `starts` sets going."""
    if period.unit is PeriodUnit.WORKING_DAY:
        seen = _working_days(starts, period.length, calendar)
        counted_to = seen[-1]
    else:
        counted_to = _counted_to(period, starts)
        seen = _until_worked(counted_to, calendar)
    unpublished = {year for day in seen for year in calendar.unpublished(day)}
    return LastDay(starts, period, counted_to, seen[-1], tuple(sorted(unpublished)))


def is_in_time(acted_at: datetime, last: date, closes_at: time | None = None) -> bool:
    """True if an act came in time: by 24:00 of the last day or, at a counter, by its close of business.

    民法典第二百零三条. The moment is read in Chinese time; one without a time zone raises ValueError.
    """
    if acted_at.tzinfo is None:
        raise ValueError(_("时间缺少时区。"))
    local = acted_at.astimezone(_CHINA)
    if closes_at is not None and local.date() == last:
        return local.time() <= closes_at
    return local.date() <= last


def _counted_to(period: LegalPeriod, starts: date) -> date:
    """The last day before any day of rest moves it (民法典第二百零一条, 民法典第二百零二条)."""
    if period.unit is PeriodUnit.DAY:
        return starts + timedelta(days=period.length)
    months = period.length * (_MONTHS_OF_A_YEAR if period.unit is PeriodUnit.YEAR else 1)
    year, month = divmod(starts.year * _MONTHS_OF_A_YEAR + starts.month - 1 + months, _MONTHS_OF_A_YEAR)
    return date(year, month + 1, min(starts.day, monthrange(year, month + 1)[1]))


def _until_worked(day: date, calendar: WorkingCalendar) -> list[date]:
    """The day and, while it is one of rest, the days after it up to the first that is worked (民法典第二百零三条)."""
    days = [day]
    while not calendar.is_working_day(days[-1]):
        days.append(days[-1] + _ONE_DAY)
    return days


def _working_days(starts: date, length: int, calendar: WorkingCalendar) -> list[date]:
    """All days after the start up to the last of so many working days, those of rest among them."""
    days: list[date] = []
    while length:
        days.append((days[-1] if days else starts) + _ONE_DAY)
        length -= calendar.is_working_day(days[-1])
    return days
