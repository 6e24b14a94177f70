"""Returns: by when, which one is in force, and what its staff numbers add up to."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from law.averaging import MONTHS
from law.counting.settings import CountingRules
from law.words import Words as _

# No text sets a period for completing a return that was sent back; this one is the project's choice (docs/rules.md).
ANSWERING = timedelta(days=15)
_HALF_UP = Context(prec=50, rounding=ROUND_HALF_UP)


def filing_opens(levy_year: int) -> date:
    """The first day to file for a levy year: the year must be over (财税〔2015〕72号第十二条)."""
    return date(levy_year + 1, 1, 1)


def deadline(levy_year: int, rules: CountingRules) -> date:
    """The last day to file for a levy year, in the year after it (财税〔2015〕72号第十二条)."""
    return rules.filing_deadline.of(levy_year + 1)


def filed_in_time(filed_on: date | None, levy_year: int, rules: CountingRules) -> bool:
    """True if a return was filed by the deadline, that day included. None means no return."""
    return filed_on is not None and filed_on <= deadline(levy_year, rules)


def answer_by(sent_back_on: date) -> date:
    """The last day on which a return that was sent back is filed again under its first filing day."""
    return sent_back_on + ANSWERING


def effective_return(filings: Sequence[date], levy_year: int, rules: CountingRules) -> int | None:
    """The index in `filings` of the return that is in force for one employer and year; None without returns.

    `filings` are the filing dates in the order of receipt. The latest return in time is in force (of one day, the last
    received). A late return replaces nothing, so without any in time the first late one is in force.
    """
    if not filings:
        return None
    in_time = [index for index, filed_on in enumerate(filings) if filed_in_time(filed_on, levy_year, rules)]
    if in_time:
        return max(in_time, key=lambda index: (filings[index], index))
    return min(range(len(filings)), key=lambda index: (filings[index], index))


def staff_months(monthly: Sequence[int]) -> int:
    """The year's staff in person-months. Raises ValueError unless there are twelve numbers, none below 0."""
    if len(monthly) != MONTHS or any(number < 0 for number in monthly):
        raise ValueError(_("在职职工人数须按12个月逐月填写，且不得为负数。"))
    return sum(monthly)


def registered_staff_months(staff: Decimal) -> int:
    """Person-months from the tax registration's average staff: × 12, rounded half up to a whole person-month."""
    return int(_HALF_UP.quantize(_HALF_UP.multiply(staff, MONTHS), Decimal(1)))
