"""The arithmetic of rewards: each region's formula by example, and every formula against an independent
computation."""

import tomllib
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from law.support.rewards import RewardBasis, RewardFacts, RewardOutcome, RewardTerms, reward
from tests.law.reward_oracle import reward_in_fen

D = Decimal


def terms_of(region: str) -> RewardTerms:
    """The formula that the project ships for a region."""
    text = (settings.BASE_DIR / "fixtures" / "reward_programmes.toml").read_text(encoding="utf-8")
    entry = next(entry for entry in tomllib.loads(text)["programme"] if entry["region"] == region)
    return RewardTerms(
        threshold_ratio=D(entry["threshold_ratio"]),
        whole_heads=entry["whole_heads"],
        minimum_excess=D(entry["minimum_excess"]),
        severe_counts=entry["severe_counts"],
        basis=RewardBasis(entry["basis"]),
        rate=D(entry["rate"]),
        citation=entry["document_number"],
        cap=D(entry["cap"]) if "cap" in entry else None,
        maximum_years=entry.get("maximum_years"),
        excluded_entity_types=frozenset(entry.get("excluded_entity_types", ())),
    )


def facts(**changes: object) -> RewardFacts:
    """An enterprise of 100 staff (18 person-months within the ratio of 1.5 %) where the minimum wage is 2,000.00."""
    base = RewardFacts("enterprise", staff_months=1200, credited_months=0, head_months=0, minimum_wage=D("2000.00"))
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("region", "credited", "heads", "amount"),
    [
        # 42 − 18 = 24 person-months are two whole heads; 41 are 1.92, of which one is paid.
        ("140000", 42, 42, "24000.00"),
        ("140000", 41, 41, "12000.00"),
        ("140000", 29, 29, "0.00"),
        # Inner Mongolia pays the fraction once a whole head is reached: 30 − 18 = 12, 39 − 18 = 21.
        ("150000", 30, 30, "10000.00"),
        ("150000", 39, 39, "17500.00"),
        ("150000", 29, 29, "0.00"),
        # Hunan pays any fraction: one person-month is a twelfth of six minimum wages.
        ("430000", 19, 19, "1000.00"),
        ("430000", 18, 18, "0.00"),
        # Hainan counts a severe case once and whole heads only: 54 credited by 30 head-months are one head.
        ("460000", 54, 30, "10000.00"),
        ("460000", 54, 29, "0.00"),
        ("640000", 24, 24, "5000.00"),
        # Guizhou: nothing below one head, 2,000 yuan a head, at most 100,000 an employer.
        ("520000", 29, 29, "0.00"),
        ("520000", 30, 30, "2000.00"),
        ("520000", 18 + 12 * 60, 738, "100000.00"),
        ("120000", 42, 42, "19200.00"),
        ("440300", 54, 30, "12000.00"),
        ("320200", 24, 24, "4000.00"),
    ],
)
def test_each_regions_formula_gives_its_amount(region, credited, heads, amount):
    result = reward(facts(credited_months=credited, head_months=heads), terms_of(region))
    assert result.amount == D(amount)


def test_budget_funded_units_get_nothing_where_the_text_excludes_them():
    result = reward(facts(entity_type="institution", credited_months=60), terms_of("150000"))
    assert (result.outcome, result.amount) == (RewardOutcome.EXCLUDED, D("0.00"))


def test_hainan_stops_after_six_years_in_all():
    earned = facts(credited_months=60, head_months=60)
    assert reward(replace(earned, years_before=5), terms_of("460000")).outcome is RewardOutcome.REWARDED
    assert reward(replace(earned, years_before=6), terms_of("460000")).outcome is RewardOutcome.YEARS_USED_UP


def test_exactly_the_ratio_is_not_over_it():
    assert reward(facts(credited_months=18), terms_of("430000")).outcome is RewardOutcome.NOT_OVER


def test_without_a_minimum_wage_nothing_is_guessed():
    result = reward(facts(credited_months=60, minimum_wage=None), terms_of("430000"))
    assert (result.outcome, result.amount) == (RewardOutcome.NO_MINIMUM_WAGE, D("0.00"))
    assert "没有登记当地最低工资" in result.steps[-1].formula


def test_steps_show_every_figure_with_its_numbers_and_source():
    result = reward(facts(credited_months=41, head_months=41), terms_of("140000"))
    assert [(step.code, step.value) for step in result.steps] == [
        ("required_months", D("18")),
        ("counted_months", 41),
        ("excess_months", D("23")),
        ("rewarded_heads", D("1")),
        ("per_head", D("12000")),
        ("amount", D("12000.00")),
    ]
    assert result.steps[3].formula == "23 ÷ 12，只取整数"
    assert result.steps[4].formula == "当地月最低工资 2,000.00 × 6"
    assert {step.citation for step in result.steps} == {"山西省2023年2月8日公布，文号待核对"}


def test_the_cap_is_shown_beside_what_it_cuts():
    formula = reward(facts(credited_months=738), terms_of("520000")).steps[-1].formula
    assert formula == "720 × 2,000.00 ÷ 12，四舍五入到分 = 120,000.00，每户每年以 100,000.00 为限"


@pytest.mark.parametrize("wrong", [{"severe_counts": 3}, {"threshold_ratio": D(0)}, {"rate": D(0)}])
def test_terms_outside_their_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        replace(terms_of("430000"), **wrong)


terms = st.builds(
    RewardTerms,
    threshold_ratio=st.sampled_from([D("0.015"), D("0.016"), D("0.017"), D("0.02")]),
    whole_heads=st.booleans(),
    minimum_excess=st.sampled_from([D(0), D("0.5"), D(1), D(2)]),
    severe_counts=st.sampled_from([1, 2]),
    basis=st.sampled_from(RewardBasis),
    rate=st.decimals("0.5", 20_000, places=2),
    citation=st.just("文号"),
    cap=st.none() | st.decimals(1, 200_000, places=2),
)
years = st.builds(
    RewardFacts,
    entity_type=st.just("enterprise"),
    staff_months=st.integers(0, 60_000),
    credited_months=st.integers(0, 4_000),
    head_months=st.integers(0, 2_000),
    minimum_wage=st.decimals(1500, 3000, places=2),
)


@effort(max_examples=1_500, deadline=None)
@given(years, terms)
def test_amount_equals_an_independent_reckoning(year, formula):
    per_head = Fraction(formula.rate) * (
        Fraction(year.minimum_wage) if formula.basis is RewardBasis.MINIMUM_WAGES else 1
    )
    expected = reward_in_fen(
        staff_months=year.staff_months,
        months=year.credited_months if formula.severe_counts == 2 else year.head_months,
        ratio=Fraction(formula.threshold_ratio),
        only_whole=formula.whole_heads,
        least_heads=Fraction(formula.minimum_excess),
        yuan_per_head=per_head,
        cap=None if formula.cap is None else Fraction(formula.cap),
    )
    result = reward(year, formula)
    assert result.amount == Decimal(expected).scaleb(-2)
    assert result.steps[-1].value == result.amount


@effort(max_examples=500, deadline=None)
@given(years, terms)
def test_one_more_credited_month_never_lowers_a_reward(year, formula):
    more = replace(year, credited_months=year.credited_months + 1, head_months=year.head_months + 1)
    assert reward(more, formula).amount >= reward(year, formula).amount
