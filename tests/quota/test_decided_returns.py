"""What two people decided stands, whatever a file says afterwards or meanwhile."""

import threading
from collections.abc import Mapping
from datetime import date

import pytest
from django.db import connection

from accounts.permissions import Role
from audit.errors import TransitionNotAllowed
from quota.checks import run_checks
from quota.enums import ReturnState
from quota.exchange.contract import Kind
from quota.exchange.kinds import PLACEMENTS, RETURNS
from quota.exchange.loading import Mode
from quota.exchange.staging import Staging
from quota.models import Employer, HeadcountReturn, Placement
from quota.services.verification import review_return
from tests.accounts.factories import officer
from tests.quota.exchange_files import load, reasons
from tests.quota.factories import EmployerFactory, identity_number, verified_year
from tests.quota.test_exchange_loading import CODES, filing, placed

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory(uscc=CODES[0])


@pytest.mark.parametrize("row", [filing("2026-06-07"), filing("2026-05-06", staff="90")])
def test_a_verified_return_is_neither_replaced_nor_rewritten(employer: Employer, row: list[str]) -> None:
    verified_year(employer, filed_on=date(2026, 5, 6))
    report = load(RETURNS, [row], Mode.APPLY_VALID)
    assert [fault.heading for fault in report.faults] == ["申报日期"]
    kept = HeadcountReturn.objects.get()
    assert (kept.state, kept.is_in_force, kept.staff_months) == (ReturnState.VERIFIED, True, 1200)


def test_a_late_return_stands_beside_a_verified_one(employer: Employer) -> None:
    verified_year(employer, filed_on=date(2026, 5, 6))
    load(RETURNS, [filing("2026-12-01")])
    assert HeadcountReturn.objects.get(is_in_force=True).state == ReturnState.VERIFIED
    assert HeadcountReturn.objects.get(is_in_force=False).state == ReturnState.REPLACED


@pytest.mark.parametrize("state", [ReturnState.REVIEWED, ReturnState.VERIFIED])
def test_nobody_new_joins_the_people_of_a_decided_return(employer: Employer, state: ReturnState) -> None:
    known = identity_number()
    load(PLACEMENTS, [placed(known)])
    verified_year(employer, filed_on=date(2026, 5, 6))
    HeadcountReturn.objects.update(state=state)
    report = load(PLACEMENTS, [placed(known, post="文员"), placed(identity_number())], Mode.APPLY_VALID)
    assert reasons(report) == [(3, "费款所属年度", "该单位本年度的申报已审核认定。")]
    assert "撤回认定" in report.faults[0].cure
    assert (report.new, report.changed, Placement.objects.get().post) == (0, 1, "文员")
    HeadcountReturn.objects.update(state=ReturnState.CHECKED)
    assert load(PLACEMENTS, [placed(identity_number())]).new == 1


def test_a_return_waits_for_the_check_of_people_who_come_with_a_file(employer: Employer) -> None:
    load(RETURNS, [filing()])
    row = placed(identity_number())
    for state in (ReturnState.SUBMITTED, ReturnState.CHECKED):  # the second time the row is known and checked
        run_checks(levy_year=2025, region_code="140105")
        load(PLACEMENTS, [row])
        assert HeadcountReturn.objects.get().state == state


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [RETURNS, PLACEMENTS])
def test_a_review_waits_for_the_file_that_changes_the_return(
    employer: Employer, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    load(RETURNS, [filing()])
    run_checks(levy_year=2025, region_code="140105")
    filed, reviewer, refused = HeadcountReturn.objects.get(), officer(Role.VERIFIER, "140105"), []

    def review() -> None:
        try:
            review_return(headcount_return=filed, actor=reviewer)
        except TransitionNotAllowed as error:
            refused.append(error)
        finally:
            connection.close()

    person, write = threading.Thread(target=review), Staging.write

    def meanwhile(staging: Staging, values: Mapping[str, object]) -> tuple[int, int]:
        person.start()
        person.join(0.5)
        return write(staging, values)

    monkeypatch.setattr(Staging, "write", meanwhile)
    load(kind, [filing(staff="90") if kind is RETURNS else placed(identity_number())])
    person.join()
    filed.refresh_from_db()
    assert (filed.state, len(refused)) == (ReturnState.SUBMITTED, 1)
