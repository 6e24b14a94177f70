"""The settings that a region may and may not make, the distance to the next threshold, and the surcharge."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from law.amount import AssessmentRules, SurchargeCap, Terms, TermsError, assess, marginal
from law.codes import EntityType
from law.collection.surcharge import surcharge
from law.policy import POLICY_YEARS, policy_year
from law.settings import SettingError
from tests.law.strategies import NATIONAL, RATIO, REGIONAL_CASES, enterprise, examples

# Terms and settings


@pytest.mark.parametrize("ratio", ["0.0149", "0", "1", "1.5"])
def test_a_ratio_below_the_national_floor_or_given_in_per_cent_is_refused(ratio):
    with pytest.raises(TermsError, match="规定比例"):
        replace(NATIONAL, required_ratio=Decimal(ratio))


@pytest.mark.parametrize("wage", [None, Decimal(0), Decimal(-1)])
def test_a_capped_year_needs_a_social_average_wage(wage):
    with pytest.raises(TermsError, match="社会平均工资"):
        replace(NATIONAL, social_average_wage=wage)


def test_a_year_without_a_cap_needs_none_unless_the_region_charges_it():
    uncapped = Terms(policy_year(2015), RATIO, None)

    assert uncapped.wage_cap is None
    with pytest.raises(TermsError):
        replace(uncapped, rules=AssessmentRules.from_settings({"wage_base": "social_average"}))


def test_stored_decimals_do_not_show_in_the_charged_wage():
    stored = Terms(policy_year(2025), Decimal("0.015000"), Decimal("84876.000000"))

    assert str(assess(enterprise(1200, average="200000"), stored).charged_wage) == "169752.00"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({"staff_roundin": "none"}, "staff_roundin"),
        ({"shortfall_rounding": "whole"}, "none、2dp、4dp"),
        ({"wage_base": ""}, "own_capped"),
    ],
)
def test_an_unknown_setting_or_value_is_named_and_refused(rows, named):
    with pytest.raises(SettingError, match=named):
        AssessmentRules.from_settings(rows)


def test_every_setting_takes_effect():
    """One employer, one change at a time; `None` is the national default."""
    year = replace(enterprise(372, 4, average="200000"), entity_type=EntityType.ORGAN, registered_on=date(2025, 2, 1))
    gross = {
        (name, value): assess(year, replace(NATIONAL, rules=AssessmentRules.from_settings({name: value}))).gross
        for name, value in [
            ("credited_rounding", "2dp"),
            ("shortfall_rounding", "2dp"),
            ("shortfall_rounding", "4dp"),
            ("wage_base", "social_average"),
            ("wage_base", "social_average_if_budget_funded"),
            ("new_employer", "months_since_registration"),
            ("new_employer", "founding_year_free"),
        ]
    }

    assert assess(year, NATIONAL).gross == Decimal("22350.68")
    assert gross == {
        ("credited_rounding", "2dp"): Decimal("22916.52"),
        ("shortfall_rounding", "2dp"): Decimal("22067.76"),
        ("shortfall_rounding", "4dp"): Decimal("22356.34"),
        ("wage_base", "social_average"): Decimal("11175.34"),
        ("wage_base", "social_average_if_budget_funded"): Decimal("11175.34"),
        ("new_employer", "months_since_registration"): Decimal("24382.56"),
        ("new_employer", "founding_year_free"): None,
    }


@pytest.mark.parametrize(("value", "staff"), [("none", 2406), ("whole", 2412), ("2dp", 2406), ("4dp", 2406)])
def test_staff_is_rounded_as_the_region_says(value, staff):
    rounding = replace(NATIONAL, rules=AssessmentRules.from_settings({"staff_rounding": value}))

    assert assess(enterprise(2406), rounding).staff_months == staff


# Margin and surcharge


def test_the_margin_names_the_months_to_each_threshold_and_what_is_then_due():
    margin = marginal(enterprise(2616, 24, None, total_wages=Decimal("18642350.00")), NATIONAL)

    assert [(t.share, t.further_months, t.payable) for t in margin.thresholds] == [
        (Decimal("0.01"), 3, Decimal("43612.84")),
        (Decimal("0.015"), 16, Decimal("0.00")),
    ]
    assert margin.next_threshold.share == Decimal("0.01")


def test_an_employer_at_its_ratio_has_no_next_threshold():
    assert marginal(enterprise(1200, 18), NATIONAL).next_threshold is None
    assert marginal(enterprise(None), NATIONAL).thresholds == ()


@examples(2_000, 20_000)
@given(REGIONAL_CASES)
def test_the_margin_is_the_least_that_suffices(case):
    for threshold in marginal(case.facts, case.terms).thresholds:
        enough, one_less = (
            assess(replace(case.facts, credited_months=case.facts.credited_months + months), case.terms)
            for months in (threshold.further_months, threshold.further_months - 1)
        )
        assert enough.credited_months >= enough.staff_months * threshold.share
        assert enough.payable == threshold.payable
        if threshold.further_months:
            assert one_less.credited_months < one_less.staff_months * threshold.share


@pytest.mark.parametrize(
    ("paid_on", "due"),
    [
        (date(2026, 12, 31), "0.00"),
        (date(2027, 1, 1), "5.00"),
        (date(2027, 1, 2), "10.00"),
        (date(2027, 7, 19), "1000.00"),
        (date(2028, 1, 1), "1000.00"),
    ],
)
def test_a_surcharge_grows_by_five_per_mille_a_day_up_to_the_principal(paid_on, due):
    assert surcharge(Decimal("1000.00"), date(2027, 1, 1), paid_on, policy_year(2025)) == Decimal(due)


def test_a_surcharge_without_the_cap_goes_on():
    paid_on = date(2028, 1, 1)

    assert surcharge(Decimal(1000), date(2027, 1, 1), paid_on, policy_year(2025), capped=False) == Decimal("1830.00")
    assert AssessmentRules().surcharge_cap is SurchargeCap.PRINCIPAL


def test_a_surcharge_is_rounded_half_up_to_the_fen():
    assert surcharge(Decimal("1.00"), date(2027, 1, 1), date(2027, 1, 1), policy_year(2025)) == Decimal("0.01")


def test_every_policy_year_can_be_assessed():
    for year in POLICY_YEARS.values():
        assert assess(enterprise(1200), replace(NATIONAL, policy=year)).payable > 0
