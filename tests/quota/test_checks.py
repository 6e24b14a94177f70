"""Checks: the registers' evidence about a claim, once per person and month, wherever the person was claimed."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from law.codes import EmploymentForm
from law.counting import AgreementsConflict, Reason
from quota.enums import NumberKind, ReturnState
from quota.models import (
    DispatchTransfer,
    Employer,
    HeadcountReturn,
    Placement,
    PlacementCheck,
    RegionalNumber,
    RegionalSetting,
)
from quota.services import checks
from quota.services.checks import check_employers, run_checks
from quota.services.filing import check_return
from tests.accounts.factories import RegionFactory
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    agreement,
    evidence,
    filed_return,
    identity_number,
    placement,
    regional_number,
)
from tools.roles import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def minimum_wage() -> RegionalNumber:
    return regional_number(NumberKind.MINIMUM_WAGE, "1980.00")


@pytest.fixture
def employer(minimum_wage: RegionalNumber) -> Employer:
    employer = EmployerFactory()
    filed_return(employer)
    return employer


def check() -> None:
    run_checks(levy_year=YEAR, region_code="140000")


def reasons(row: Placement) -> list[Reason]:
    return [Reason(reason) for reason in type(row).objects.get(pk=row.pk).check_result.reasons]


def totals(employer: Employer) -> tuple[int, int, bool, str]:
    filed = HeadcountReturn.objects.in_force().get(employer=employer, levy_year=YEAR)
    return filed.claimed_months, filed.computed_months, filed.has_findings, filed.state


def test_a_sound_year_counts_and_the_return_waits_for_review(employer: Employer) -> None:
    row = placement(employer)
    check()
    assert reasons(row) == [Reason.COUNTED] * 12
    assert totals(employer) == (12, 12, False, ReturnState.CHECKED)
    assert row.check_result.decided == row.check_result.computed == [1] * 12


def test_a_severe_disability_weighs_two(employer: Employer) -> None:
    placement(employer, level=2)
    check()
    assert totals(employer) == (24, 24, False, ReturnState.CHECKED)


def test_an_employer_without_people_is_checked_too(employer: Employer) -> None:
    check()
    assert totals(employer) == (0, 0, False, ReturnState.CHECKED)


def test_what_is_claimed_and_not_counted_is_a_finding(employer: Employer) -> None:
    row = placement(employer, months=range(1, 11))
    check()
    assert reasons(row)[10:] == [Reason.WAGE_NO_DATA] * 2
    assert totals(employer) == (12, 10, True, ReturnState.CHECKED)


def test_months_outside_the_contract_are_neither_claimed_nor_a_finding(employer: Employer) -> None:
    row = placement(employer, contract=(date(YEAR, 7, 1), None))
    check()
    assert reasons(row) == [Reason.OUTSIDE_CONTRACT] * 6 + [Reason.COUNTED] * 6
    assert totals(employer) == (6, 6, False, ReturnState.CHECKED)


def test_wages_of_a_month_add_up(employer: Employer) -> None:
    identity = identity_number()
    row = placement(employer, identity=identity, paid="1000.00")
    check()
    assert set(reasons(row)) == {Reason.WAGE_BELOW_MINIMUM}
    evidence(employer, identity, paid="980.00", insured=None)
    check()
    assert set(reasons(row)) == {Reason.COUNTED}


def test_wages_and_insurance_at_another_employer_or_in_another_year_prove_nothing(employer: Employer) -> None:
    identity = identity_number()
    row = placement(employer, identity=identity, months=[])
    evidence(EmployerFactory(), identity)
    evidence(employer, identity, year=YEAR - 1)
    check()
    assert set(reasons(row)) == {Reason.WAGE_NO_DATA}


def test_all_four_insurances_are_needed_and_no_row_is_not_the_same_as_unpaid(employer: Employer) -> None:
    unpaid, unknown = placement(employer, insured=False), placement(employer, insured=None)
    check()
    assert set(reasons(unpaid)) == {Reason.INSURANCE_INCOMPLETE}
    assert set(reasons(unknown)) == {Reason.INSURANCE_NO_DATA}


def test_the_county_s_minimum_wage_goes_before_the_province_s_and_falls_through_outside_its_dates(
    employer: Employer,
) -> None:
    RegionFactory(code="140105")
    RegionalNumber.objects.create(
        kind=NumberKind.MINIMUM_WAGE,
        region_id="140105",
        value=Decimal("3500.00"),
        valid_from=date(YEAR, 3, 2),
        valid_until=date(YEAR, 6, 1),
        document_number="测试〔2025〕2号",
    )
    row = placement(employer, paid="3000.00")
    check()
    low = [month + 1 for month, reason in enumerate(reasons(row)) if reason is Reason.WAGE_BELOW_MINIMUM]
    assert low == [4, 5, 6]  # the value on the 1st of the month


def test_without_a_minimum_wage_nothing_counts_and_the_reason_says_so(
    employer: Employer, minimum_wage: RegionalNumber
) -> None:
    minimum_wage.delete()
    row = placement(employer)
    check()
    assert set(reasons(row)) == {Reason.MINIMUM_WAGE_UNKNOWN}


def test_a_late_return_credits_nobody() -> None:
    employer = EmployerFactory()
    filed_return(employer, filed_on=date(YEAR + 1, 11, 1))
    row = placement(employer)
    check()
    assert set(reasons(row)) == {Reason.RETURN_LATE}
    assert totals(employer) == (12, 0, True, ReturnState.CHECKED)


def test_people_of_an_employer_without_a_return_are_checked_and_count_nowhere() -> None:
    row = placement(EmployerFactory())
    check()
    assert set(reasons(row)) == {Reason.NO_RETURN}


def test_a_month_claimed_at_two_employers_counts_at_neither(employer: Employer) -> None:
    other, identity = EmployerFactory(), identity_number()
    filed_return(other)
    here = placement(employer, identity=identity)
    there = placement(other, identity=identity, contract=(date(YEAR, 1, 1), date(YEAR, 12, 31)), months=[1, 2])
    check()
    assert reasons(here) == [Reason.TWO_EMPLOYERS] * 2 + [Reason.COUNTED] * 10
    assert reasons(there) == [Reason.TWO_EMPLOYERS] * 2 + [Reason.WAGE_NO_DATA] * 10
    assert totals(employer)[:3] == (12, 10, True)
    assert totals(other)[:3] == (12, 0, True)


def test_a_claim_in_another_region_shows_at_both_but_is_handed_over_by_its_own_check(employer: Employer) -> None:
    RegionFactory(code="140202")
    checked, fresh = EmployerFactory(region_id="140202"), EmployerFactory(region_id="140202")
    identities = [identity_number(), identity_number()]
    for other, identity in zip((checked, fresh), identities, strict=True):
        filed_return(other)
        placement(other, identity=identity)
    check_employers(levy_year=YEAR, employer_ids=[checked.pk])
    assert totals(checked) == (12, 12, False, ReturnState.CHECKED)
    for identity in identities:
        placement(employer, identity=identity)
    run_checks(levy_year=YEAR, region_code="140105")
    assert totals(employer) == (24, 0, True, ReturnState.CHECKED)
    assert totals(checked) == (12, 0, True, ReturnState.CHECKED)
    assert totals(fresh) == (0, 0, False, ReturnState.SUBMITTED)


def test_people_who_come_while_a_check_runs_keep_their_return_waiting(employer: Employer) -> None:
    ready = EmployerFactory()
    filed_return(ready)
    check_employers(levy_year=YEAR, employer_ids=[ready.pk])

    def meanwhile(done: int, total: int) -> None:
        placement(employer)
        placement(ready)

    run_checks(levy_year=YEAR, region_code="140105", on_progress=meanwhile)
    assert totals(employer) == (0, 0, False, ReturnState.SUBMITTED)
    assert totals(ready) == (0, 0, True, ReturnState.CHECKED)  # nobody takes it for one without doubt
    check()
    assert totals(employer) == totals(ready) == (12, 12, False, ReturnState.CHECKED)


def test_a_check_that_dies_between_two_totals_is_made_up_for(
    employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival, identity = EmployerFactory(), identity_number()
    filed_return(rival)
    placement(rival, identity=identity)
    check_employers(levy_year=YEAR, employer_ids=[rival.pk])
    placement(employer, identity=identity)
    settle, settled = checks._settle_totals, []

    def killed(*parts: object) -> int:
        if settled:
            raise KeyboardInterrupt
        settled.append(parts)
        return settle(*parts)

    filed = employer.returns.get()
    monkeypatch.setattr(checks, "_settle_totals", killed)
    with pytest.raises(KeyboardInterrupt):
        check_return(return_id=filed.pk)
    monkeypatch.setattr(checks, "_settle_totals", settle)
    check_return(return_id=filed.pk)
    assert totals(employer) == totals(rival) == (12, 0, True, ReturnState.CHECKED)


def test_one_employers_check_knows_the_rules_of_wherever_its_people_are_claimed(employer: Employer) -> None:
    RegionFactory(code="140202")
    RegionalSetting.objects.create(
        region_id="140202", name="filing_deadline", value="01-02", valid_from=date(YEAR, 1, 1)
    )
    other, identity = EmployerFactory(region_id="140202"), identity_number()
    filed_return(other)
    here, there = placement(employer, identity=identity), placement(other, identity=identity)
    check_employers(levy_year=YEAR, employer_ids=[employer.pk])
    assert set(reasons(here)) == {Reason.COUNTED}
    assert set(reasons(there)) == {Reason.RETURN_LATE}


def test_overlapping_contracts_of_one_employer_are_claimed_and_counted_once(employer: Employer) -> None:
    identity = identity_number()
    placement(employer, identity=identity, contract=(date(2024, 1, 1), date(YEAR, 6, 30)))
    placement(employer, identity=identity, contract=(date(YEAR, 6, 1), None))
    check()
    assert totals(employer) == (12, 12, False, ReturnState.CHECKED)


def test_a_failing_contract_beside_a_sound_one_is_no_finding(employer: Employer) -> None:
    identity = identity_number()
    placement(employer, identity=identity, contract=(date(YEAR, 1, 1), date(YEAR, 6, 30)))
    placement(employer, identity=identity, contract=(date(2024, 1, 1), None))
    check()
    assert totals(employer) == (12, 12, False, ReturnState.CHECKED)


def test_checking_again_changes_no_row(employer: Employer) -> None:
    placement(employer)
    placement(employer, months=[1])
    check()
    before = stored_versions()
    again = run_checks(levy_year=YEAR, region_code="140000")
    assert again.returns == 0
    assert stored_versions() == before


def stored_versions() -> list[tuple[int, str]]:
    """Every row of results with the transaction that wrote it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, xmin::text FROM quota_headcountreturn "
            "UNION ALL SELECT placement_id, xmin::text FROM quota_placementcheck ORDER BY 1, 2"
        )
        return cursor.fetchall()


def test_later_evidence_changes_the_outcome(employer: Employer) -> None:
    identity = identity_number()
    row = placement(employer, identity=identity, months=range(1, 7))
    check()
    assert totals(employer)[:3] == (12, 6, True)
    evidence(employer, identity, months=range(7, 13))
    check()
    assert totals(employer)[:3] == (12, 12, False)
    assert row.check_result.decided == [1] * 12


def test_cutting_the_people_into_slices_changes_nothing(employer: Employer, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [placement(employer, months=range(1, month)) for month in range(2, 12)]
    check()
    whole = [reasons(row) for row in rows], totals(employer)
    connection.cursor().execute("DELETE FROM quota_placementcheck")
    monkeypatch.setattr(checks, "SLICE_PLACEMENTS", 1)
    monkeypatch.setattr(checks, "SLICE_RETURNS", 1)
    check()
    assert ([reasons(row) for row in rows], totals(employer)) == whole


def transfers() -> list[tuple[int, int, int, int, int]]:
    rows = DispatchTransfer.objects.order_by("host")
    return list(rows.values_list("agency", "host", "weight_months", "credited_months", "staff_months"))


def test_an_agreement_moves_counted_months_with_their_staff_to_the_host(employer: Employer) -> None:
    host, identity = EmployerFactory(), identity_number()
    filed_return(host)
    placement(employer, identity=identity, form=EmploymentForm.DISPATCH, level=2, months=range(1, 11))
    agreement(employer, host, identity, since=date(YEAR, 3, 15))
    check()
    assert transfers() == [(employer.pk, host.pk, 16, 16, 8)]
    assert totals(employer)[:2] == (24, 20)  # the agency's own count, before anything moves


def test_a_host_that_filed_late_or_not_at_all_takes_the_staff_and_no_head(employer: Employer) -> None:
    late, silent = EmployerFactory(), EmployerFactory()
    filed_return(late, filed_on=date(YEAR + 1, 11, 1))
    for host in (late, silent):
        identity = identity_number()
        placement(employer, identity=identity, form=EmploymentForm.DISPATCH)
        agreement(employer, host, identity)
    check()
    assert transfers() == [(employer.pk, late.pk, 12, 0, 12), (employer.pk, silent.pk, 12, 0, 12)]


def test_the_host_s_own_check_sees_its_dispatched_people(employer: Employer) -> None:
    """The host filed after the agency was checked: its return decides whether it is credited."""
    host, identity = EmployerFactory(), identity_number()
    placement(employer, identity=identity, form=EmploymentForm.DISPATCH)
    agreement(employer, host, identity)
    check()
    filed_return(host)
    check_employers(levy_year=YEAR, employer_ids=[host.pk])
    assert transfers() == [(employer.pk, host.pk, 12, 12, 12)]


def test_own_staff_and_people_without_an_agreement_stay(employer: Employer) -> None:
    host, identity = EmployerFactory(), identity_number()
    placement(employer, identity=identity, form=EmploymentForm.CONTRACT)
    agreement(employer, host, identity)
    placement(employer, form=EmploymentForm.DISPATCH)
    check()
    assert transfers() == []


def test_a_withdrawn_agreement_brings_the_months_back(employer: Employer) -> None:
    host, identity = EmployerFactory(), identity_number()
    placement(employer, identity=identity, form=EmploymentForm.DISPATCH)
    contract = agreement(employer, host, identity)
    check()
    assert len(transfers()) == 1
    contract.delete()
    check()
    assert transfers() == []


def test_agreements_that_contradict_each_other_end_a_check_in_the_midst_of_its_rows(employer: Employer) -> None:
    """The constraint that prevents such agreements is taken away; one of the two is still to come from PostgreSQL."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quota_dispatchagreement DROP CONSTRAINT agreements_of_a_month_apart")
    for identity in (identity_number(), identity_number()):
        placement(employer, identity=identity, form=EmploymentForm.DISPATCH)
        agreement(employer, EmployerFactory(), identity)
        agreement(employer, EmployerFactory(), identity)
    with pytest.raises(AgreementsConflict):
        check()
    assert not PlacementCheck.objects.exists()


def test_a_region_s_own_deadline_and_age_hold_for_its_claims(employer: Employer) -> None:
    RegionalSetting.objects.create(
        region=RegionFactory(code="140100"),
        name="filing_deadline",
        value="04-30",
        valid_from=date(2020, 1, 1),
        document_number="测试〔2020〕1号",
    )
    other = EmployerFactory(region=RegionFactory(code="140202"))
    filed_return(other)
    identity = identity_number()
    here = placement(employer, identity=identity, contract=(date(2024, 1, 1), date(YEAR, 6, 30)))
    there = placement(other, identity=identity, contract=(date(YEAR, 7, 1), None))
    check()
    assert reasons(here)[:6] == [Reason.RETURN_LATE] * 6  # filed on 6 May
    assert reasons(there)[6:] == [Reason.COUNTED] * 6


def test_a_malformed_region_checks_nobody(employer: Employer) -> None:
    with pytest.raises(ValueError, match="region"):
        run_checks(levy_year=YEAR, region_code="")
    assert totals(employer)[3] == ReturnState.SUBMITTED
