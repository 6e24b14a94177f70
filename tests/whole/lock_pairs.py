"""Pairs of acts that share locks, and the meeting of two such acts behind a lock that the test takes first."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from psycopg.errors import DeadlockDetected

from access.models import AccessChange
from access.services.changes import ACCESS, propose
from accounts.models import Region, User
from accounts.permissions import Role
from accounts.sign_in import passwords, second_factor
from audit.errors import DomainError
from collection.services.hand_over import hand_over_run
from disclosure.services import publications
from exchange.kinds import KINDS
from exchange.services import uploads as files
from levy.models import RegionChange
from levy.services import corrections, runs
from levy.services.batches import start_batch
from levy.services.notices import issue_notice
from levy.services.parameter_changes import PARAMETERS, propose_parameter
from levy.services.region_changes import DIVISIONS, propose_region_change
from quota.enums import NumberKind
from quota.models import Employer
from quota.services import filing
from quota.services.sign_in_codes import issue_sign_in_code
from subsidies.services import awards as rewards
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
    """One of the two, on its own connection. `failure` is the exception that ended it, if any."""

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
        """Start it, and return when it waits for a lock or has ended."""
        self.start()
        self.is_connected.wait()
        with connection.cursor() as cursor:
            while self.is_alive():
                cursor.execute(WAITS, [self.pid])
                if cursor.fetchone()[0]:
                    return
                self.join(0.01)


def meet(*acts: Act, behind: str = CHAIN) -> list[Side]:
    """Start them one after the other while a lock is taken, then release it. Returns how each ended."""
    sides = [Side(act) for act in acts]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(behind)
        for side in sides:
            side.sets_out()
    for side in sides:
        side.join()
    return sides


def both_end(sides: list[Side]) -> bool:
    """At least one of them succeeds; the other succeeds or gets a refusal in words."""
    failures = [side.failure for side in sides]
    return None in failures and all(failure is None or isinstance(failure, DomainError) for failure in failures)


def is_deadlock(failure: Exception | None) -> bool:
    return isinstance(failure, OperationalError) and isinstance(failure.__cause__, DeadlockDetected)


# The pairs


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
    """An upload by the province's own officer: the file refers to the province's row."""
    kind, who = KINDS["employers"], officer(Role.TAX_OFFICER, PROVINCE)
    upload = SimpleUploadedFile("单位.csv", ",".join(kind.headings).encode())
    return lambda: files.receive_file(kind=kind, upload=upload, actor=who)


def a_run_starts_and_the_province_uploads() -> tuple[Act, Act]:
    owing()
    return a_start(COUNTY), an_upload()


def admin() -> User:
    return officer(Role.ADMINISTRATOR, PROVINCE)


def parameter_admin() -> User:
    return officer(Role.PARAMETER_ADMINISTRATOR, PROVINCE)


def a_region_change(name: str = "新名区") -> RegionChange:
    return propose_region_change(
        kind=RegionChange.Kind.RENAME, code=COUNTY, name=name, document_number="民函〔2026〕1号", reason="更名",
        actor=admin(),
    )  # fmt: skip


def a_parameter() -> Any:
    return propose_parameter(
        region=county(), name=NumberKind.SOCIAL_AVERAGE_WAGE, value="90000", valid_from=date(2026, 1, 1),
        valid_until=None, document_number="晋统〔2027〕1号", source="统计局", actor=parameter_admin(),
    )  # fmt: skip


def a_renaming_and_a_notice() -> tuple[Act, Act]:
    owing()
    assessment = confirmed_run(region=COUNTY).assessments.get()
    change, approver, who = a_region_change(), admin(), officer(Role.LEVY_OFFICER, COUNTY)
    return (
        lambda: DIVISIONS.approve(change, actor=approver),
        lambda: issue_notice(assessment=assessment, actor=who),
    )


def a_renaming_and_a_parameter() -> tuple[Act, Act]:
    change, parameter, approver, other = a_region_change(), a_parameter(), admin(), parameter_admin()
    return (
        lambda: DIVISIONS.approve(change, actor=approver),
        lambda: PARAMETERS.approve(parameter, actor=other),
    )


def a_renaming_and_a_run() -> tuple[Act, Act]:
    owing()
    change, approver = a_region_change(), admin()
    return lambda: DIVISIONS.approve(change, actor=approver), a_start()


def two_parameters_one_of_them_by_command() -> tuple[Act, Act]:
    first, second, parameter = parameter_admin(), parameter_admin(), a_parameter()
    command = ["regional_setting", COUNTY, "shortfall_rounding", "none"]
    named = {"valid_from": date(2026, 1, 1), "document": "晋财〔2026〕1号"}
    return (
        lambda: call_command(*command, first=first.username, second=second.username, **named),
        lambda: PARAMETERS.approve(parameter, actor=second),
    )


def a_handing_over_and_the_notices() -> tuple[Act, Act]:
    owing()
    run = confirmed_run(region=COUNTY)
    taker, printer = officer(Role.TAX_OFFICER, COUNTY), officer(Role.LEVY_OFFICER, COUNTY)
    return lambda: hand_over_run(run=run, actor=taker), lambda: start_batch(run=run, actor=printer)


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
        lambda: corrections.CORRECTIONS.approve(proposed, actor=other),
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
    """The publication withdrawn is the one that the other replaces."""
    owing()
    confirmed_run(region=COUNTY)
    older, newer = published(region=COUNTY), draft(region=COUNTY)
    who, other = officer(Role.FINANCE_OFFICER, PROVINCE), officer(Role.FINANCE_OFFICER, PROVINCE)
    return (
        lambda: publications.PUBLICATIONS.approve(newer, actor=who),
        lambda: publications.withdraw(older, actor=other, reason="有误"),
    )


def a_publishing_and_a_discarding() -> tuple[Act, Act]:
    owing()
    confirmed_run(region=COUNTY)
    published(region=COUNTY)
    newer = draft(region=COUNTY)
    who, other = officer(Role.FINANCE_OFFICER, PROVINCE), officer(Role.FINANCE_OFFICER, PROVINCE)
    return (
        lambda: publications.PUBLICATIONS.approve(newer, actor=who),
        lambda: publications.PUBLICATIONS.reject(newer, actor=other, reason="有误"),
    )


def proposed_access(kind: AccessChange.Kind, person: User, role: Role | None = None) -> Act:
    change = propose(kind=kind, person=person, region=county(), reason="换人", actor=admin(), role=role)
    approver = admin()
    return lambda: ACCESS.approve(change, actor=approver)


def a_reset_and_new_recovery_codes() -> tuple[Act, Act]:
    person = officer(Role.VERIFIER, COUNTY)
    second_factor.renew_recovery_codes(person=person)
    return (
        proposed_access(AccessChange.Kind.RESET_FACTOR, person),
        lambda: second_factor.renew_recovery_codes(person=person),
    )


def a_post_and_a_new_password() -> tuple[Act, Act]:
    person = officer(Role.VERIFIER, COUNTY)
    Client().force_login(person)
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
        lambda: rewards.AWARDS.approve(award, actor=who),
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
