"""The national numbers, year by year, against the dates of their texts."""

from decimal import Decimal

import pytest

from law.policy import POLICY_YEARS, Outcome, PolicyYearMissing, policy_year


def test_every_year_from_2015_to_2026_is_listed_under_its_own_number():
    assert list(POLICY_YEARS) == list(range(2015, 2027))
    assert all(policy_year(year).levy_year == year for year in POLICY_YEARS)


@pytest.mark.parametrize("year", [2014, 2027])
def test_a_year_that_is_not_listed_is_refused(year):
    with pytest.raises(PolicyYearMissing, match=str(year)):
        policy_year(year)


@pytest.mark.parametrize(
    ("years", "multiple", "citation"),
    [
        ([2015], None, "财税〔2015〕72号第八条第一款"),
        ([2016], Decimal(3), "财税〔2017〕18号第二条"),
        ([2017, 2018], Decimal(2), "财税〔2018〕39号"),
        (range(2019, 2027), Decimal(2), "财政部公告2019年第98号第一条"),
    ],
)
def test_the_wage_cap_follows_the_filing_year(years, multiple, citation):
    for year in years:
        cap = policy_year(year).wage_cap_multiple
        assert (cap.value, cap.citation) == (multiple, citation)


@pytest.mark.parametrize(
    ("years", "staff_limit", "term", "citation"),
    [
        ([2015], 20, 3, "财税〔2015〕72号第十六条"),
        ([2016, 2017, 2018], 30, 3, "财税〔2017〕18号第一条"),
        ([2019, 2020, 2021], 30, None, "财政部公告2019年第98号第四条"),
        ([2022, 2023, 2024, 2025, 2026], 30, None, "财政部公告2023年第8号第二条"),
    ],
)
def test_the_exemption_of_small_enterprises_follows_the_filing_year(years, staff_limit, term, citation):
    for year in years:
        exemption = policy_year(year).small_enterprise
        assert (exemption.value.staff_limit, exemption.value.years) == (staff_limit, term)
        assert exemption.citation == citation


@pytest.mark.parametrize(
    ("years", "citation"),
    [
        ([2019, 2020, 2021], "财政部公告2019年第98号第三条"),
        ([2022, 2023, 2024, 2025, 2026], "财政部公告2023年第8号第一条"),
    ],
)
def test_since_levy_year_2019_the_amount_is_relieved_by_tiers(years, citation):
    for year in years:
        tiers = policy_year(year).tiers
        assert tiers.citation == citation
        assert [(tier.at_least, tier.relief, tier.outcome) for tier in tiers.value] == [
            (Decimal("0.01"), Decimal("0.5"), Outcome.HALF),
            (Decimal(0), Decimal("0.1"), Outcome.NINETY),
        ]


@pytest.mark.parametrize("year", [2015, 2016, 2017, 2018])
def test_before_2019_there_are_no_tiers(year):
    assert policy_year(year).tiers.value == ()


def test_what_no_later_text_has_touched_holds_in_every_year():
    for year in POLICY_YEARS.values():
        assert year.ratio_floor.value == Decimal("0.015")
        assert year.surcharge_daily_rate.value == Decimal("0.005")
        assert year.deferral_months_limit.value == 6
        assert year.reduction_years_limit.value == 1


def test_tiers_are_listed_from_the_highest_down():
    for year in POLICY_YEARS.values():
        shares = [tier.at_least for tier in year.tiers.value]
        assert shares == sorted(shares, reverse=True)


def test_versions_tell_years_apart():
    assert policy_year(2025).version == "全国2025-1"
    assert len({year.version for year in POLICY_YEARS.values()}) == len(POLICY_YEARS)


def test_outcomes_have_the_official_words():
    assert [outcome.label for outcome in Outcome] == [
        "已达比例",
        "免征",
        "减半",
        "九折",
        "全额",
        "资料缺失",
        "非征收对象",
    ]
