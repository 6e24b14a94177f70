"""A year's rewards beside its collection: decided, paid and open, for the people who decide about them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Region, User
from accounts.permissions import Role
from quota.enums import NumberKind
from subsidies.models import Award, Programme
from subsidies.queries.fund import Rewards, rewards_of
from subsidies.services import awards as services
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year

SignIn = Callable[..., Client]
COUNTY, NEIGHBOUR = "140105", "140106"
EACH = Decimal("24000.00")
PAGE = f"/collection/?levy_year=2025&region={COUNTY}"


def finance() -> User:
    return officer(Role.FINANCE_OFFICER, "140000")


@pytest.fixture
def awards(db: None) -> list[Award]:
    """Five of 24,000.00 in the county: one proposed, one refused, two approved, one paid; one more next door."""
    programme = Programme.objects.create(
        region=RegionFactory(code="140000"), valid_from=date(2020, 1, 1), document_number="测试〔2020〕1号",
        threshold_ratio=Decimal("0.015"), whole_heads=False, minimum_excess=0, severe_counts=2,
        basis="minimum_wages", rate=6,
    )  # fmt: skip
    for code in (*[COUNTY] * 5, NEIGHBOUR):
        verified_year(EmployerFactory(region=RegionFactory(code=code)), credited=42)
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()
    services.PROGRAMMES.approve(programme, actor=finance(), reason="已核对")
    services.compute_awards(programme=programme, levy_year=2025, actor=finance())
    found = list(Award.objects.filter(region_id=COUNTY).order_by("pk"))
    assert {award.amount for award in found} == {EACH}
    services.AWARDS.reject(found[1], actor=finance(), reason="单位已注销")
    for award in found[2:]:
        services.AWARDS.approve(award, actor=finance())
    services.pay_award(found[4], actor=finance())
    return found


def test_decided_are_the_approved_and_the_paid_and_nothing_refused(awards: list[Award]) -> None:
    found = rewards_of(2025, Region.objects.get(code=COUNTY))
    assert found == Rewards(
        proposed_count=1, proposed=EACH, decided_count=3, decided=3 * EACH, paid_count=1, paid=EACH
    )
    assert found.unpaid == 2 * EACH
    assert rewards_of(2024, Region.objects.get(code=COUNTY)).decided == 0
    assert rewards_of(2025, Region.objects.get(code="140000")).proposed_count == 2


def test_finance_sees_them_beside_the_collection_and_nobody_else(awards: list[Award], signed_in: SignIn) -> None:
    html = signed_in(Role.FINANCE_OFFICER, COUNTY).get(PAGE).content.decode()
    assert "已决定" in html
    assert "72,000.00元" in html
    assert "48,000.00元" in html
    for role in (Role.TAX_OFFICER, Role.LEVY_OFFICER, Role.AUDITOR):
        assert "72,000.00元" not in signed_in(role, COUNTY).get(PAGE).content.decode()


def test_the_page_costs_one_query_more_and_at_most_twelve(
    awards: list[Award], signed_in: SignIn, queries: Callable[[Client, str], int]
) -> None:
    cost = queries(signed_in(Role.FINANCE_OFFICER, COUNTY), PAGE)
    assert cost == queries(signed_in(Role.AUDITOR, COUNTY), PAGE) + 1
    assert cost <= 12
