"""Received and due amounts: a region's lists, and one employer's account."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.permissions import Role
from audit.models import AuditEntry
from collection.models import Payment
from collection.queries.account import ledger_of
from collection.queries.cases import CaseList, both_sides, collected
from levy.models import Assessment
from levy.queries.corrections import reassess
from levy.services import corrections
from quota.models import Employer, VerifiedHeadcount
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

SignIn = Callable[..., Client]


@pytest.fixture
def employer(db: None) -> Employer:
    """Owes 15,000.00 for 2025 once the run is confirmed."""
    RegionFactory(code="140000")
    found = EmployerFactory(region=RegionFactory(code="140105"))
    verified_year(found, staff=100, wages="6000000.00", credited=12)
    return found


def paid(employer: Employer, amount: str, number: str = "1", on: str = "2026-12-01", year: int = 2025) -> Payment:
    return Payment.objects.create(
        receipt_number=number, employer=employer, levy_year=year, amount=amount, received_on=on, budget_level="县级"
    )


def names(employer: Employer, case: str) -> list[Any]:
    return [found.uscc for found in CaseList(both_sides(2025, employer.region), case)]


def test_less_than_due_is_arrears_and_more_is_overpaid(employer: Employer) -> None:
    confirmed_run()
    paid(employer, "14999.99")
    assert (names(employer, "arrears"), names(employer, "overpaid")) == ([employer.uscc], [])
    paid(employer, "0.01", "2")
    assert (names(employer, "arrears"), names(employer, "overpaid")) == ([], [])
    paid(employer, "0.01", "3")
    assert (names(employer, "arrears"), names(employer, "overpaid")) == ([], [employer.uscc])


def test_money_without_an_assessment_is_told_apart_and_nothing_due_is_not_zero(employer: Employer) -> None:
    paid(employer, "100.00")
    found = collected(both_sides(2025, employer.region))
    assert found.assessed is None
    assert found.counts == {"arrears": 0, "overpaid": 0, "unassessed": 1}
    assert found.sums["unassessed"] == Decimal("100.00")


def test_the_lists_hold_the_region_s_employers_with_the_largest_difference_first(employer: Employer) -> None:
    for code, wages in (("140105", "3000000.00"), ("140202", "6000000.00"), ("140106", "12000000.00")):
        verified_year(EmployerFactory(region=RegionFactory(code=code)), staff=100, wages=wages, credited=12)
    confirmed_run()
    city = RegionFactory(code="140100")
    found = CaseList(both_sides(2025, city), "arrears")
    dues = [row.due for row in found]
    assert dues == sorted(dues, reverse=True) == [row.difference for row in found[0:50]]
    assert {row.region_code for row in found} == {"140105", "140106"}
    assert [found[at : at + 1][0].due for at in range(3)] == dues
    figures = collected(both_sides(2025, city))
    assert (figures.counts["arrears"], figures.sums["arrears"]) == (3, sum(dues))
    assert collected(both_sides(2025, RegionFactory(code="140000"))).counts["arrears"] == 4


def test_refunds_are_told_apart_from_receipts(employer: Employer) -> None:
    confirmed_run()
    paid(employer, "20000.00")
    paid(employer, "-5000.00", "2")
    found = collected(both_sides(2025, employer.region))
    assert (found.received, found.refunded) == (Decimal("20000.00"), Decimal("5000.00"))
    assert found.counts == {"arrears": 0, "overpaid": 0, "unassessed": 0}


def test_the_account_runs_by_day_and_a_correction_moves_it_by_the_difference(employer: Employer) -> None:
    confirmed_run()
    paid(employer, "15000.00", on="2026-01-01")
    VerifiedHeadcount.objects.update(credited_months=6)
    actors = officer(Role.LEVY_OFFICER, "140000"), officer(Role.LEVY_OFFICER, "140000")
    old = Assessment.objects.get()
    change = corrections.propose_correction(
        assessment=old, ground="correction", reason="漏计", actor=actors[0], seen=reassess(old).seen
    )
    corrections.CORRECTIONS.approve(change, actor=actors[1])
    account = ledger_of(employer)
    new = change.new.payable
    assert new != old.payable
    assert [entry.balance for entry in account.entries] == [Decimal("-15000.00"), 0, new - old.payable]
    assert (account.balance, account.years[0].due) == (new - old.payable, new)


def test_the_page_lists_the_employer_and_links_to_its_account(employer: Employer, signed_in: SignIn) -> None:
    confirmed_run()
    client = signed_in(Role.FINANCE_OFFICER, "140000")
    text = client.get("/collection/").content.decode()
    assert f"/employers/{employer.uscc}/account/" in text
    assert "15,000.00" in text
    assert "尚未缴清" in client.get(f"/employers/{employer.uscc}/account/").content.decode()


def test_a_year_without_any_case_is_told_with_its_figures(employer: Employer, signed_in: SignIn) -> None:
    text = signed_in(Role.FINANCE_OFFICER, "140000").get("/collection/").content.decode()
    assert "尚无核定结果" in text
    assert "没有这类单位" in text
    assert "还没有导入本年度的入库缴费" in text


def test_the_surcharge_is_only_worked_out_for_days_that_are_given(employer: Employer, signed_in: SignIn) -> None:
    confirmed_run()
    url = f"/employers/{employer.uscc}/account/"
    client = signed_in(Role.TAX_OFFICER, "140105")
    days = {"levy_year": 2025, "default_on": "2026-12-01", "paid_on": "2026-12-10"}
    assert "滞纳金750.00元" in client.get(url, days).content.decode()  # 15,000 × 5‰ × 10
    assert "滞纳金15,000.00元" in client.get(url, days | {"paid_on": "2028-12-10"}).content.decode()
    assert "滞纳金750.00元" not in client.get(url).content.decode()


def test_a_list_is_downloaded_whole_and_on_record(employer: Employer, signed_in: SignIn) -> None:
    Employer.objects.filter(pk=employer.pk).update(name="=1+1")
    confirmed_run()
    response = signed_in(Role.TAX_OFFICER, "140105").get("/collection/cases.csv?case=arrears")
    lines = b"".join(response).decode("utf-8-sig").splitlines()
    assert lines[1] == f"{employer.uscc},'=1+1,140105,2025,15000.00,0.00,15000.00"
    assert AuditEntry.objects.get(action="levy.collection.download").details["rows"] == 1


def test_another_county_is_neither_shown_nor_downloaded(employer: Employer, signed_in: SignIn) -> None:
    confirmed_run()
    client = signed_in(Role.TAX_OFFICER, "140106")
    assert employer.uscc not in client.get("/collection/?region=140105").content.decode()
    assert client.get("/collection/cases.csv?region=140105").status_code == 404
    assert client.get(f"/employers/{employer.uscc}/account/").status_code == 404


def test_the_pages_cost_the_same_for_many_rows(employer: Employer, signed_in: SignIn) -> None:
    for other in EmployerFactory.create_batch(20, region=employer.region):
        verified_year(other)
    confirmed_run()
    client = signed_in(Role.AUDITOR, "140000")

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    cost("/home/")
    assert cost("/collection/?case=overpaid") <= cost("/collection/") <= 12
    account = f"/employers/{employer.uscc}/account/"
    few = cost(account)
    for number in range(20):
        paid(employer, "1.00", f"n{number}")
    assert cost(account) == few <= 12
