"""The return of a year that an employer may edit, the one it must act on, and the ones that no check has reached."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection
from django.db.models import Q

from quota.enums import DECIDED, ReturnSource, ReturnState
from quota.models import HeadcountReturn
from quota.workflow import SUBMIT

EDITABLE = SUBMIT.sources
SWEPT_AT_ONCE = 200

# The transaction's time, so that the day agrees with the time stamp of the same step.
DAY_IN_CHINA = "SELECT (coalesce(%s, now()) AT TIME ZONE 'Asia/Shanghai')::date"


def day_in_china(moment: datetime | None = None) -> date:
    """The calendar day in China by the database's clock, now or at another time; the server's own clock and zone have
    no effect (promise A12)."""
    with connection.cursor() as cursor:
        cursor.execute(DAY_IN_CHINA, [moment])
        return cursor.fetchone()[0]


def to_write_in(of_year: Iterable[HeadcountReturn]) -> HeadcountReturn | None:
    """Of one employer's returns of a year the one to edit: the one sent back, which may keep its filing day, before
    a draft."""
    editable = [row for row in of_year if row.state in EDITABLE]
    return min(editable, key=lambda row: row.state == ReturnState.DRAFT, default=None)


def to_act_on(of_year: Iterable[HeadcountReturn]) -> HeadcountReturn | None:
    """Of one employer's returns of a year the one that needs action, otherwise the one in force. Once the year is
    decided no other return can be submitted."""
    rows = list(of_year)
    in_force = next((row for row in rows if row.is_in_force), None)
    if in_force and in_force.state in DECIDED:
        return in_force
    return to_write_in(rows) or in_force


def waiting_returns() -> list[int]:
    """Returns filed on the portal that no check has reached yet, the longest waiting first. Of loaded ones only those
    that changed after a check: the first check of a file is `verify`."""
    waiting = HeadcountReturn.objects.in_force().filter(
        Q(source=ReturnSource.PORTAL) | Q(checked_at__isnull=False), state=ReturnState.SUBMITTED
    )
    return list(waiting.order_by("submitted_at").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
