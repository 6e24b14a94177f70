"""Months, contracts and ages. A month is an index `year × 12 + month − 1`, so that months compare as integers."""

from datetime import date, timedelta

from law.counting.settings import EmploymentAge

_YEAR = 12
_YOUNGEST = 16 * _YEAR
_CUSTOMARY = {False: 60 * _YEAR, True: 55 * _YEAR}
# 国务院关于渐进式延迟法定退休年龄的办法: retirement moves by one month for every four months of birth, by 36 at most.
_REFORM_FROM_BIRTH = {False: 1965 * _YEAR, True: 1970 * _YEAR}
_REFORM_STEP = 4
_REFORM_LIMIT = 36
_ONE_DAY = timedelta(days=1)


def month_index(day: date) -> int:
    """The month of a day."""
    return day.year * _YEAR + day.month - 1


def retirement_month(born: date, is_female: bool) -> date:
    """The month of statutory retirement, as its first day: men 60 to 63, women the later age, 55 to 58.

    Source: 全国人大常委会关于实施渐进式延迟法定退休年龄的决定 (2024-09-13), from 2025-01-01.
    """
    year, month = divmod(_statutory_limit(month_index(born), is_female), _YEAR)
    return date(year, month + 1, 1)


def _statutory_limit(born: int, is_female: bool) -> int:
    since_reform = born - _REFORM_FROM_BIRTH[is_female]
    delay = 0 if since_reform < 0 else min(_REFORM_LIMIT, since_reform // _REFORM_STEP + 1)
    return born + _CUSTOMARY[is_female] + delay


def employment_age(born: date, is_female: bool, mode: EmploymentAge) -> tuple[int, int]:
    """First and last month of employment age, both included: the 16th birthday's month to the month of retirement."""
    month = month_index(born)
    if mode is EmploymentAge.CUSTOMARY:
        return month + _YOUNGEST, month + _CUSTOMARY[is_female]
    return month + _YOUNGEST, _statutory_limit(month, is_female)


def contract_is_one_year(starts: date, ends: date | None) -> bool:
    """True if a contract runs for at least one year, both days included (1年以上（含1年）), or has no end.

    2024-03-01 to 2025-02-28 is one year. The year that starts on 29 February ends on 28 February.
    """
    return ends is None or ends >= _first_anniversary(starts) - _ONE_DAY


def _first_anniversary(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 3, 1)
    return day.replace(year=day.year + 1)


def months_of_year(starts: date, ends: date | None, year: int) -> range:
    """The months of the year, 0 to 11, of which the period covers at least one day. Both days count; None is open."""
    january = year * _YEAR
    first = max(month_index(starts) - january, 0)
    if ends is None:
        return range(first, _YEAR)
    if ends < starts:
        return range(0)
    return range(first, min(month_index(ends) - january + 1, _YEAR))
