"""The table of holidays against the regulation on holidays, and the refusals of its reader."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from law import holidays
from law.holidays import PUBLISHED, HolidayTableError, WorkingCalendar

TEXT = Path(holidays.__file__).with_name("holidays.toml").read_text(encoding="utf-8")
YEARS = range(2015, 2027)
SATURDAY = 5

# 全国年节及纪念日放假办法第二条, from almanacs and not from any notice: the days that everybody has off.
SPRING_FESTIVAL = "0219 0208 0128 0216 0205 0125 0212 0201 0122 0210 0129 0217"  # 正月初一, 2015 to 2026
TOMB_SWEEPING = "0405 0404 0404 0405 0405 0404 0404 0405 0405 0404 0404 0405"
DRAGON_BOAT = "0620 0609 0530 0618 0607 0625 0614 0603 0622 0610 0531 0619"
MID_AUTUMN = "0927 0915 1004 0924 0913 1001 0921 0910 0929 0917 1006 0925"
REVISED = 2025  # from then on New Year's Eve and 2 May too
BESIDES = {2015: 1, 2020: 2}  # the day of victory; the Friday added to Spring Festival, the Saturday no longer worked


def on(year: int, month_days: str) -> date:
    month_day = month_days.split()[year - YEARS.start]
    return date(year, int(month_day[:2]), int(month_day[2:]))


def statutory_days(year: int) -> list[date]:
    spring = on(year, SPRING_FESTIVAL)
    days = [date(year, 1, 1), date(year, 5, 1), *(date(year, 10, day) for day in (1, 2, 3))]
    days += [spring + timedelta(days=day) for day in (0, 1, 2)]
    days += [on(year, festival) for festival in (TOMB_SWEEPING, DRAGON_BOAT, MID_AUTUMN)]
    return days + [spring - timedelta(days=1), date(year, 5, 2)] * (year >= REVISED)


def test_the_table_has_every_year_of_the_levy_so_far() -> None:
    assert [year.year for year in PUBLISHED.years] == list(YEARS)


@pytest.mark.parametrize("year", YEARS)
def test_every_statutory_holiday_is_a_day_off(year: int) -> None:
    days = statutory_days(year)

    assert len(days) == (13 if year >= REVISED else 11)
    assert [day for day in days if PUBLISHED.is_working_day(day)] == []


@pytest.mark.parametrize("year", PUBLISHED.years, ids=lambda year: year.year)
def test_a_year_gives_as_many_weekdays_off_as_the_regulation_after_what_is_worked_instead(
    year: holidays.HolidayYear,
) -> None:
    weekdays_off = [day for day in year.rest if day.weekday() < SATURDAY]
    due = (13 if year.year >= REVISED else 11) + BESIDES.get(year.year, 0)

    assert len(weekdays_off) - len(year.work) == due


@pytest.mark.parametrize("year", PUBLISHED.years, ids=lambda year: year.year)
def test_every_day_worked_instead_is_a_weekend_day_near_days_off(year: holidays.HolidayYear) -> None:
    for day in year.work:
        assert day.weekday() >= SATURDAY
        assert min(abs((day - rest).days) for rest in year.rest) <= 11, day


@pytest.mark.parametrize("year", PUBLISHED.years, ids=lambda year: year.year)
def test_every_year_names_the_notices_that_arrange_it(year: holidays.HolidayYear) -> None:
    for notice in year.notices:
        assert "发明电〔" in notice.number
        assert notice.page.startswith("https://www.gov.cn/")
        assert notice.issued_on < max(year.rest)
    assert f"关于{year.year}年部分节假日安排的通知" in year.notices[0].title


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        (date(2015, 9, 4), False),  # 抗战胜利70周年
        (date(2018, 12, 29), True),  # by the notice for 2019
        (date(2018, 12, 31), False),
        (date(2019, 5, 2), False),  # by the second notice of the year
        (date(2020, 1, 31), False),  # the extension
        (date(2020, 2, 1), False),  # had been a day to work
        (date(2020, 2, 3), True),
        (date(2024, 2, 9), True),  # 除夕 was recommended, not given
        (date(2025, 1, 26), True),
        (date(2026, 2, 14), True),
        (date(2026, 2, 23), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),
        (date(2026, 11, 28), False),  # an ordinary Saturday
        (date(2026, 11, 30), True),
    ],
)
def test_days_are_worked_as_the_notices_say(day: date, is_worked: bool) -> None:
    assert PUBLISHED.is_working_day(day) is is_worked


@pytest.mark.parametrize(
    ("day", "years"),
    [
        (date(2026, 12, 24), ()),
        (date(2026, 12, 25), (2027,)),
        (date(2027, 1, 1), (2027,)),
        (date(2027, 12, 25), (2027, 2028)),
        (date(2025, 12, 31), ()),
        (date(2014, 12, 24), (2014,)),
        (date(2014, 12, 25), (2014,)),
    ],
)
def test_a_day_waits_for_the_notices_that_may_still_change_it(day: date, years: tuple[int, ...]) -> None:
    assert PUBLISHED.unpublished(day) == years


ONE_YEAR = """
[[year]]
year = 2030
rest = [{ name = "元旦", first = 2029-12-31, last = 2030-01-01 }]
work = [2029-12-29]
[[year.notice]]
number = "国办发明电〔2029〕1号"
title = "关于2030年的通知"
issued_on = 2029-11-01
page = "https://www.gov.cn/"
checked = false
"""


def test_a_table_of_one_year_is_read_with_its_source() -> None:
    (year,) = WorkingCalendar.read(ONE_YEAR).years

    assert year.rest == {date(2029, 12, 31), date(2030, 1, 1)}
    assert year.work == {date(2029, 12, 29)}
    assert [(notice.number, notice.checked) for notice in year.notices] == [("国办发明电〔2029〕1号", False)]


@pytest.mark.parametrize(
    ("told", "instead", "reason"),
    [
        ("year = 2030", "year = true", "year"),
        ("year = 2030", 'year = "2030"', "year"),
        ("year = 2030", "year = 2030\nyears = 1", "恰有"),
        ("work = [2029-12-29]\n", "", "恰有"),
        ("2029-12-29", "2029-12-28", "不是星期六"),
        ("2029-12-29", "2029-12-29, 2029-12-29", "两次"),
        ("2029-12-29", "2029-12-29T00:00:00", "work"),
        ("2029-12-29", '"2029-12-29"', "work"),
        ("2029-12-29", "2029-12-22", "不属于"),
        ("2029-12-29", "2031-01-04", "不属于"),
        ("last = 2030-01-01", "last = 2029-12-30", "早于"),
        ("last = 2030-01-01", "last = 2030-01-01, of = 1", "恰有"),
        ("first = 2029-12-31", "first = 2029-12-29", "两次"),
        ('rest = [{ name = "元旦", first = 2029-12-31, last = 2030-01-01 }]', "rest = []", "rest"),
        ('number = "国办发明电〔2029〕1号"', 'number = ""', "number"),
        ("checked = false", "checked = 0", "checked"),
        ("[[year]]", "[year]", "year"),
        ("[[year]]", "[[year", "无法读取"),
    ],
)
def test_a_table_that_no_notice_could_say_is_refused(told: str, instead: str, reason: str) -> None:
    assert told in ONE_YEAR

    with pytest.raises(HolidayTableError, match=reason):
        WorkingCalendar.read(ONE_YEAR.replace(told, instead, 1))


YEAR_BEFORE = (
    ONE_YEAR.replace("year = 2030", "year = 2029").replace("2030-01-01", "2029-12-31").replace("29-12-29", "29-01-06")
)


def test_a_day_that_two_years_arrange_is_refused() -> None:
    with pytest.raises(HolidayTableError, match="2029-12-31：同一日安排了两次"):
        WorkingCalendar.read(YEAR_BEFORE + ONE_YEAR)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "恰有"),
        (ONE_YEAR + ONE_YEAR, "重复"),
        (ONE_YEAR + ONE_YEAR.replace("year = 2030", "year = 2029"), "不属于"),
    ],
)
def test_a_table_without_years_or_with_one_twice_is_refused(table: str, reason: str) -> None:
    with pytest.raises(HolidayTableError, match=reason):
        WorkingCalendar.read(table)


def test_the_reader_adds_nothing_to_the_file() -> None:
    rows = tomllib.loads(TEXT)["year"]

    assert sum(len(row["work"]) for row in rows) == sum(len(year.work) for year in PUBLISHED.years) == 75
    assert sum((span["last"] - span["first"]).days + 1 for row in rows for span in row["rest"]) == sum(
        len(year.rest) for year in PUBLISHED.years
    )
