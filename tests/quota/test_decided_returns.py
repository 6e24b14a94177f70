"""Two people's decision stays, whatever a file brings later or at the same time."""

import threading
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from django.db import connection

from accounts.models import User
from accounts.permissions import Role
from audit.errors import TransitionNotAllowed
from exchange.engine.contract import Kind
from exchange.engine.loading import Mode
from exchange.engine.staging import Staging
from law.codes import CertificateState
from quota.enums import NumberKind, ReturnState
from quota.kinds import PLACEMENTS, RETURNS
from quota.models import Certificate, Employer, HeadcountReturn, Placement
from quota.services.batches import review_agreeing, verify_agreeing, verify_region
from quota.services.checks import run_checks
from quota.services.verification import reopen_return, return_to_review, review_return
from quota.tasks import check_waiting
from tests.accounts.factories import officer
from tests.exchange.files import load, reasons
from tests.exchange.test_loading import CODES, filing, placed
from tests.quota.factories import (
    EmployerFactory,
    filed_return,
    identity_number,
    placement,
    regional_number,
    verified_year,
)

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


Act = Callable[[HeadcountReturn, User, User], object]


def review(filed: HeadcountReturn, first: User, second: User) -> None:
    with pytest.raises(TransitionNotAllowed):
        review_return(headcount_return=filed, actor=first)


def review_the_agreeing(filed: HeadcountReturn, first: User, second: User) -> None:
    done = review_agreeing(levy_year=filed.levy_year, region=filed.employer.region, actor=first)
    assert done.returns == 0


def verify_the_region(filed: HeadcountReturn, first: User, second: User) -> None:
    done = verify_region(levy_year=filed.levy_year, region=filed.employer.region, first=first, second=second)
    assert done.returns == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [review, review_the_agreeing, verify_the_region])
@pytest.mark.parametrize("kind", [RETURNS, PLACEMENTS])
def test_a_decision_waits_for_the_file_that_changes_the_return_and_comes_too_late(
    employer: Employer, monkeypatch: pytest.MonkeyPatch, kind: Kind, act: Act
) -> None:
    load(RETURNS, [filing()])
    run_checks(levy_year=2025, region_code="140105")
    filed = HeadcountReturn.objects.select_related("employer__region").get()
    people = officer(Role.VERIFIER, "140105"), officer(Role.VERIFIER, "140105")
    write, ended = Staging.write, []

    def decide() -> None:
        try:
            ended.append(act(filed, *people))
        finally:
            connection.close()

    person = threading.Thread(target=decide)

    def meanwhile(staging: Staging, values: Mapping[str, object]) -> tuple[int, int]:
        person.start()
        person.join(0.5)
        return write(staging, values)

    monkeypatch.setattr(Staging, "write", meanwhile)
    load(kind, [filing(staff="90") if kind is RETURNS else placed(identity_number())])
    person.join()
    filed.refresh_from_db()
    assert (filed.state, len(ended)) == (ReturnState.SUBMITTED, 1)
    assert not filed.verified_headcounts.exists()


@pytest.mark.parametrize("is_verified", [False, True])
def test_what_comes_back_to_the_first_review_is_checked_by_what_the_registers_say_by_then(is_verified: bool) -> None:
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    first, second = officer(Role.VERIFIER, "140105"), officer(Role.VERIFIER, "140105")
    filed = filed_return(EmployerFactory(region_id="140105"))
    row = placement(filed.employer)
    place = {"levy_year": filed.levy_year, "region": filed.employer.region}
    run_checks(levy_year=filed.levy_year, region_code="140105")
    assert review_agreeing(**place, actor=first).returns == 1
    if is_verified:
        assert verify_agreeing(**place, actor=second).returns == 1
    Certificate.objects.filter(number_key=row.certificate_key).update(state=CertificateState.CANCELLED)
    run_checks(levy_year=filed.levy_year, region_code="140105")
    back = reopen_return if is_verified else return_to_review
    back(headcount_return=filed, reason="证件已注销", actor=first)
    assert review_agreeing(**place, actor=first).returns == 0
    check_waiting()
    filed.refresh_from_db()
    assert (filed.state, filed.computed_months, filed.has_findings) == (ReturnState.CHECKED, 0, True)
    assert review_agreeing(**place, actor=first).returns == 0
