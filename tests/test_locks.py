"""The order of locks (docs/locks.md): two who act at once both come to an end, whichever of them gets the trail first.

The test itself holds the audit chain while both set out: each takes its locks and comes to wait, most of them at the
chain, where PostgreSQL serves in the order of arrival. Then it lets go. A transaction that holds the chain and still
needs a lock deadlocks with one that holds this lock and waits for the chain.
"""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from accounts.models import AccessChange, Region, User
from accounts.permissions import Role
from accounts.services import access_changes, passwords, second_factor
from audit.errors import DomainError
from disclosure import services as publications
from levy.exchange import KINDS
from levy.models import RegionChange
from levy.services import corrections, files, runs
from levy.services.batches import start_batch
from levy.services.notices import issue_notice
from levy.services.parameter_changes import approve_parameter, propose_parameter
from levy.services.region_changes import approve_region_change, propose_region_change
from quota.enums import NumberKind
from quota.models import Employer
from quota.services import filing
from quota.services.sign_in_codes import issue_sign_in_code
from subsidies import services as rewards
from tests.accounts.factories import RegionFactory, officer
from tests.disclosure.factories import draft, published
from tests.levy.factories import confirmed_run, draft_run, started_run
from tests.quota.factories import (
    EmployerFactory,
    employer_account,
    employer_never_late,
    regional_number,
    verified_year,
)
from tests.subsidies.factories import programme

PROVINCE, COUNTY = "140000", "140105"
CHAIN = "SELECT pg_advisory_xact_lock(hashtext('audit chain'))"
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)"

Act = Callable[[], Any]
Pair = Callable[[], tuple[Act, Act]]


class Side(threading.Thread):
    """One of the two, on a connection of its own. `failure` is what ended it, if anything did."""

    def __init__(self, act: Act) -> None:
        super().__init__(daemon=True)
        self.act, self.pid, self.is_connected = act, 0, threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            self.is_connected.set()
            self.act()
        except Exception as failure:
            self.failure = failure
        finally:
            connection.close()

    def sets_out(self) -> None:
        """Come back when the side waits for a lock or has ended."""
        self.start()
        self.is_connected.wait()
        with connection.cursor() as cursor:
            while self.is_alive():
                cursor.execute(WAITS, [self.pid])
                if cursor.fetchone()[0]:
                    return
                self.join(0.01)


def meet(*acts: Act) -> list[Exception | None]:
    """Let them set out one after the other while the chain is held, then let go: how each ended."""
    sides = [Side(act) for act in acts]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHAIN)
        for side in sides:
            side.sets_out()
    for side in sides:
        side.join()
    return [side.failure for side in sides]


def is_deadlock(failure: Exception | None) -> bool:
    return isinstance(failure, OperationalError) and isinstance(failure.__cause__, DeadlockDetected)


# The pairs


@pytest.fixture
def divisions(transactional_db: None) -> None:
    for code in (PROVINCE, "140100", COUNTY, "140106"):
        RegionFactory(code=code)


def county() -> Region:
    return Region.objects.get(code=COUNTY)


def owing() -> Employer:
    employer = EmployerFactory(region=county())
    verified_year(employer, staff=100, wages="6000000.00", credited=12)
    return employer


def a_start(region: str = PROVINCE) -> Act:
    for kind, value in ((NumberKind.REQUIRED_RATIO, "0.015"), (NumberKind.SOCIAL_AVERAGE_WAGE, "80000")):
        regional_number(kind, value)
    who = officer(Role.LEVY_OFFICER, PROVINCE)
    return lambda: runs.start_run(levy_year=2025, region=Region.objects.get(code=region), actor=who)


def an_upload() -> Act:
    """Of the province's own officer: the file points to the province's row."""
    kind, who = KINDS["employers"], officer(Role.TAX_OFFICER, PROVINCE)
    upload = SimpleUploadedFile("单位.csv", ",".join(kind.headings).encode())
    return lambda: files.receive_file(kind=kind, upload=upload, actor=who)


def a_run_starts_and_the_province_uploads() -> tuple[Act, Act]:
    owing()
    return a_start(COUNTY), an_upload()


def admin() -> User:
    return officer(Role.ADMINISTRATOR, PROVINCE)


def a_region_change(name: str = "新名区") -> RegionChange:
    return propose_region_change(
        kind=RegionChange.Kind.RENAME, code=COUNTY, name=name, document_number="民函〔2026〕1号", reason="更名",
        actor=admin(),
    )  # fmt: skip


def a_parameter() -> Any:
    return propose_parameter(
        region=county(), name=NumberKind.SOCIAL_AVERAGE_WAGE, value="90000", valid_from=date(2026, 1, 1),
        valid_until=None, document_number="晋统〔2027〕1号", source="统计局", actor=admin(),
    )  # fmt: skip


def a_renaming_and_a_notice() -> tuple[Act, Act]:
    owing()
    assessment = confirmed_run(region=COUNTY).assessments.get()
    change, approver, who = a_region_change(), admin(), officer(Role.LEVY_OFFICER, COUNTY)
    return (
        lambda: approve_region_change(change=change, actor=approver),
        lambda: issue_notice(assessment=assessment, actor=who),
    )


def a_renaming_and_a_parameter() -> tuple[Act, Act]:
    change, parameter, approver = a_region_change(), a_parameter(), admin()
    return (
        lambda: approve_region_change(change=change, actor=approver),
        lambda: approve_parameter(change=parameter, actor=approver),
    )


def a_renaming_and_a_run() -> tuple[Act, Act]:
    owing()
    change, approver = a_region_change(), admin()
    return lambda: approve_region_change(change=change, actor=approver), a_start()


def two_parameters_one_of_them_by_command() -> tuple[Act, Act]:
    first, second, parameter = admin(), admin(), a_parameter()
    command = ["regional_setting", COUNTY, "shortfall_rounding", "none"]
    named = {"valid_from": date(2026, 1, 1), "document": "晋财〔2026〕1号"}
    return (
        lambda: call_command(*command, first=first.username, second=second.username, **named),
        lambda: approve_parameter(change=parameter, actor=second),
    )


def a_handing_over_and_the_notices() -> tuple[Act, Act]:
    owing()
    run = confirmed_run(region=COUNTY)
    taker, printer = officer(Role.TAX_OFFICER, COUNTY), officer(Role.LEVY_OFFICER, COUNTY)
    return lambda: runs.hand_over_run(run=run, actor=taker), lambda: start_batch(run=run, actor=printer)


def a_confirmation_and_a_supplement() -> tuple[Act, Act]:
    first = owing()
    confirmed_run(region=COUNTY)
    second = EmployerFactory(region=county())
    verified_year(second, staff=100, wages="6000000.00", credited=0)
    who, other = officer(Role.LEVY_OFFICER, "140100"), officer(Role.LEVY_OFFICER, "140100")
    proposed = corrections.propose_supplement(employer=second, levy_year=2025, reason="漏征", actor=who)
    assert first
    RegionFactory(code="140106")
    verified_year(EmployerFactory(region_id="140106"), staff=100, wages="6000000.00", credited=0)
    run = draft_run(region="140106")
    runs.check_run(run=run, actor=officer(Role.LEVY_OFFICER, PROVINCE))
    confirmer = officer(Role.LEVY_OFFICER, PROVINCE)
    return (
        lambda: runs.confirm_run(run=run, actor=confirmer),
        lambda: corrections.approve_correction(correction=proposed, actor=other),
    )


def a_slice_and_a_discarding() -> tuple[Act, Act]:
    owing()
    run = started_run(region=COUNTY)
    who = officer(Role.LEVY_OFFICER, COUNTY)
    return (
        lambda: runs.discard_run(run=run, actor=who, reason="重算"),
        lambda: runs.assess_slice(run_id=run.pk, number=0),
    )


def a_publishing_and_a_withdrawal() -> tuple[Act, Act]:
    """The one that is withdrawn is the one whose place the other takes."""
    owing()
    confirmed_run(region=COUNTY)
    older, newer = published(region=COUNTY), draft(region=COUNTY)
    who, other = officer(Role.FINANCE_OFFICER, PROVINCE), officer(Role.FINANCE_OFFICER, PROVINCE)
    return (
        lambda: publications.publish(publication=newer, actor=who),
        lambda: publications.withdraw(publication=older, actor=other, reason="有误"),
    )


def a_publishing_and_a_discarding() -> tuple[Act, Act]:
    owing()
    confirmed_run(region=COUNTY)
    published(region=COUNTY)
    newer = draft(region=COUNTY)
    who, other = officer(Role.FINANCE_OFFICER, PROVINCE), officer(Role.FINANCE_OFFICER, PROVINCE)
    return (
        lambda: publications.publish(publication=newer, actor=who),
        lambda: publications.discard(publication=newer, actor=other, reason="有误"),
    )


def proposed_access(kind: AccessChange.Kind, person: User, role: Role | None = None) -> Act:
    change = access_changes.propose(kind=kind, person=person, region=county(), reason="换人", actor=admin(), role=role)
    approver = admin()
    return lambda: access_changes.approve(change=change, actor=approver)


def a_reset_and_new_recovery_codes() -> tuple[Act, Act]:
    person = officer(Role.VERIFIER, COUNTY)
    second_factor.renew_recovery_codes(person=person)
    return (
        proposed_access(AccessChange.Kind.RESET_FACTOR, person),
        lambda: second_factor.renew_recovery_codes(person=person),
    )


def a_post_and_a_new_password() -> tuple[Act, Act]:
    person = officer(Role.VERIFIER, COUNTY)
    return (
        proposed_access(AccessChange.Kind.APPOINT, person, Role.LEVY_OFFICER),
        lambda: passwords.change_password(person=person, password="新的密码-2026-秋", session_key=None),
    )


def a_sign_in_code_and_a_filing() -> tuple[Act, Act]:
    employer = employer_never_late()
    clerk = employer_account(employer)
    User.objects.filter(pk=clerk.pk).update(username=employer.uscc)
    opened = filing.open_return(employer=employer, levy_year=2025, actor=clerk)
    saved = filing.save_return(
        headcount_return=opened, version=opened.version, staff_by_month=[100] * 12, total_wages=6_000_000, actor=clerk
    )
    counter = officer(Role.VERIFIER, COUNTY)
    return (
        lambda: issue_sign_in_code(employer=employer, actor=counter),
        lambda: filing.submit_return(headcount_return=saved, version=saved.version, actor=clerk),
    )


def the_approval_of_a_list_and_of_one_award() -> tuple[Act, Act]:
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    verified_year(EmployerFactory(region=county()), credited=24)
    confirmed_run()
    formula = programme()
    rewards.compute_awards(programme=formula, levy_year=2025, actor=officer(Role.FINANCE_OFFICER, PROVINCE))
    award = formula.awards.get()
    who = officer(Role.FINANCE_OFFICER, PROVINCE)
    whole = {"programme": formula, "levy_year": 2025, "count": 1, "amount": award.amount}
    return (
        lambda: rewards.approve_proposed(**whole, actor=who),
        lambda: rewards.approve_award(award=award, actor=who),
    )


PAIRS: list[Pair] = [
    a_run_starts_and_the_province_uploads,
    a_renaming_and_a_run,
    a_handing_over_and_the_notices,
    a_confirmation_and_a_supplement,
    a_slice_and_a_discarding,
    a_publishing_and_a_withdrawal,
    a_post_and_a_new_password,
    a_sign_in_code_and_a_filing,
    a_renaming_and_a_notice,
    a_renaming_and_a_parameter,
    two_parameters_one_of_them_by_command,
    a_publishing_and_a_discarding,
    a_reset_and_new_recovery_codes,
    the_approval_of_a_list_and_of_one_award,
]


@pytest.mark.parametrize("is_turned", [False, True], ids=["in this order", "the other way round"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.__name__)
def test_two_who_share_locks_both_come_to_an_end(divisions: None, pair: Pair, is_turned: bool) -> None:
    acts = pair()
    failures = meet(*reversed(acts)) if is_turned else meet(*acts)
    assert [failure for failure in failures if failure and not isinstance(failure, DomainError)] == []
    assert None in failures
