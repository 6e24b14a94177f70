"""Employers' years for property tests, drawn close to where the law changes its mind."""

import os
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from levy.policy import POLICY_YEARS, policy_year
from levy.rules import (
    AssessmentRules,
    CreditedRounding,
    EntityType,
    Facts,
    NewEmployer,
    ShortfallRounding,
    StaffRounding,
    Terms,
    WageBase,
)

LONG = os.environ.get("LEVY_LONG") == "1"


def examples(usual: int, long: int) -> settings:
    """So many examples, more with LEVY_LONG=1."""
    return settings(
        max_examples=long if LONG else usual,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def _decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    scale = 10**places
    return st.integers(int(Decimal(low) * scale), int(Decimal(high) * scale)).map(
        lambda units: Decimal(units).scaleb(-places)
    )


RATIOS = st.sampled_from([Decimal(text) for text in ("0.015", "0.015000", "0.016", "0.017", "0.02")])
# 30 and 20 staff are 360 and 240 person-months; registrations bring four decimals.
STAFF = st.one_of(
    st.sampled_from([1, 239, 240, 241, 359, 360, 361, 372, 1200, 2400]),
    st.integers(1, 3000),
    st.integers(1, 5_000_000),
    _decimals("0.01", "400", 4),
    st.sampled_from([Decimal("360.0012"), Decimal("360.0001"), Decimal("359.9999")]),
)
SOCIAL = st.one_of(st.just(Decimal("84876.00")), _decimals("20000", "200000", 2))


@st.composite
def terms(draw: st.DrawFn, rules: st.SearchStrategy[AssessmentRules] | None = None) -> Terms:
    year = policy_year(draw(st.sampled_from(sorted(POLICY_YEARS))))
    return Terms(
        year, draw(RATIOS), draw(SOCIAL), rules=draw(rules) if rules else AssessmentRules()
    )


@st.composite
def facts(draw: st.DrawFn, terms: Terms) -> Facts:
    """Facts that can be assessed: a payer with staff and wages."""
    staff = draw(STAFF)
    year = terms.policy.levy_year
    return Facts(
        entity_type=draw(st.sampled_from([EntityType.ENTERPRISE, *EntityType])),
        staff_months=staff,
        total_wages=draw(_wages(staff, terms)),
        credited_months=draw(_credited(staff, terms)),
        transferred_staff_months=draw(st.one_of(st.just(0), st.just(0), st.integers(-40, 40))),
        registered_on=draw(st.one_of(st.none(), _registrations(year))),
    )


def _registrations(year: int) -> st.SearchStrategy[date]:
    edges = [date(year - 3, 12, 30), date(year - 3, 12, 31), date(year - 2, 1, 1), date(year, 1, 1), date(year, 12, 31)]
    return st.one_of(st.sampled_from(edges), st.dates(date(year - 5, 1, 1), date(year, 12, 31)))


def _wages(staff: Decimal | int, terms: Terms) -> st.SearchStrategy[Decimal]:
    """Totals around the cap, on it, on half a fen of the average, and anywhere."""
    heads = Decimal(staff) / 12
    cap = 2 * terms.social_average_wage * heads
    near = st.sampled_from([cap, cap + Decimal("0.01"), cap - Decimal("0.01"), heads * Decimal("0.005")])
    return st.one_of(near.map(lambda total: total.quantize(Decimal("0.01"))), _decimals("0", "100000000000", 2))


def _credited(staff: Decimal | int, terms: Terms) -> st.SearchStrategy[int]:
    """Whole person-months on and around 1 % and the required ratio, and anywhere below."""
    marks = [int(staff * share) + step for share in (Decimal("0.01"), terms.required_ratio) for step in (-1, 0, 1)]
    return st.one_of(
        st.just(0), st.sampled_from([max(mark, 0) for mark in marks]), st.integers(0, max(int(staff) // 40, 1))
    )


RULES = st.builds(
    AssessmentRules,
    staff_rounding=st.sampled_from(StaffRounding),
    credited_rounding=st.sampled_from(CreditedRounding),
    shortfall_rounding=st.sampled_from(ShortfallRounding),
    wage_base=st.sampled_from(WageBase),
    new_employer=st.sampled_from(NewEmployer),
)
