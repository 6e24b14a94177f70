"""An employer's deadlines, counted in Chinese days, and the same days as a calendar file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from law.counting import deadline
from portal.queries.years import EmployerYear
from quota.models import Employer

# The file is written here: the package icalendar is 0.9 MB in 90 modules and 11 MB of memory for these twenty lines.
FOLDED_AT = 74  # octets: RFC 5545 allows 75, and a continued line begins with a blank


@dataclass(frozen=True, slots=True)
class Deadline:
    """A last day. `is_met`: nothing is left to do; `days_left` is negative after the day."""

    name: str
    day: date
    label: str
    note: str
    days_left: int
    is_met: bool


def deadlines(levy_year: int, year: EmployerYear, today: date) -> list[Deadline]:
    """The days of one levy year, earliest first; only days that a text or the notice itself sets."""
    filing = deadline(levy_year, year.counting)
    found = [
        Deadline(
            "filing",
            filing,
            _("申报截止"),
            _("逾期申报的，视为未安排残疾人就业（财税〔2015〕72号第十二条）"),
            (filing - today).days,
            year.filed is not None and not year.filed.is_late,
        )
    ]
    notice, payment = getattr(year.assessment, "notice", None), settings.DOCUMENTS["payment_days"]
    if notice and payment and year.assessment.payable:
        days, source = payment
        last = timezone.localdate(notice.issued_at) + timedelta(days=days)
        is_met = year.balance is not None and year.balance <= 0
        found.append(Deadline("payment", last, _("缴纳截止"), source, (last - today).days, is_met))
    return found


def calendar(employer: Employer, levy_year: int, days: Sequence[Deadline], now: datetime) -> bytes:
    """An iCalendar file (RFC 5545) with one whole-day event per deadline; a second import replaces the first."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//levy//employer dates//ZH"]
    for day in days:
        summary = _("%(year)s年度残疾人就业保障金%(label)s") % {"year": levy_year, "label": day.label}
        lines += [
            "BEGIN:VEVENT",
            f"UID:{day.name}-{levy_year}-{employer.uscc}@levy",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{day.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(summary)}",
            f"DESCRIPTION:{_text(employer.name)}\\n{_text(day.note)}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:-P7D",
            f"DESCRIPTION:{_text(summary)}",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _text(words: str) -> str:
    """A TEXT value, escaped so that no name can end the line or start another property."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(escaped.split())


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets that never split a character."""
    pieces, piece = [], b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > FOLDED_AT:
            pieces.append(piece)
            piece = b""
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
