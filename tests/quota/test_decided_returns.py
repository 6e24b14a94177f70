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
from quota.exchange.kinds import RETURNS
from quota.exchange.loading import Mode
from quota.exchange.staging import Staging
from quota.models import Employer, HeadcountReturn
from quota.services.verification import review_return
from tests.accounts.factories import officer
from tests.quota.exchange_files import load
from tests.quota.factories import EmployerFactory, verified_year
from tests.quota.test_exchange_loading import CODES, filing

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


@pytest.mark.django_db(transaction=True)
def test_a_review_waits_for_the_file_that_rewrites_the_return(
    employer: Employer, monkeypatch: pytest.MonkeyPatch
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
    load(RETURNS, [filing(staff="90")])
    person.join()
    filed.refresh_from_db()
    assert (filed.state, filed.staff_months, len(refused)) == (ReturnState.SUBMITTED, 1080, 1)
