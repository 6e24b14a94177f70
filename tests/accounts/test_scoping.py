"""Region scope: the own region and below; an empty, short, blank or foreign code gives nothing (promise D2)."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import Http404

from accounts.models import Appointment, Region, User, region_prefix
from accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from accounts.scoping import scoped_object
from quota.models import Employer, Membership
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.quota.factories import EmployerFactory

CODES = ["140000", "140100", "140105", "140106", "140200", "140202", "150000", "150102"]


@pytest.fixture
def employers(db: None) -> dict[str, Employer]:
    return {code: EmployerFactory(region=RegionFactory(code=code)) for code in CODES}


def seen_by(user: User) -> set[str]:
    return set(Employer.objects.visible_to(user).values_list("region_id", flat=True))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("140000", {"140000", "140100", "140105", "140106", "140200", "140202"}),
        ("140100", {"140100", "140105", "140106"}),
        ("140105", {"140105"}),
        ("150000", {"150000", "150102"}),
    ],
)
def test_an_officer_sees_the_own_region_and_below(
    employers: dict[str, Employer], code: str, expected: set[str]
) -> None:
    assert seen_by(officer(Role.VERIFIER, code)) == expected


@pytest.mark.parametrize(
    "code", ["", " ", "1", "14", "1401", "%", "14010_", "１４０１０５", "000000", "0014", "1401050"]
)
def test_a_malformed_code_has_no_prefix(code: str) -> None:
    with pytest.raises(ValueError, match="not a region code"):
        region_prefix(code)


def test_nobody_without_an_appointment_sees_anything(employers: dict[str, Employer]) -> None:
    assert seen_by(UserFactory()) == set()
    assert not Employer.objects.visible_to(AnonymousUser()).exists()


def test_a_retired_region_gives_no_scope(employers: dict[str, Employer]) -> None:
    person = officer(Role.VERIFIER, "140105")
    Region.objects.filter(code="140105").update(valid_until="2020-01-01")
    assert seen_by(User.objects.get(pk=person.pk)) == set()


def test_rights_end_with_the_appointment_and_with_the_account(employers: dict[str, Employer]) -> None:
    person = officer(Role.VERIFIER, "140105")
    Appointment.objects.filter(user=person).update(ended_at=Now())
    assert seen_by(User.objects.get(pk=person.pk)) == set()
    other = officer(Role.VERIFIER, "140105")
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert seen_by(User.objects.get(pk=other.pk)) == set()


def test_an_employers_clerk_sees_the_own_employer_only(employers: dict[str, Employer]) -> None:
    clerk = officer(Role.EMPLOYER, "140105")
    Membership.objects.create(user=clerk, employer=employers["150102"])
    assert seen_by(clerk) == {"150102"}


def test_outside_the_scope_404_inside_without_the_right_403(employers: dict[str, Employer]) -> None:
    person = officer(Role.ADMINISTRATOR, "140100")
    with pytest.raises(Http404):
        scoped_object(Employer.objects.all(), person, Permission.VIEW_EMPLOYERS, pk=employers["140202"].pk)
    with pytest.raises(PermissionDenied):
        scoped_object(Employer.objects.all(), person, Permission.VIEW_EMPLOYERS, pk=employers["140105"].pk)


def test_a_right_in_one_region_is_none_in_another(employers: dict[str, Employer]) -> None:
    person = officer(Role.VERIFIER, "140105")
    Appointment.objects.create(user=person, role=Role.AUDITOR, region_id="140106")
    person = User.objects.get(pk=person.pk)
    assert seen_by(person) == {"140105", "140106"}
    assert person.can(Permission.VERIFY_RETURN, "140105")
    assert not person.can(Permission.VERIFY_RETURN, "140106")


def test_the_auditor_changes_nothing_and_the_tax_bureau_sees_no_persons() -> None:
    reading = {Permission.VIEW_EMPLOYERS, Permission.VIEW_PERSONS, Permission.VIEW_RUNS,
               Permission.DOWNLOAD_LEVY_LIST, Permission.VIEW_AUDIT}  # fmt: skip
    assert ROLE_PERMISSIONS[Role.AUDITOR] <= reading
    assert Permission.VIEW_PERSONS not in ROLE_PERMISSIONS[Role.TAX_OFFICER]


def test_every_role_has_its_rights_listed() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
