"""Returns in force, deadlines, staff months, contracts of a year and the month of retirement, each at its limit."""

from datetime import date
from decimal import Decimal

import pytest

from law.counting import (
    CountingRules,
    contract_is_one_year,
    deadline,
    effective_return,
    filed_in_time,
    months_of_year,
    registered_staff_months,
    retirement_month,
    staff_months,
)

YEAR = 2025
NATIONAL = CountingRules()


def test_a_region_may_set_another_deadline():
    rules = CountingRules.from_settings({"filing_deadline": "06-30"})

    assert deadline(YEAR, rules) == date(2026, 6, 30)
    assert filed_in_time(date(2026, 6, 30), YEAR, rules)
    assert not filed_in_time(date(2026, 7, 1), YEAR, rules)


@pytest.mark.parametrize(
    ("filings", "in_force"),
    [
        ([], None),
        ([date(2026, 5, 1)], 0),
        ([date(2026, 5, 1), date(2026, 10, 31)], 1),
        ([date(2026, 5, 1), date(2026, 11, 1)], 0),
        ([date(2026, 11, 1), date(2026, 11, 20)], 0),
        ([date(2026, 11, 20), date(2026, 5, 1)], 1),
        ([date(2026, 5, 1), date(2026, 5, 1)], 1),
    ],
)
def test_a_later_return_replaces_an_earlier_one_only_in_time(filings, in_force):
    assert effective_return(filings, YEAR, NATIONAL) == in_force


@pytest.mark.parametrize("monthly", [[100] * 11, [100] * 13, [100] * 11 + [-1]])
def test_staff_needs_twelve_numbers_none_negative(monthly):
    with pytest.raises(ValueError, match="12个月"):
        staff_months(monthly)


@pytest.mark.parametrize(
    ("staff", "months"),
    [("802.1667", 9626), ("0.0416", 0), ("0.0417", 1), ("0.125", 2), ("0.375", 5), ("200.0000", 2400)],
)
def test_registered_staff_becomes_whole_person_months_half_up(staff, months):
    assert registered_staff_months(Decimal(staff)) == months


@pytest.mark.parametrize(
    ("starts", "ends", "is_year"),
    [
        (date(2024, 3, 1), date(2025, 2, 28), True),
        (date(2024, 3, 1), date(2025, 2, 27), False),
        (date(2024, 2, 29), date(2025, 2, 28), True),
        (date(2024, 2, 29), date(2025, 2, 27), False),
        (date(2023, 3, 1), date(2024, 2, 29), True),
        (date(2023, 3, 1), date(2024, 2, 28), False),
        (date(2024, 1, 1), date(2024, 12, 31), True),
        (date(2024, 1, 1), date(2024, 12, 30), False),
        (date(2024, 1, 1), None, True),
    ],
)
def test_a_contract_of_one_year_counts_its_first_and_last_day(starts, ends, is_year):
    assert contract_is_one_year(starts, ends) is is_year


@pytest.mark.parametrize(
    ("born", "is_female", "month"),
    [
        (date(1964, 12, 31), False, date(2024, 12, 1)),
        (date(1965, 1, 1), False, date(2025, 2, 1)),
        (date(1965, 4, 30), False, date(2025, 5, 1)),
        (date(1965, 5, 1), False, date(2025, 7, 1)),
        (date(1976, 8, 31), False, date(2039, 7, 1)),
        (date(1976, 9, 1), False, date(2039, 9, 1)),
        (date(1990, 6, 15), False, date(2053, 6, 1)),
        (date(1969, 12, 31), True, date(2024, 12, 1)),
        (date(1970, 1, 1), True, date(2025, 2, 1)),
        (date(1981, 9, 1), True, date(2039, 9, 1)),
        (date(2000, 2, 29), True, date(2058, 2, 1)),
    ],
)
def test_retirement_is_delayed_by_a_month_for_every_four_months_of_birth(born, is_female, month):
    assert retirement_month(born, is_female) == month


@pytest.mark.parametrize(
    ("starts", "ends", "months"),
    [
        (date(2025, 3, 31), date(2025, 10, 1), range(2, 10)),
        (date(2020, 1, 1), None, range(12)),
        (date(2026, 1, 1), None, range(0)),
        (date(2020, 1, 1), date(2024, 12, 31), range(0)),
        (date(2025, 3, 20), date(2025, 3, 10), range(0)),
    ],
)
def test_a_period_covers_the_months_it_has_a_day_in_and_none_if_it_ends_before_it_starts(starts, ends, months):
    assert list(months_of_year(starts, ends, YEAR)) == list(months)
