"""The amount: against an independent oracle, by properties that always hold, and at the limits of the law."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from law.amount import Assessed, AssessmentRules, Facts, Outcome, assess
from law.arithmetic import divided_half_up
from law.codes import EntityType
from law.policy import Cited, policy_year
from tests.law.oracle import Opinion, Year, opinion
from tests.law.strategies import NATIONAL, NATIONAL_CASES, REGIONAL_CASES, Case, enterprise, examples


def asked(case: Case) -> Opinion:
    """The oracle's result for the same year."""
    given_facts, given_terms = case.facts, case.terms
    staff, rules = given_facts.staff_months, given_terms.rules
    return opinion(
        Year(
            levy_year=given_terms.policy.levy_year,
            entity_type=str(given_facts.entity_type),
            staff_months=None if staff is None else Fraction(staff),
            moved=given_facts.transferred_staff_months,
            credited=Fraction(given_facts.credited_months),
            total_wages=None if given_facts.total_wages is None else Fraction(given_facts.total_wages),
            ratio=Fraction(given_terms.required_ratio),
            social_average=Fraction(given_terms.social_average_wage),
            registered_on=given_facts.registered_on,
            has_return=not given_facts.is_registered_staff,
            staff_rounding=str(rules.staff_rounding),
            credited_rounding=str(rules.credited_rounding),
            shortfall_rounding=str(rules.shortfall_rounding),
            wage_base=str(rules.wage_base),
            new_employer=str(rules.new_employer),
        )
    )


def as_opinion(assessed: Assessed) -> Opinion:
    def fen(amount: Decimal | None) -> int:
        return 0 if amount is None else int(amount.scaleb(2))

    return Opinion(
        str(assessed.outcome),
        *(fen(amount) for amount in (assessed.average_wage, assessed.gross, assessed.relief, assessed.payable)),
    )


# ------------------------------------------------------------------------------------------------------------ oracle


@examples(20_000, 100_000)
@given(NATIONAL_CASES)
def test_the_national_rules_agree_with_the_oracle_to_the_fen(case):
    assert as_opinion(assess(case.facts, case.terms)) == asked(case)


@examples(5_000, 50_000)
@given(REGIONAL_CASES)
def test_every_mix_of_regional_settings_agrees_with_the_oracle_to_the_fen(case):
    assert as_opinion(assess(case.facts, case.terms)) == asked(case)


# ---------------------------------------------------------------------------------------------------- laws that hold


@examples(4_000, 20_000)
@given(REGIONAL_CASES, st.integers(1, 24))
def test_one_more_credited_month_never_raises_what_is_due(case, more):
    placed_more = replace(case.facts, credited_months=case.facts.credited_months + more)

    due, then = assess(case.facts, case.terms).payable, assess(placed_more, case.terms).payable
    assert then is None if due is None else then <= due


@examples(4_000, 20_000)
@given(REGIONAL_CASES)
def test_nothing_is_ever_negative_and_relief_stays_within_the_amount(case):
    result = assess(case.facts, case.terms)

    if result.gross is not None:
        assert 0 <= result.relief <= result.gross
        assert result.payable == result.gross - result.relief
        assert result.staff_months >= 0


@examples(4_000, 20_000)
@given(NATIONAL_CASES)
def test_the_cap_never_raises_what_is_due(case):
    uncapped = replace(case.terms, policy=replace(case.terms.policy, wage_cap_multiple=Cited(None, "none")))

    capped, free = assess(case.facts, case.terms).payable, assess(case.facts, uncapped).payable
    assert (capped is free is None) or capped <= free


@examples(4_000, 20_000)
@given(NATIONAL_CASES)
def test_a_met_ratio_owes_nothing_and_an_unmet_one_lacks_months(case):
    result = assess(case.facts, case.terms)

    if result.outcome is Outcome.MET:
        assert result.required_months <= result.credited_months
        assert result.payable == 0
    elif result.gross is not None:
        assert result.required_months > result.credited_months


@examples(2_000, 20_000)
@given(REGIONAL_CASES)
def test_the_steps_end_in_the_figures(case):
    result = assess(case.facts, case.terms)
    values = {step.code: step.value for step in result.steps}

    assert values["payable"] == result.payable
    if result.gross is not None:
        assert (values["average_wage"], values["charged_wage"]) == (result.average_wage, result.charged_wage)
        assert (values["gross"], values["relief"]) == (result.gross, result.relief)
        assert values["shortfall_months"] == result.shortfall_months
    assert all(step.formula and step.citation for step in result.steps)


# ------------------------------------------------------------------------------------------------------------- edges


@pytest.mark.parametrize(
    ("staff_months", "outcome"),
    [(360, "免征"), (Decimal("360.0012"), "九折"), (Decimal("360") + Decimal("1E-10"), "九折"), (361, "九折")],
)
def test_an_enterprise_is_exempt_up_to_thirty_staff_and_no_further(staff_months, outcome):
    assert assess(enterprise(staff_months), NATIONAL).outcome.label == outcome


@pytest.mark.parametrize("kind", [kind for kind in EntityType if kind not in ("enterprise", "sole_trader")])
def test_only_enterprises_are_exempt(kind):
    assert assess(replace(enterprise(12), entity_type=kind), NATIONAL).outcome is Outcome.NINETY


@pytest.mark.parametrize(("credited", "outcome"), [(11, "九折"), (12, "减半"), (17, "减半"), (18, "已达比例")])
def test_one_per_cent_and_the_ratio_are_reached_when_exactly_met(credited, outcome):
    assert assess(enterprise(1200, credited), NATIONAL).outcome.label == outcome


def test_a_share_a_hair_below_one_per_cent_is_below():
    result = assess(enterprise(Decimal("1200.0000000001"), 12), NATIONAL)

    assert result.outcome is Outcome.NINETY
    assert "低于 1%" in _formula(result, "relief")
    assert "= 1.00%" not in _formula(result, "relief")


def test_a_shortfall_of_a_ten_billionth_owes_nothing_but_is_not_met():
    result = assess(enterprise(Decimal(1200) + Decimal("1E-8"), 18), NATIONAL)

    assert result.outcome is Outcome.HALF
    assert (result.gross, result.payable) == (Decimal("0.00"), Decimal("0.00"))


@pytest.mark.parametrize(
    ("average", "charged"),
    [("169751.99", "169751.99"), ("169752.00", "169752.00"), ("169752.01", "169752.00")],
)
def test_wages_are_charged_up_to_twice_the_social_average(average, charged):
    assert str(assess(enterprise(1200, average=average), NATIONAL).charged_wage) == charged


def test_the_thirty_first_hire_ends_the_exemption_even_if_disabled():
    """Placing someone never raises the levy at fixed staff; here the staff grows with the hire of December."""
    before, after = enterprise(30 * 12, 0), enterprise(30 * 12 + 1, 1)

    assert assess(before, NATIONAL).payable == 0
    assert assess(after, NATIONAL).payable == Decimal("19867.50")


def test_average_wage_is_taken_before_staff_moves_and_the_amount_after():
    handed = enterprise(1200, average=None, total_wages=Decimal(6_000_000), transferred_staff_months=-120)
    result = assess(handed, NATIONAL)

    assert result.average_wage == Decimal("60000.00")
    assert result.staff_months == 1080
    assert result.gross == Decimal("81000.00")


def test_the_exemption_looks_at_staff_after_agreements():
    assert assess(enterprise(372, transferred_staff_months=-12), NATIONAL).outcome is Outcome.EXEMPT
    assert assess(enterprise(360, transferred_staff_months=1), NATIONAL).outcome is Outcome.NINETY


def test_the_exemption_looks_at_staff_before_rounding():
    rounding = replace(NATIONAL, rules=AssessmentRules.from_settings({"staff_rounding": "whole"}))
    almost_thirty_and_a_half = enterprise(365)

    assert assess(almost_thirty_and_a_half, rounding).staff_months == 360
    assert assess(almost_thirty_and_a_half, rounding).outcome is Outcome.NINETY


def test_staff_never_falls_below_nobody():
    result = assess(enterprise(12, transferred_staff_months=-24), NATIONAL)

    assert (result.staff_months, result.outcome) == (0, Outcome.MET)


@pytest.mark.parametrize(
    ("facts_", "reason"),
    [
        (enterprise(None), "无年度申报，也无税务登记职工人数"),
        (enterprise(0), "各月在职职工人数之和 = 0"),
        (enterprise(120, average=None), "缺工资总额"),
        (enterprise(0, is_registered_staff=True), "税务登记"),
    ],
)
def test_without_staff_or_wages_nothing_is_assessed_and_the_steps_say_why(facts_, reason):
    result = assess(facts_, NATIONAL)

    assert result.outcome is Outcome.MISSING
    assert result.payable is None
    assert any(reason in step.formula for step in result.steps)


def test_a_sole_trader_is_not_liable_even_without_data():
    result = assess(Facts(EntityType.SOLE_TRADER, None), NATIONAL)

    assert result.outcome is Outcome.NOT_LIABLE
    assert result.steps[0].citation == "财税〔2015〕72号第二条"


def test_who_was_registered_after_the_year_owes_it_only_by_a_return_of_its_own():
    later = enterprise(1200, registered_on=date(2026, 1, 1))
    stood_in = assess(replace(later, is_registered_staff=True), NATIONAL)
    in_time = assess(enterprise(1200, registered_on=date(2025, 12, 31), is_registered_staff=True), NATIONAL)

    assert stood_in.outcome is Outcome.NOT_LIABLE
    assert "2025年度以后登记设立，没有该年度申报" in stood_in.steps[0].formula
    assert assess(later, NATIONAL).payable == in_time.payable == Decimal("81000.00")


def test_an_unknown_kind_of_employer_is_refused():
    with pytest.raises(KeyError):
        assess(Facts("cooperative", 120, average_wage=Decimal(60000)), NATIONAL)


def test_rounding_is_half_up_at_each_of_the_three_points():
    result = assess(enterprise(1201, average=None, total_wages=Decimal("6005000.50")), NATIONAL)
    tie = assess(replace(enterprise(12), entity_type=EntityType.ORGAN, average_wage=Decimal("6670.005")), NATIONAL)

    assert result.average_wage == Decimal("60000.00")
    assert (tie.average_wage, tie.gross, tie.relief) == (Decimal("6670.01"), Decimal("100.05"), Decimal("10.01"))


def test_a_quotient_is_rounded_once_however_close_it_comes_to_a_tie():
    just_below_half_a_fen = Decimal(5 * 10**57 - 1), Decimal(10**60)

    assert divided_half_up(*just_below_half_a_fen) == 0
    assert divided_half_up(Decimal(5), Decimal(1000)) == Decimal("0.01")


def test_the_surrounding_decimal_context_changes_nothing():
    year = enterprise(2616, 24, None, total_wages=Decimal("18642350.00"), transferred_staff_months=3)
    usual = assess(year, NATIONAL)
    with localcontext(prec=3, rounding=ROUND_DOWN):
        assert assess(year, NATIONAL).steps == usual.steps
        assert assess(year, NATIONAL).payable == usual.payable


# ------------------------------------------------------------------------------------------------------------- steps


def _formula(assessed: Assessed, code: str) -> str:
    return next(step.formula for step in assessed.steps if step.code == code)


def test_the_calculation_sheet_reads_as_the_form_does():
    result = assess(enterprise(2616, 24, None, total_wages=Decimal("18642350.00")), NATIONAL)

    assert [(step.label, step.formula, str(step.value)) for step in result.steps] == [
        ("在职职工人月", "各月在职职工人数之和", "2616"),
        ("年平均工资", "18,642,350.00 ÷（2,616 ÷ 12），四舍五入到分", "85515.37"),
        ("计费工资", "取小者：85,515.37；当地社会平均工资 84,876.00 × 2 = 169,752.00", "85515.37"),
        ("应安排人月", "2,616 × 1.5%", "39.240"),
        ("已安排人月", "审核认定的安排人月（重度残疾每月计2）", "24"),
        ("差额人月", "39.24 − 24", "15.240"),
        ("应纳费额", "15.24 × 85,515.37 ÷ 12，四舍五入到分", "108604.52"),
        (
            "减免费额",
            "安排比例 24 ÷ 2,616 = 0.92%，低于 1%，减征 10%：108,604.52 × 10%，四舍五入到分",
            "10860.45",
        ),
        ("应缴费额", "108,604.52 − 10,860.45", "97744.07"),
    ]
    assert [step.citation for step in result.steps] == [
        "财税〔2015〕72号第八条第二款",
        "财税〔2015〕72号第八条第四款",
        "财政部公告2019年第98号第一条；晋统〔示例〕1号",
        "财税〔2015〕72号第六条；晋财综〔示例〕1号",
        "财税〔2015〕72号第七条；残联厅函〔2022〕63号",
        "财税〔2015〕72号第八条第三款",
        "财税〔2015〕72号第八条第一款",
        "财政部公告2023年第8号第一条",
        "财税〔2015〕72号第八条第一款",
    ]


def test_moved_staff_has_a_line_of_its_own():
    brought = assess(enterprise(1200, 12, transferred_staff_months=12), NATIONAL)
    handed = assess(enterprise(1200, 12, transferred_staff_months=-12), NATIONAL)

    assert _formula(brought, "transfer") == "1,200 + 12（按劳务派遣协议接收）"
    assert _formula(handed, "transfer") == "1,200 − 12（按劳务派遣协议划出）"
    for moved in (brought, handed):
        assert _formula(moved, "credited_months").endswith("按劳务派遣协议划转后")


def test_an_exemption_names_its_limit_and_before_2019_the_registration():
    now = assess(enterprise(345), NATIONAL)
    then = assess(enterprise(345, registered_on=date(2015, 6, 1)), replace(NATIONAL, policy=policy_year(2017)))

    assert _formula(now, "relief").startswith("企业在职职工 345 人月，不超过 30 人 × 12 = 360 人月，免征：25,875.00")
    assert "2015-06-01登记未满3年" in _formula(then, "relief")
