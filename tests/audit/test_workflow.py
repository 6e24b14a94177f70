"""The engine of every state machine, tested on the run's table: each state with each step."""

import pytest

from accounts.models import User
from accounts.permissions import Role
from audit.errors import PermissionMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from audit.workflow import Transition, allowed, apply
from collection.workflow import HAND_OVER
from levy.models import AssessmentRun, RunState
from levy.workflow import CHECK, CONFIRM, DISCARD, RUN_TRANSITIONS
from tests.accounts.factories import officer
from tests.levy.factories import draft_run
from tests.quota.factories import EmployerFactory

COUNTY = "140105"
WHO = {CHECK: Role.LEVY_OFFICER, CONFIRM: Role.LEVY_OFFICER, HAND_OVER: Role.TAX_OFFICER, DISCARD: Role.LEVY_OFFICER}


@pytest.fixture
def run(db: None) -> AssessmentRun:
    EmployerFactory(region__code=COUNTY)
    return draft_run(region=COUNTY)


def brought_to(run: AssessmentRun, state: RunState) -> AssessmentRun:
    """The run in a state, with the stamps that its constraints require."""
    first, second = officer(Role.LEVY_OFFICER, COUNTY), officer(Role.LEVY_OFFICER, COUNTY)
    stamps = {
        "checked_at": run.started_at,
        "checked_by": first,
        "confirmed_at": run.started_at,
        "confirmed_by": second,
    }
    AssessmentRun.objects.filter(pk=run.pk).update(state=state, handed_over_at=run.started_at, **stamps)
    run.refresh_from_db()
    return run


def doer(step: Transition) -> User:
    return officer(WHO[step], COUNTY)


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("step", RUN_TRANSITIONS, ids=lambda step: step.name)
def test_a_step_is_taken_from_its_own_states_only(run: AssessmentRun, state: RunState, step: Transition) -> None:
    subject = brought_to(run, state)
    if state in step.sources:
        taken = apply(subject, step, actor=doer(step), region_code=COUNTY, reason="理由")
        assert taken.state == step.target
        assert AuditEntry.objects.filter(action=f"levy.assessmentrun.{step.name}").count() == 1
        return
    with pytest.raises(TransitionNotAllowed):
        apply(subject, step, actor=doer(step), region_code=COUNTY, reason="理由")
    subject.refresh_from_db()
    assert subject.state == state


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEVY_OFFICER])
def test_nobody_without_the_right_takes_a_step(run: AssessmentRun, role: Role) -> None:
    with pytest.raises(PermissionMissing):
        apply(run, CHECK, actor=officer(role, COUNTY), region_code=COUNTY)


@pytest.mark.parametrize("code", ["", " ", "1", "14", "150000", "140106"])
def test_a_right_elsewhere_or_for_no_region_is_none(run: AssessmentRun, code: str) -> None:
    with pytest.raises(PermissionMissing):
        apply(run, CHECK, actor=officer(Role.LEVY_OFFICER, COUNTY), region_code=code)


def test_the_page_offers_what_the_engine_would_take(run: AssessmentRun) -> None:
    person = officer(Role.LEVY_OFFICER, COUNTY)
    assert allowed(run, RUN_TRANSITIONS, actor=person, region_code=COUNTY) == [CHECK, DISCARD]
    checked = apply(run, CHECK, actor=person, region_code=COUNTY)
    assert allowed(checked, RUN_TRANSITIONS, actor=person, region_code=COUNTY) == [DISCARD]
    with pytest.raises(SecondPersonNeeded):
        apply(checked, CONFIRM, actor=person, region_code=COUNTY)
