"""三权分立: administration, parameters and audit are three people (GB/T 22239-2019, 8.1.5)."""

from itertools import permutations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from access.models import AccessChange
from access.services.changes import ACCESS, Kind, propose
from accounts.errors import RolesApart
from accounts.models import Appointment, User
from accounts.permissions import ROLE_PERMISSIONS, SEPARATE_ROLES, Permission, Role
from tests.accounts.factories import RegionFactory, UserFactory, officer

pytestmark = pytest.mark.django_db
PROVINCE = "140000"
PAIRS = list(permutations(SEPARATE_ROLES, 2))


def proposal(person: User, role: Role) -> AccessChange:
    return propose(
        kind=Kind.APPOINT, person=person, role=role, region=RegionFactory(code=PROVINCE), reason="任命",
        actor=officer(Role.ADMINISTRATOR, PROVINCE),
    )  # fmt: skip


def test_each_of_the_three_has_what_the_others_lack() -> None:
    apart = {
        Role.ADMINISTRATOR: {Permission.MANAGE_PEOPLE, Permission.MANAGE_REGIONS},
        Role.PARAMETER_ADMINISTRATOR: {Permission.MANAGE_PARAMETERS},
        Role.AUDITOR: {Permission.VIEW_AUDIT},
    }
    assert set(apart) == set(SEPARATE_ROLES)
    for role, rights in apart.items():
        for other in SEPARATE_ROLES:
            assert rights <= ROLE_PERMISSIONS[other] if other == role else not rights & ROLE_PERMISSIONS[other]


@pytest.mark.parametrize(("held", "wanted"), PAIRS)
def test_a_second_of_the_three_is_not_proposed(held: Role, wanted: Role) -> None:
    with pytest.raises(RolesApart, match=str(held.label)):
        proposal(officer(held, "140105"), wanted)


@pytest.mark.parametrize(("held", "wanted"), PAIRS)
def test_nor_approved_for_a_person_who_has_got_the_first_meanwhile(held: Role, wanted: Role) -> None:
    person = UserFactory()
    change, other = proposal(person, wanted), proposal(person, held)
    ACCESS.approve(other, actor=officer(Role.ADMINISTRATOR, PROVINCE))
    with pytest.raises(RolesApart):
        ACCESS.approve(change, actor=officer(Role.ADMINISTRATOR, PROVINCE))
    assert [post.role for post in Appointment.objects.filter(user=person)] == [held]


@pytest.mark.parametrize(("held", "wanted"), PAIRS)
def test_the_database_too_keeps_them_apart(held: Role, wanted: Role) -> None:
    person = officer(held, "140105")
    with pytest.raises(IntegrityError, match="appointment_roles_apart"), transaction.atomic():
        Appointment.objects.create(user=person, role=wanted, region=RegionFactory(code=PROVINCE))
    other = Appointment.objects.create(user=person, role=Role.VERIFIER, region=RegionFactory(code=PROVINCE))
    with pytest.raises(IntegrityError, match="appointment_roles_apart"), transaction.atomic():
        Appointment.objects.filter(pk=other.pk).update(role=wanted)


def test_whoever_left_one_may_take_another_and_one_role_may_be_held_in_two_regions() -> None:
    person = officer(Role.AUDITOR, "140105")
    Appointment.objects.create(user=person, role=Role.AUDITOR, region=RegionFactory(code=PROVINCE))
    Appointment.objects.filter(user=person).update(ended_at=Now())
    ACCESS.approve(proposal(person, Role.ADMINISTRATOR), actor=officer(Role.ADMINISTRATOR, PROVINCE))
    assert [post.role for post in person.appointments.in_force()] == [Role.ADMINISTRATOR]


def test_the_command_makes_a_parameter_administrator_and_mixes_nothing() -> None:
    RegionFactory(code=PROVINCE)
    call_command("create_officer", "zhao", "--role=parameter_administrator", f"--region={PROVINCE}")
    assert User.objects.get(username="zhao").can(Permission.MANAGE_PARAMETERS, PROVINCE)
    with pytest.raises(CommandError, match="互相分立"):
        call_command("create_officer", "zhao", "--role=auditor", f"--region={PROVINCE}")
    assert User.objects.get(username="zhao").appointments.count() == 1
