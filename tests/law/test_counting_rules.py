"""Counting heads: each test of the law passes at its limit and fails one step beyond."""

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from law.codes import CertificateKind, CertificateState, EmploymentForm
from law.counting import (
    MONTHS,
    CountingRules,
    Reason,
    StatedContract,
    claim_weight,
    count_person,
    judge,
    stated_months,
    strip,
    weight,
)
from law.settings import MonthDay, SettingError
from tests.law.claims import AGREEMENT, ALL_COUNTED, CLAIM, MINIMUM, NATIONAL, YEAR, certified, counted, judged


def test_a_placement_that_meets_every_test_counts_all_year():
    assert judged() == ALL_COUNTED


# ------------------------------------------------------------------------------------------------------------ return


@pytest.mark.parametrize(
    ("filed_on", "reason"),
    [(date(2026, 10, 31), Reason.COUNTED), (date(2026, 11, 1), Reason.RETURN_LATE), (None, Reason.NO_RETURN)],
)
def test_nobody_is_placed_without_a_return_by_the_deadline(filed_on, reason):
    assert judged(filed_on=filed_on) == (reason,) * MONTHS


# ------------------------------------------------------------------------------------------------------- certificate


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (None, Reason.CERTIFICATE_UNKNOWN),
        (certified(state=CertificateState.CANCELLED), Reason.CERTIFICATE_CANCELLED),
        (certified(state=CertificateState.FROZEN), Reason.CERTIFICATE_FROZEN),
        (certified(valid_until=date(2026, 5, 20)), Reason.COUNTED),
        (certified(valid_until=date(2026, 5, 19)), Reason.CERTIFICATE_EXPIRED),
        (certified(valid_from=date(2026, 5, 20)), Reason.COUNTED),
        (certified(valid_from=date(2026, 5, 21)), Reason.CERTIFICATE_NOT_YET_VALID),
        (certified(valid_from=None, valid_until=None), Reason.COUNTED),
        (certified(kind=CertificateKind.DISABLED_SOLDIER, level=8), Reason.COUNTED),
        (certified(kind=CertificateKind.DISABLED_SOLDIER, level=9), Reason.LEVEL_NOT_ELIGIBLE),
        (certified(level=5), Reason.LEVEL_NOT_ELIGIBLE),
    ],
)
def test_the_certificate_must_be_valid_and_eligible_on_the_filing_date(certificate, reason):
    assert judged(certificate=certificate) == (reason,) * MONTHS


def test_months_before_the_certificate_was_issued_count():
    assert judged(certificate=certified(valid_from=date(2026, 3, 1))) == ALL_COUNTED


@pytest.mark.parametrize(
    ("kind", "heavy", "light", "none"),
    [
        (CertificateKind.DISABLED_PERSON, [1, 2], [3, 4], [0, 5]),
        (CertificateKind.DISABLED_SOLDIER, [1, 2, 3], [4, 5, 6, 7, 8], [9, 10]),
    ],
)
def test_severe_disability_counts_twice(kind, heavy, light, none):
    assert {weight(kind, level) for level in heavy} == {2}
    assert {weight(kind, level) for level in light} == {1}
    assert {weight(kind, level) for level in none} == {0}


# ---------------------------------------------------------------------------------------------------------- contract


def test_renewals_of_half_a_year_do_not_add_up():
    halves = [
        replace(CLAIM, key=1, contract_start=date(2025, 1, 1), contract_end=date(2025, 6, 30)),
        replace(CLAIM, key=2, contract_start=date(2025, 7, 1), contract_end=date(2025, 12, 31)),
    ]

    assert all(sum(count.weights) == 0 for count in counted(*halves))


def test_only_months_with_a_day_of_contract_count_for_established_staff_too():
    months = judged(
        form=EmploymentForm.ESTABLISHMENT, contract_start=date(2025, 3, 31), contract_end=date(2025, 10, 1)
    )

    assert [month for month, reason in enumerate(months) if reason is Reason.COUNTED] == list(range(2, 10))
    assert months[1] is months[10] is Reason.OUTSIDE_CONTRACT


def test_a_failed_placement_shows_its_reason_only_in_its_months():
    months = judged(certificate=None, contract_start=date(2025, 7, 1))

    assert set(months[:6]) == {Reason.OUTSIDE_CONTRACT}
    assert set(months[6:]) == {Reason.CERTIFICATE_UNKNOWN}


@pytest.mark.parametrize("form", [EmploymentForm.CONTRACT, EmploymentForm.DISPATCH])
def test_a_short_contract_counts_only_for_established_staff(form):
    short = {"contract_start": date(2025, 1, 1), "contract_end": date(2025, 12, 30)}

    assert judged(form=form, **short) == (Reason.CONTRACT_TOO_SHORT,) * MONTHS
    assert judged(form=EmploymentForm.ESTABLISHMENT, **short) == ALL_COUNTED


# --------------------------------------------------------------------------------------------------------------- age


def test_the_month_of_retirement_still_counts_and_the_next_does_not():
    months = judged(born=date(1965, 5, 31))  # retires in July 2025

    assert months[6] is Reason.COUNTED
    assert months[7] is Reason.ABOVE_EMPLOYMENT_AGE


def test_the_month_of_the_sixteenth_birthday_counts_and_the_one_before_does_not():
    months = judged(born=date(2009, 4, 30))

    assert months[2] is Reason.BELOW_EMPLOYMENT_AGE
    assert months[3] is Reason.COUNTED


def test_established_staff_has_no_age_limits():
    assert judged(born=date(1950, 1, 1), form=EmploymentForm.ESTABLISHMENT) == ALL_COUNTED


@pytest.mark.parametrize(("is_female", "born"), [(False, date(1965, 6, 1)), (True, date(1970, 6, 1))])
def test_a_region_may_keep_the_customary_age(is_female, born):
    rules = CountingRules.from_settings({"employment_age": "customary"})
    months = judge(replace(CLAIM, born=born, is_female=is_female), YEAR, rules)

    assert months[5] is Reason.COUNTED
    assert months[6] is Reason.ABOVE_EMPLOYMENT_AGE


# ------------------------------------------------------------------------------------------------ wages and insurance


@pytest.mark.parametrize(
    ("wage", "minimum", "insured", "reason"),
    [
        (MINIMUM, MINIMUM, True, Reason.COUNTED),
        (MINIMUM - Decimal("0.01"), MINIMUM, True, Reason.WAGE_BELOW_MINIMUM),
        (None, MINIMUM, True, Reason.WAGE_NO_DATA),
        (MINIMUM, None, True, Reason.MINIMUM_WAGE_UNKNOWN),
        (MINIMUM, MINIMUM, False, Reason.INSURANCE_INCOMPLETE),
        (MINIMUM, MINIMUM, None, Reason.INSURANCE_NO_DATA),
    ],
)
def test_each_month_needs_its_minimum_wage_and_all_insurances(wage, minimum, insured, reason):
    months = judged(
        wages=(wage, *CLAIM.wages[1:]),
        minimum_wages=(minimum, *CLAIM.minimum_wages[1:]),
        insured=(insured, *CLAIM.insured[1:]),
    )

    assert months[0] is reason
    assert months[1:] == ALL_COUNTED[1:]


def test_missing_records_are_told_from_failed_tests():
    assert Reason.WAGE_NO_DATA.is_lack_of_data
    assert Reason.INSURANCE_NO_DATA.is_lack_of_data
    assert not Reason.WAGE_BELOW_MINIMUM.is_lack_of_data
    assert not Reason.CERTIFICATE_UNKNOWN.is_lack_of_data


def test_every_reason_has_a_short_label_and_a_citation_and_a_number_that_stays():
    assert all(0 < len(reason.label) <= 16 and reason.citation for reason in Reason)
    assert len({reason.label for reason in Reason}) == len(Reason)
    assert [reason.value for reason in Reason] == list(range(22))
    assert (Reason.COUNTED, Reason.TWO_EMPLOYERS, Reason.NOT_CLAIMED, Reason.CERTIFICATE_OTHER_NAME) == (0, 19, 20, 21)
    assert sorted(Reason, key=lambda reason: reason.place)[4:7] == [4, 21, 5]


# ------------------------------------------------------------------------------------------- several rows, one person


def test_a_severe_person_counts_two_months_a_month():
    (count,) = counted(replace(CLAIM, certificate=certified(level=2)))

    assert count.weights == (2,) * MONTHS


def test_two_rows_of_one_employer_count_once_and_the_heavier_wins():
    light = replace(CLAIM, key=1)
    heavy = replace(CLAIM, key=2, certificate=certified(level=1), contract_start=date(2025, 4, 1))

    first, second = counted(light, heavy)

    assert first.weights == (1,) * 3 + (0,) * 9
    assert second.weights == (0,) * 3 + (2,) * 9
    assert set(first.reasons[3:]) == {Reason.COUNTED_IN_ANOTHER_ROW}


def test_of_equal_rows_own_staff_goes_before_dispatched():
    dispatched = replace(CLAIM, key=1, form=EmploymentForm.DISPATCH)
    own = replace(CLAIM, key=2, contract_start=date(2025, 1, 1))

    first, second = counted(dispatched, own)

    assert sum(first.weights) == 0
    assert sum(second.weights) == 12


def test_a_month_that_passes_at_two_employers_counts_at_neither():
    here = replace(CLAIM, key=1)
    there = replace(CLAIM, key=2, employer="B", contract_start=date(2025, 10, 15))

    first, second = counted(here, there)

    assert first.weights == (1,) * 9 + (0,) * 3
    assert second.weights == (0,) * MONTHS
    assert first.reasons[9:] == second.reasons[9:] == (Reason.TWO_EMPLOYERS,) * 3


def test_a_month_that_fails_at_one_of_two_employers_counts_at_the_other():
    here = replace(CLAIM, key=1)
    there = replace(CLAIM, key=2, employer="B", insured=(None,) * MONTHS)

    first, second = counted(here, there)

    assert first.weights == (1,) * MONTHS
    assert set(second.reasons) == {Reason.INSURANCE_NO_DATA}


def test_each_claim_is_judged_by_the_rules_of_its_own_place():
    """Born in June 1965: over the customary age in July, not over the statutory one before August."""
    born = date(1965, 6, 1)
    here, there = replace(CLAIM, key=1, born=born), replace(CLAIM, key=2, employer="B", born=born)
    customary = CountingRules.from_settings({"employment_age": "customary"})

    first, second = count_person([here, there], [], YEAR, [customary, NATIONAL])

    assert first.reasons[5] is second.reasons[5] is Reason.TWO_EMPLOYERS
    assert first.reasons[6] is Reason.ABOVE_EMPLOYMENT_AGE
    assert second.reasons[6] is Reason.COUNTED


def test_a_doubly_claimed_month_is_not_moved_by_an_agreement():
    dispatched = replace(CLAIM, key=1, form=EmploymentForm.DISPATCH)
    elsewhere = replace(CLAIM, key=2, employer="B", contract_start=date(2025, 7, 1))

    first, _ = counted(dispatched, elsewhere, agreements=(AGREEMENT,))

    assert [moved.month for moved in first.transfers] == [0, 1, 2, 3, 4, 5]


CLAIMS = st.builds(
    lambda employer, level, form, starts, wage, key: replace(
        CLAIM,
        key=key,
        employer=employer,
        certificate=certified(level=level),
        form=form,
        contract_start=date(2024, starts, 1) if starts % 2 else date(2025, starts, 1),
        wages=(MINIMUM,) * wage + (None,) * (MONTHS - wage),
    ),
    employer=st.sampled_from("AB"),
    level=st.sampled_from([2, 3]),
    form=st.sampled_from(EmploymentForm),
    starts=st.integers(1, 12),
    wage=st.integers(0, 12),
    key=st.integers(1, 1000),
)


@settings(max_examples=500, deadline=None, database=None)
@given(st.lists(CLAIMS, min_size=1, max_size=4, unique_by=lambda claim: claim.key))
def test_the_order_of_rows_changes_nothing_and_no_month_counts_twice(claims):
    by_key = {count.key: count for count in counted(*claims)}

    for order in itertools.permutations(claims):
        assert {count.key: count for count in counted(*order)} == by_key
    for month in range(MONTHS):
        assert sum(count.weights[month] > 0 for count in by_key.values()) <= 1


# -------------------------------------------------------------------------------------------- claims, strip, settings


def test_an_employer_states_every_month_of_contract_at_the_weight_that_the_number_names():
    person, soldier = CertificateKind.DISABLED_PERSON, CertificateKind.DISABLED_SOLDIER
    half = StatedContract(person, "11010519491231002X43", date(2025, 7, 1), None)
    severe = StatedContract(person, "11010519491231002X42B1", date(2024, 1, 1), date(2025, 7, 31))

    assert stated_months([half], YEAR) == (0,) * 6 + (1,) * 6
    assert stated_months([half, severe], YEAR) == (2,) * 7 + (1,) * 5
    assert stated_months([replace(severe, kind=soldier, number="军残000017")], YEAR) == (1,) * 7 + (0,) * 5
    assert stated_months([], YEAR) == (0,) * MONTHS


def test_a_certificate_of_another_name_counts_no_month_and_claims_the_weight_of_an_unknown_one():
    other = replace(CLAIM, certificate=replace(certified(level=1), names_holder=False))
    assert set(judge(other, YEAR, CountingRules())) == {Reason.CERTIFICATE_OTHER_NAME}
    assert (claim_weight(other), claim_weight(replace(other, certificate=None))) == (1, 1)
    # The month of a strip that came furthest: a cancelled certificate was at least the holder's.
    assert (
        strip([(Reason.CERTIFICATE_OTHER_NAME,) * 12, (Reason.CERTIFICATE_CANCELLED,) * 12])
        == (Reason.CERTIFICATE_CANCELLED,) * 12
    )


def test_a_persons_strip_shows_the_row_that_came_furthest_and_says_unclaimed_where_none_is():
    early = judged(contract_start=date(2024, 1, 1), contract_end=date(2025, 6, 30), wages=(None,) * MONTHS)
    late = judged(contract_start=date(2025, 6, 1), contract_end=date(2026, 9, 30), certificate=None)

    line = strip([early, late, judged(contract_start=date(2025, 12, 1))])

    assert line == ((Reason.WAGE_NO_DATA,) * 6 + (Reason.CERTIFICATE_UNKNOWN,) * 5 + (Reason.COUNTED,))
    assert strip([judged(contract_start=date(2026, 1, 1))]) == (Reason.NOT_CLAIMED,) * MONTHS


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({"filing_deadlines": "10-31"}, "filing_deadlines"),
        ({"filing_deadline": "10-32"}, "10-31"),
        ({"filing_deadline": "02-29"}, "10-31"),
        ({"filing_deadline": "1-1"}, "10-31"),
        ({"filing_deadline": "１０-３１"}, "10-31"),
        ({"employment_age": "60"}, "statutory、customary"),
    ],
)
def test_an_unknown_setting_or_value_is_named_and_refused(rows, named):
    with pytest.raises(SettingError, match=named):
        CountingRules.from_settings(rows)


def test_what_a_region_does_not_set_stays_national():
    assert CountingRules.from_settings({}) == CountingRules()
    assert CountingRules.from_settings({"filing_deadline": "05-31"}).filing_deadline == MonthDay(5, 31)
    assert CountingRules.names() == {"filing_deadline", "employment_age", "dispatch"}
