"""Every state machine of the project, found automatically: each state by each step by each role (promise D5)."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from access.services import people
from accounts.models import User
from accounts.permissions import ROLE_PERMISSIONS, Role
from audit.errors import PermissionMissing, TransitionNotAllowed
from audit.workflow import Transition, check
from exchange.models import ImportedFile
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

COUNTY = "140105"
APPS = ("access", "quota", "levy", "collection", "subsidies", "disclosure")
STEPS = [
    (app, step)
    for app in APPS
    for step in vars(import_module(f"{app}.workflow")).values()
    if isinstance(step, Transition)
]


# A floor that takes a step of a model below it.
OWNERS = {"collection": "levy"}


def machines_of(app: str, step: Transition) -> list[type[models.Model]]:
    """The models whose states the step is about and that have the stamp it fills."""
    states = list(type(step.target).values)
    return [
        model
        for model in apps.get_app_config(OWNERS.get(app, app)).get_models()
        if not hasattr(model, "pgh_id")
        and {"state", f"{step.stamp}_by"} <= {field.name for field in model._meta.get_fields()}
        and [value for value, _label in model._meta.get_field("state").choices] == states
    ]


CASES = [(model, step) for app, step in STEPS for model in machines_of(app, step)]


def test_every_table_is_walked() -> None:
    assert all(machines_of(app, step) for app, step in STEPS)
    assert {model.__name__ for model, _step in CASES} == {
        "AccessChange", "AssessmentRun", "Award", "HeadcountReturn", "ParameterChange", "Programme", "Publication",
        "RegionChange", "Supersession",
    }  # fmt: skip


@pytest.fixture
def everybody(db: None) -> dict[Role, User]:
    return {role: officer(role, COUNTY) for role in Role}


@pytest.mark.parametrize(("model", "step"), CASES, ids=[f"{model.__name__}.{step.name}" for model, step in CASES])
def test_a_step_is_open_from_its_states_to_its_roles_only(
    model: type[models.Model], step: Transition, everybody: dict[Role, User]
) -> None:
    for state in type(step.target):
        subject = model(state=state)
        for role, person in everybody.items():
            may = step.permission in ROLE_PERMISSIONS[role]
            if state in step.sources and may:
                check(subject, step, actor=person, region_code=COUNTY, reason="理由")
                if role is not Role.EMPLOYER:  # its right goes with its employers, wherever they move
                    with pytest.raises(PermissionMissing):
                        check(subject, step, actor=person, region_code="150000", reason="理由")
                continue
            wanted = PermissionMissing if state in step.sources else TransitionNotAllowed
            with pytest.raises(wanted):
                check(subject, step, actor=person, region_code=COUNTY, reason="理由")


def test_open_links_and_uploads_die_with_the_right(signed_in: Callable[..., Client]) -> None:
    RegionFactory(code="140000")
    verified_year(EmployerFactory(region=RegionFactory(code=COUNTY)))
    confirmed_run(region=COUNTY)
    person, link = officer(Role.TAX_OFFICER, COUNTY), f"/lists/2025/{COUNTY}/levy-list.csv"
    tabs = [signed_in(person) for _tab in range(3)]
    assert {tab.get(link).status_code for tab in tabs} == {200}
    people.end_appointment(
        appointment=person.appointments.get(), reason="调离", actor=officer(Role.ADMINISTRATOR, "140000")
    )
    for tab in tabs:
        for answer in (tab.get(link), tab.post("/files/", {"kind": "payments"}), tab.get("/home/")):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/sign-in/")
    assert not ImportedFile.objects.exists()


def test_a_right_moved_behind_the_services_back_closes_the_old_region_at_once(
    signed_in: Callable[..., Client],
) -> None:
    RegionFactory(code="140106")
    verified_year(EmployerFactory(region=RegionFactory(code=COUNTY)))
    confirmed_run(region=COUNTY)
    person, link = officer(Role.TAX_OFFICER, COUNTY), f"/lists/2025/{COUNTY}/levy-list.csv"
    tab = signed_in(person)
    assert tab.get(link).status_code == 200
    person.appointments.update(region="140106")
    assert tab.get(link).status_code == 404
