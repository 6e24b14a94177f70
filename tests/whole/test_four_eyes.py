"""Two people (promise A10): one person alone cannot take both steps in any way; two people can.

One person takes the first step and another the second, each through the service of the action; every refusal leaves
the action undone.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from access.models import AccessChange
from access.services.changes import ACCESS, propose
from accounts.models import Appointment, Region, User
from accounts.permissions import SEPARATE_ROLES, Role
from audit.errors import DomainError, SecondPersonNeeded
from casework.services.decisions import Decision
from disclosure.services import publications
from exchange.models import ImportedFile
from exchange.services import uploads
from exchange.services.approvals import file_decision
from levy.models import AssessmentRun, ParameterChange, RegionChange
from levy.services import corrections, runs
from levy.services.parameter_changes import PARAMETERS, propose_parameter
from levy.services.region_changes import DIVISIONS, propose_region_change
from quota.enums import NumberKind
from quota.kinds import EMPLOYERS
from quota.models import HeadcountReturn, VerifiedHeadcount
from quota.services.verification import review_return, send_back, verify_return
from subsidies.models import Award, Programme
from subsidies.services import awards as rewards
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.exchange.files import csv_bytes
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import (
    EmployerFactory,
    filed_return,
    identity_number,
    placement,
    regional_number,
    verified_year,
)
from tests.quota.test_hands import upload

pytestmark = pytest.mark.django_db
PROVINCE, COUNTY = "140000", "140105"


@dataclass(frozen=True)
class Action:
    """`make` is the first step, `approve` the second; `refuse` undoes the first, where that is possible."""

    role: Role
    make: Callable[[User], Any]
    approve: Callable[..., object]
    is_done: Callable[[Any], bool]
    refuse: Callable[[Any, User], object] | None = None


def _employer() -> Any:
    return EmployerFactory(region=RegionFactory(code=COUNTY))


def checked_run(maker: User) -> AssessmentRun:
    verified_year(_employer())
    return runs.check_run(run=draft_run(), actor=maker)


def correction(maker: User) -> Any:
    verified_year(_employer())
    confirmed = confirmed_run()
    VerifiedHeadcount.objects.update(credited_months=12)
    return corrections.propose_correction(
        assessment=confirmed.assessments.get(), ground="audit", reason="检查发现", actor=maker
    )


def supplement(maker: User) -> Any:
    verified_year(_employer())
    confirmed_run()
    late = _employer()
    verified_year(late)
    return corrections.propose_supplement(employer=late, levy_year=2025, reason="检查发现", actor=maker)


def parameter(maker: User, name: str = NumberKind.SOCIAL_AVERAGE_WAGE, value: str = "90000") -> ParameterChange:
    return propose_parameter(
        region=Region.objects.get(code=PROVINCE), name=name, value=value, valid_from=date(2026, 1, 1),
        valid_until=None, document_number="晋统〔2027〕1号", source="统计局", actor=maker,
    )  # fmt: skip


def rule(maker: User) -> ParameterChange:
    return parameter(maker, "shortfall_rounding", "2dp")


def merged_county(maker: User) -> RegionChange:
    return propose_region_change(
        kind=RegionChange.Kind.RETIRE, code=COUNTY, successor=RegionFactory(code="140106"), last_day=date(2026, 1, 31),
        document_number="晋政函〔2026〕1号", reason="合并", actor=maker,
    )  # fmt: skip


def appointment(maker: User) -> AccessChange:
    return propose(
        kind=AccessChange.Kind.APPOINT, person=UserFactory(), role=Role.VERIFIER,
        region=Region.objects.get(code=COUNTY), reason="任命", actor=maker,
    )  # fmt: skip


def reviewed_return(maker: User) -> HeadcountReturn:
    filed = filed_return(_employer())
    HeadcountReturn.objects.filter(pk=filed.pk).update(state="checked")
    return review_return(headcount_return=filed, actor=maker)


def programme(maker: User) -> Programme:
    return Programme.objects.create(
        region=Region.objects.get(code=PROVINCE), valid_from=date(2020, 1, 1), document_number="测试〔2020〕1号",
        threshold_ratio="0.015", whole_heads=False, minimum_excess=0, severe_counts=2, basis="minimum_wages",
        rate=6, entered_by=maker,
    )  # fmt: skip


def award(maker: User) -> Award:
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    verified_year(_employer(), credited=24)
    confirmed_run()
    approved = rewards.PROGRAMMES.approve(
        programme(officer(Role.FINANCE_OFFICER, PROVINCE)),
        actor=officer(Role.FINANCE_OFFICER, PROVINCE),
        reason="已与原文核对",
    )
    rewards.compute_awards(programme=approved, levy_year=2025, actor=maker)
    return Award.objects.get()


def publication(maker: User) -> Any:
    verified_year(_employer())
    confirmed_run()
    made = publications.start_publication(levy_year=2025, region=Region.objects.get(code=PROVINCE), actor=maker)
    publications.freeze_publication(publication_id=made.pk)
    made.refresh_from_db()
    return made


def file_of_employers(maker: User) -> ImportedFile:
    """A file that makes an employer a sole trader, who owes nothing."""
    employer = EmployerFactory(uscc="91140105MA01000604", region=RegionFactory(code=COUNTY))
    cells = {"统一社会信用代码": employer.uscc, "单位名称": employer.name, "行政区划代码": COUNTY,
             "单位类型": "个体工商户", "中小学幼儿园": "0"}  # fmt: skip
    rows = [EMPLOYERS.headings, [cells.get(heading, "") for heading in EMPLOYERS.headings]]
    upload = SimpleUploadedFile("单位.csv", csv_bytes(rows))
    file = uploads.receive_file(kind=EMPLOYERS, upload=upload, actor=maker)
    uploads.read_file(file=file)
    return ImportedFile.objects.get(pk=file.pk)


def in_state(*states: str) -> Callable[[Any], bool]:
    return lambda subject: type(subject).objects.get(pk=subject.pk).state in states


def has_approval(subject: Any) -> bool:
    return type(subject).objects.filter(pk=subject.pk, approved_at__isnull=False).exists()


def administrators(make: Callable[[User], Any], decision: Decision, role: Role = Role.ADMINISTRATOR) -> Action:
    """A change that one administrator proposes and another one decides."""
    return Action(
        role,
        make,
        lambda change, who, **shown: decision.approve(change, actor=who, **shown),
        in_state("approved"),
        lambda change, who: decision.reject(change, actor=who, reason="文号不符"),
    )


def levy_officers(make: Callable[[User], Any]) -> Action:
    """An assessment outside the annual run that one officer proposes and another one decides."""
    return Action(
        Role.LEVY_OFFICER,
        make,
        lambda found, who, **shown: corrections.CORRECTIONS.approve(found, actor=who, **shown),
        has_approval,
        lambda found, who: corrections.CORRECTIONS.reject(found, actor=who, reason="证据不足"),
    )


ACTIONS = {
    "confirm a run": Action(
        Role.LEVY_OFFICER,
        checked_run,
        lambda run, who, **shown: runs.confirm_run(run=run, actor=who, **shown),
        in_state("confirmed"),
        lambda run, who: runs.discard_run(run=run, actor=who, reason="重算"),
    ),
    "correct an assessment": levy_officers(correction),
    "assess an employer that came late": levy_officers(supplement),
    "enter a number": administrators(parameter, PARAMETERS, Role.PARAMETER_ADMINISTRATOR),
    "enter a rule": administrators(rule, PARAMETERS, Role.PARAMETER_ADMINISTRATOR),
    "retire a county": administrators(merged_county, DIVISIONS),
    "appoint a person": administrators(appointment, ACCESS),
    "verify a return": Action(
        Role.VERIFIER,
        reviewed_return,
        lambda filed, who, **shown: verify_return(headcount_return=filed, actor=who, **shown),
        in_state("verified"),
        lambda filed, who: send_back(headcount_return=filed, actor=who, reason="补正"),
    ),
    "put a programme into effect": Action(
        Role.FINANCE_OFFICER,
        programme,
        lambda found, who, **shown: rewards.PROGRAMMES.approve(found, actor=who, reason="已与原文核对", **shown),
        has_approval,
    ),
    "approve an award": Action(
        Role.FINANCE_OFFICER,
        award,
        lambda found, who, **shown: rewards.AWARDS.approve(found, actor=who, **shown),
        in_state("approved"),
        lambda found, who: rewards.AWARDS.reject(found, actor=who, reason="不符合"),
    ),
    "write a file that decides who owes": Action(
        Role.TAX_OFFICER,
        file_of_employers,
        lambda file, who, **shown: file_decision(EMPLOYERS.permission).approve(file, actor=who, **shown),
        in_state("writing"),
        lambda file, who: file_decision(EMPLOYERS.permission).reject(file, actor=who, reason="执照未变"),
    ),
    "publish a year": Action(
        Role.FINANCE_OFFICER,
        publication,
        lambda found, who, **shown: publications.PUBLICATIONS.approve(found, actor=who, **shown),
        in_state("published"),
        lambda found, who: publications.PUBLICATIONS.reject(found, actor=who, reason="重做"),
    ),
}


@pytest.fixture(autouse=True)
def _regions() -> None:
    for code in (PROVINCE, "140100", COUNTY):
        RegionFactory(code=code)


@pytest.fixture(params=ACTIONS)
def action(request: pytest.FixtureRequest) -> Action:
    return ACTIONS[request.param]


def colleague(action: Action, code: str = PROVINCE) -> User:
    return officer(action.role, code)


def same_person(maker: User) -> User:
    return maker


def another_session(maker: User) -> User:
    return User.objects.get(pk=maker.pk)


def second_role(maker: User) -> User:
    """A person with every officer's role that one person may hold, in the county as well as in the province."""
    held_apart = maker.appointments.filter(role__in=SEPARATE_ROLES).values_list("role", flat=True).first()
    others = set(SEPARATE_ROLES) - {held_apart or Role.AUDITOR}
    for role in set(Role) - others:
        for code in (PROVINCE, COUNTY):
            held = maker.appointments.filter(role=role, region=code).exists()
            if role != Role.EMPLOYER and not held:
                Appointment.objects.create(user=maker, role=role, region_id=code)
    return User.objects.get(pk=maker.pk)


@pytest.mark.parametrize("guise", [same_person, another_session, second_role])
def test_one_person_does_not_approve_the_own_step(action: Action, guise: Callable[[User], User]) -> None:
    maker = colleague(action)
    subject = action.make(maker)
    with pytest.raises(DomainError) as refused:
        action.approve(subject, guise(maker))
    assert refused.value.code == "second_person_needed"
    assert not action.is_done(subject)


def test_whoever_holds_no_right_there_is_no_second_person(action: Action) -> None:
    subject = action.make(colleague(action))
    for stranger in (officer(action.role, "150000"), officer(Role.AUDITOR, PROVINCE), UserFactory()):
        with pytest.raises(DomainError) as refused:
            action.approve(subject, stranger)
        assert refused.value.code in {"permission_missing", "out_of_reach"}
    assert not action.is_done(subject)


def test_a_right_that_ended_in_between_approves_nothing(action: Action) -> None:
    subject, checker = action.make(colleague(action)), colleague(action)
    checker.appointments.update(ended_at="2026-01-01T00:00Z", started_at="2025-01-01T00:00Z")
    with pytest.raises(DomainError):
        action.approve(subject, another_session(checker))
    assert not action.is_done(subject)


def test_two_people_may_and_a_replay_is_refused(action: Action) -> None:
    subject = action.make(colleague(action))
    action.approve(subject, colleague(action))
    assert action.is_done(subject)
    for again in (subject, type(subject).objects.get(pk=subject.pk)):
        with pytest.raises(DomainError) as refused:
            action.approve(again, colleague(action))
        assert refused.value.code in {"transition_not_allowed", "run_already_live", "wider_publication_exists"}


@pytest.mark.parametrize("is_second", [False, True], ids=["first review", "second review"])
def test_whoever_made_the_evidence_takes_neither_step(is_second: bool) -> None:
    """One officer with both posts loads the evidence and would judge it."""
    employer = EmployerFactory(uscc="91140105MA01000604", region=RegionFactory(code=COUNTY))
    person = identity_number()
    placement(employer, identity=person)
    filed = filed_return(employer)
    both = officer(Role.VERIFIER, COUNTY)
    both.appointments.create(role=Role.SERVICE_OFFICER, region_id=COUNTY)
    both = User.objects.get(pk=both.pk)
    upload("wages", [[employer.uscc, person, "2025-03", "2999.00"]], both)
    HeadcountReturn.objects.filter(pk=filed.pk).update(state="checked")
    if is_second:
        review_return(headcount_return=filed, actor=officer(Role.VERIFIER, COUNTY))
    step = verify_return if is_second else review_return
    with pytest.raises(SecondPersonNeeded):
        step(headcount_return=filed, actor=both)
    step(headcount_return=filed, actor=officer(Role.VERIFIER, COUNTY))
    assert in_state("verified" if is_second else "reviewed")(filed)


def test_an_approval_of_something_else_than_was_shown_is_refused(action: Action) -> None:
    subject = action.make(colleague(action))
    with pytest.raises(DomainError) as refused:
        action.approve(subject, colleague(action), seen="0" * 64)
    assert refused.value.code.endswith("_changed")
    assert not action.is_done(subject)


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action.refuse])
def test_what_was_taken_back_meanwhile_is_not_approved(name: str) -> None:
    """The approver's page still shows it."""
    action = ACTIONS[name]
    subject = action.make(colleague(action))
    action.refuse(type(subject).objects.get(pk=subject.pk), colleague(action))
    with pytest.raises(DomainError) as refused:
        action.approve(subject, colleague(action))
    assert refused.value.code == "transition_not_allowed"
    with suppress(type(subject).DoesNotExist):  # a rejected correction leaves its trail only
        assert not action.is_done(subject)


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action.refuse])
def test_what_was_approved_is_not_taken_back(name: str) -> None:
    action = ACTIONS[name]
    subject = action.make(colleague(action))
    action.approve(subject, colleague(action))
    with pytest.raises(DomainError):
        action.refuse(subject, colleague(action))
    assert action.is_done(subject)
