"""Dispatched people in the annual run: months and staff move only after the agency's count is verified."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from accounts.permissions import Role
from law.codes import EmploymentForm
from levy.errors import AgencyReopened
from levy.models import Assessment, Supersession
from levy.services import corrections, runs
from quota.enums import DecisionReason, NumberKind
from quota.models import Employer, HeadcountReturn
from quota.services.batches import review_agreeing, verify_agreeing, verify_region
from quota.services.checks import run_checks
from quota.services.verification import decide_placement, reopen_return, review_return, verify_return
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import YEAR, EmployerFactory, agreement, filed_return, identity_number, placement
from tests.quota.factories import regional_number as number

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency(db: None) -> Employer:
    """An agency that dispatches one person to a host for the whole year."""
    number(NumberKind.MINIMUM_WAGE, "1980.00")
    number(NumberKind.REQUIRED_RATIO, "0.015")
    number(NumberKind.SOCIAL_AVERAGE_WAGE, "84876.00")
    agency, host = EmployerFactory(name="派遣"), EmployerFactory(name="用工")
    identity = identity_number()
    for employer in (agency, host):
        filed_return(employer, staff=100)
    placement(agency, identity=identity, form=EmploymentForm.DISPATCH, contract=(date(2024, 1, 1), None))
    agreement(agency, host, identity)
    run_checks(levy_year=YEAR, region_code="140000")
    return agency


def assessed() -> dict[str, tuple[int, int]]:
    """Person-months of staff and credited heads after a new run, by employer."""
    run = runs.start_run(levy_year=YEAR, region=RegionFactory(code="140000"), actor=None)
    for _step in runs.work_off(run):
        pass
    rows = Assessment.objects.filter(run=run).values_list("employer__name", "staff_months", "credited_months")
    found = {name: (staff, credited) for name, staff, credited in rows}
    runs.discard_run(run=run, actor=officer(Role.LEVY_OFFICER, "140000"), reason="重算")
    return found


def test_a_transfer_takes_effect_with_the_agency_s_verification_and_ends_with_it(agency: Employer) -> None:
    assert assessed() == {"派遣": (1200, 0), "用工": (1200, 0)}
    first, second = officer(Role.VERIFIER, "140000"), officer(Role.VERIFIER, "140000")
    verify_region(levy_year=YEAR, region=RegionFactory(code="140000"), first=first, second=second)
    assert assessed() == {"派遣": (1188, 0), "用工": (1212, 12)}
    filed = HeadcountReturn.objects.get(employer=agency)
    reopen_return(headcount_return=filed, reason="补充材料", actor=first)
    assert assessed() == {"派遣": (1200, 0), "用工": (1200, 0)}


def test_months_decided_on_a_return_that_turns_out_late_move_nowhere(agency: Employer) -> None:
    first, second = officer(Role.VERIFIER, "140000"), officer(Role.VERIFIER, "140000")
    filed, row = HeadcountReturn.objects.get(employer=agency), agency.placements.get()
    decide_placement(
        placement=row, decided=[1] * 11 + [0], actor=first, reason=DecisionReason.EVIDENCE_REJECTED, note="12月未到岗"
    )
    HeadcountReturn.objects.filter(pk=filed.pk).update(is_late=True, filed_on=date(YEAR + 1, 11, 1))
    review_return(headcount_return=filed, actor=first)
    verify_return(headcount_return=filed, actor=second)
    assert assessed() == {"派遣": (1200, 0), "用工": (1200, 0)}
    run_checks(levy_year=YEAR, region_code="140000")
    assert assessed() == {"派遣": (1200, 0), "用工": (1200, 0)}


def test_a_batch_moves_the_months_that_count_when_it_verifies(agency: Employer) -> None:
    """Here a decision was taken back after the last check had moved what it left."""
    first, second = officer(Role.VERIFIER, "140000"), officer(Role.VERIFIER, "140000")
    row, place = agency.placements.get(), {"levy_year": YEAR, "region": RegionFactory(code="140000")}
    decide_placement(placement=row, decided=[0] * 12, actor=first, reason=DecisionReason.EVIDENCE_REJECTED)
    run_checks(levy_year=YEAR, region_code="140000")
    decide_placement(placement=row, decided=[1] * 12, actor=first)
    review_agreeing(**place, actor=first)
    verify_agreeing(**place, actor=second)
    assert assessed() == {"派遣": (1188, 0), "用工": (1212, 12)}


def test_a_host_is_corrected_once_its_agency_is_verified_anew_and_the_agencys_page_leads_there(
    agency: Employer, signed_in: Callable[..., Client]
) -> None:
    first, second = officer(Role.VERIFIER, "140000"), officer(Role.VERIFIER, "140000")
    verify_region(levy_year=YEAR, region=RegionFactory(code="140000"), first=first, second=second)
    confirmed_run()
    filed, person = HeadcountReturn.objects.get(employer=agency), officer(Role.LEVY_OFFICER, "140000")
    hosts_result = Assessment.objects.get(employer__name="用工")
    given = {"assessment": hosts_result, "ground": "audit", "reason": "重新认定", "actor": person}
    reopen_return(headcount_return=filed, reason="补充材料", actor=first)
    with pytest.raises(AgencyReopened):
        corrections.propose_correction(**given)
    run_checks(levy_year=YEAR, region_code="140000")
    decide_placement(
        placement=agency.placements.get(),
        decided=[1] * 6 + [0] * 6,
        actor=first,
        reason=DecisionReason.EVIDENCE_REJECTED,
        note="7月离岗",
    )
    filed.refresh_from_db()
    review_return(headcount_return=filed, actor=first)
    verify_return(headcount_return=filed, actor=second)
    page = signed_in(person).get(f"/employers/{agency.uscc}/{YEAR}/correct/").content.decode()
    assert f'href="/employers/{hosts_result.employer.uscc}/{YEAR}/correct/">用工</a>' in page
    corrections.propose_correction(**given)
    assert Supersession.objects.get().new.credited_months == 6
