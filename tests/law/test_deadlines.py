"""Last days: examples of the articles, a second opinion that counts day by day, and days that are not known yet."""

import re
import tomllib
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law import holidays, statutory_periods
from law.deadlines import ArrangementUnpublished, LegalPeriod, PeriodUnit, is_in_time, last_day
from law.holidays import PUBLISHED

ROOT = Path(__file__).resolve().parents[2]
ONE_DAY = timedelta(days=1)
CHINA = timezone(timedelta(hours=8))
NAMED = {name: value for name, value in vars(statutory_periods).items() if isinstance(value, LegalPeriod)}


def period(length: int, unit: PeriodUnit) -> LegalPeriod:
    return LegalPeriod(length, unit, "test")


def ends(length: int, unit: PeriodUnit, starts: date) -> date:
    return last_day(period(length, unit), starts, PUBLISHED).day


def test_the_day_on_which_a_period_begins_is_not_counted() -> None:
    assert ends(1, PeriodUnit.DAY, date(2026, 11, 2)) == date(2026, 11, 3)
    assert ends(30, PeriodUnit.DAY, date(2026, 3, 1)) == date(2026, 3, 31)
    assert ends(1, PeriodUnit.WORKING_DAY, date(2026, 11, 2)) == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("length", "unit", "starts", "counted_to"),
    [
        (6, PeriodUnit.MONTH, date(2025, 9, 2), date(2026, 3, 2)),  # the corresponding day
        (1, PeriodUnit.MONTH, date(2025, 1, 31), date(2025, 2, 28)),  # no such day: the last of the month
        (1, PeriodUnit.MONTH, date(2024, 1, 31), date(2024, 2, 29)),
        (6, PeriodUnit.MONTH, date(2025, 8, 31), date(2026, 2, 28)),
        (6, PeriodUnit.MONTH, date(2026, 2, 28), date(2026, 8, 28)),  # not the end of August
        (1, PeriodUnit.MONTH, date(2025, 12, 5), date(2026, 1, 5)),
        (12, PeriodUnit.MONTH, date(2025, 12, 31), date(2026, 12, 31)),
        (1, PeriodUnit.YEAR, date(2024, 2, 29), date(2025, 2, 28)),
        (4, PeriodUnit.YEAR, date(2020, 2, 29), date(2024, 2, 29)),
        (1, PeriodUnit.YEAR, date(2023, 2, 28), date(2024, 2, 28)),
        (3, PeriodUnit.YEAR, date(2022, 10, 1), date(2025, 10, 1)),
        (60, PeriodUnit.DAY, date(2024, 1, 1), date(2024, 3, 1)),  # over 29 February
    ],
)
def test_months_and_years_end_on_the_corresponding_day_or_at_the_end_of_the_month(
    length: int, unit: PeriodUnit, starts: date, counted_to: date
) -> None:
    assert last_day(period(length, unit), starts, PUBLISHED).counted_to == counted_to


@pytest.mark.parametrize(
    ("starts", "counted_to", "day"),
    [
        (date(2026, 11, 6), date(2026, 11, 21), date(2026, 11, 23)),  # a Saturday moves to Monday
        (date(2026, 1, 30), date(2026, 2, 14), date(2026, 2, 14)),  # a Saturday worked instead
        (date(2026, 2, 1), date(2026, 2, 16), date(2026, 2, 24)),  # Spring Festival to its end
        (date(2026, 2, 7), date(2026, 2, 22), date(2026, 2, 24)),
        (date(2026, 9, 25), date(2026, 10, 10), date(2026, 10, 10)),
        (date(2025, 9, 16), date(2025, 10, 1), date(2025, 10, 9)),
        (date(2018, 12, 15), date(2018, 12, 30), date(2019, 1, 2)),  # over the year, by the next year's notice
        (date(2020, 1, 16), date(2020, 1, 31), date(2020, 2, 3)),  # the extension of 2020
        (date(2020, 1, 17), date(2020, 2, 1), date(2020, 2, 3)),
    ],
)
def test_a_last_day_of_rest_moves_to_the_next_working_day(starts: date, counted_to: date, day: date) -> None:
    found = last_day(period(15, PeriodUnit.DAY), starts, PUBLISHED)

    assert (found.counted_to, found.day, found.unpublished) == (counted_to, day, ())
    assert found.settled() == day


@pytest.mark.parametrize(
    ("length", "starts", "day"),
    [
        (10, date(2026, 2, 6), date(2026, 2, 27)),  # over Spring Festival, Saturday 14 February worked
        (3, date(2026, 9, 30), date(2026, 10, 10)),  # over National Day, Saturday 10 October worked
        (1, date(2026, 11, 27), date(2026, 11, 30)),  # Friday to Monday
        (1, date(2026, 11, 28), date(2026, 11, 30)),  # begins on a Saturday
        (5, date(2018, 12, 26), date(2019, 1, 3)),  # 29 December worked, 30 to 1 January off
    ],
)
def test_a_period_of_working_days_counts_working_days_only(length: int, starts: date, day: date) -> None:
    found = last_day(period(length, PeriodUnit.WORKING_DAY), starts, PUBLISHED)

    assert (found.day, found.counted_to, found.is_settled) == (day, day, True)


def off_and_worked() -> tuple[set[date], set[date]]:
    """The oracle's own reading of the table."""
    text = Path(holidays.__file__).with_name("holidays.toml").read_text(encoding="utf-8")
    off, worked = set(), set()
    for year in tomllib.loads(text)["year"]:
        worked |= set(year["work"])
        for span in year["rest"]:
            day = span["first"]
            while day <= span["last"]:
                off.add(day)
                day += ONE_DAY
    return off, worked


OFF, WORKED = off_and_worked()


def rests(day: date) -> bool:
    return day in OFF or (day.isoweekday() in (6, 7) and day not in WORKED)


def opinion(length: int, unit: PeriodUnit, starts: date) -> tuple[date, date]:
    """The last day as counted and after days of rest, by walking one day at a time from the day after the start."""
    day, months, days = starts, 0, 0
    while True:
        day += ONE_DAY
        months += day.day == 1
        days += not rests(day) if unit is PeriodUnit.WORKING_DAY else 1
        if unit in (PeriodUnit.DAY, PeriodUnit.WORKING_DAY):
            is_over = days == length
        else:
            ends_month = (day + ONE_DAY).day == 1
            is_over = months == length * (12 if unit is PeriodUnit.YEAR else 1) and (
                day.day == starts.day or (ends_month and day.day < starts.day)
            )
        if is_over:
            break
    counted_to = day
    while rests(day):
        day += ONE_DAY
    return counted_to, day


starting_days = st.dates(date(2015, 1, 1), date(2026, 12, 31))
units = st.sampled_from(PeriodUnit)


@given(length=st.integers(1, 40), unit=units, starts=starting_days)
def test_counting_day_by_day_comes_to_the_same_last_day(length: int, unit: PeriodUnit, starts: date) -> None:
    found = last_day(period(length, unit), starts, PUBLISHED)

    assert (found.counted_to, found.day) == opinion(length, unit, starts)


@given(length=st.integers(1, 400), unit=units, starts=starting_days)
def test_a_last_day_is_worked_and_later_when_the_period_is_longer_or_begins_later(
    length: int, unit: PeriodUnit, starts: date
) -> None:
    day = ends(length, unit, starts)

    assert not rests(day)
    assert starts < day <= min(ends(length + 1, unit, starts), ends(length, unit, starts + ONE_DAY))


@given(length=st.integers(1, 90), unit=st.sampled_from([PeriodUnit.DAY, PeriodUnit.WORKING_DAY]), starts=starting_days)
def test_what_rests_on_a_day_without_a_notice_says_so(length: int, unit: PeriodUnit, starts: date) -> None:
    found = last_day(period(length, unit), starts, PUBLISHED)
    first = found.counted_to if unit is PeriodUnit.DAY else starts + ONE_DAY
    asked = [first + day * ONE_DAY for day in range((found.day - first).days + 1)]

    assert found.is_settled == all(day < date(2026, 12, 25) for day in asked)


def test_a_last_day_in_a_year_without_a_notice_is_a_guess_and_never_settled() -> None:
    found = last_day(statutory_periods.SUIT, date(2026, 10, 10), PUBLISHED)

    assert (found.counted_to, found.day) == (date(2027, 4, 10), date(2027, 4, 12))  # by weekends alone
    assert found.unpublished == (2027,)
    assert "2027年的放假安排尚未公布" in found.steps()[-1]
    with pytest.raises(ArrangementUnpublished, match="2027年的放假安排尚未公布"):
        found.settled()


def test_days_that_only_pass_through_an_unknown_year_do_not_matter() -> None:
    known = holidays.WorkingCalendar(tuple(year for year in PUBLISHED.years if year.year != 2025))

    assert last_day(period(2, PeriodUnit.YEAR), date(2024, 6, 3), known).is_settled
    assert not last_day(period(1, PeriodUnit.YEAR), date(2024, 6, 3), known).is_settled
    assert last_day(period(260, PeriodUnit.WORKING_DAY), date(2024, 6, 3), known).unpublished == (2025,)


def test_the_steps_tell_the_count_and_the_move() -> None:
    plain = last_day(period(60, PeriodUnit.DAY), date(2026, 3, 2), PUBLISHED)
    moved = last_day(period(15, PeriodUnit.DAY), date(2026, 2, 1), PUBLISHED)

    assert plain.steps() == (
        "自2026-03-02起60日，当日不计入，至2026-05-01届满。",
        "届满日是休假日，顺延至2026-05-06。",
    )
    assert moved.steps()[-1] == "届满日是休假日，顺延至2026-02-24。"
    assert len(last_day(period(30, PeriodUnit.DAY), date(2026, 3, 2), PUBLISHED).steps()) == 1


@pytest.mark.parametrize("length", [0, -1])
def test_a_period_of_nothing_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="至少为1"):
        period(length, PeriodUnit.DAY)


LAST = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("acted_at", "closes_at", "in_time"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=CHINA), None, True),
        (datetime(2026, 12, 1, 0, 0, tzinfo=CHINA), None, False),  # 24:00 has passed
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), None, True),  # 23:59 in China
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), None, False),
        (datetime(2026, 11, 30, 17, 30, tzinfo=CHINA), time(17, 30), True),
        (datetime(2026, 11, 30, 17, 30, 1, tzinfo=CHINA), time(17, 30), False),
        (datetime(2026, 11, 29, 20, 0, tzinfo=CHINA), time(17, 30), True),  # the hour counts on the last day only
        (datetime(2026, 12, 1, 9, 0, tzinfo=CHINA), time(17, 30), False),
    ],
)
def test_the_last_day_ends_at_midnight_or_at_close_of_business(
    acted_at: datetime, closes_at: time | None, in_time: bool
) -> None:
    assert is_in_time(acted_at, LAST, closes_at) is in_time


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="时区"):
        is_in_time(datetime(2026, 11, 30, 12, 0), LAST)  # noqa: DTZ001


# What each statute says of its own short periods; the rest of its days are calendar days.
SHORT = {"行政复议法": {3, 5, 7, 10}, "行政处罚法": {2, 3, 5, 7}, "行政强制法": set(range(1, 11))}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_period_is_in_working_days_where_its_statute_says_so(name: str) -> None:
    named = NAMED[name]
    statute = named.citation.partition("第")[0]

    if statute in SHORT and named.unit in (PeriodUnit.DAY, PeriodUnit.WORKING_DAY):
        assert (named.unit is PeriodUnit.WORKING_DAY) == (named.length in SHORT[statute])


@pytest.mark.parametrize("name", NAMED)
def test_a_named_period_is_documented_with_its_length_and_article(name: str) -> None:
    document = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    (row,) = [line for line in document.splitlines() if line.startswith(f"| `{name}`")]
    unit = {"day": "day", "working_day": "working day", "month": "month", "year": "year"}[NAMED[name].unit]

    assert re.search(rf"\| {NAMED[name].length} {unit}s? \|", row)
    assert row.endswith(f"| {NAMED[name].citation} |")
