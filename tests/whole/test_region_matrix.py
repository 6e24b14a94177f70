"""Role by object by region (promises D2, D3): the own region and below only, in pages, lists, searches and files.

Outside the region 404, inside without the right 403; another region's object looks like one that does not exist.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Region, User
from accounts.permissions import ROLE_PERMISSIONS, SEPARATE_ROLES, Permission, Role
from accounts.scoping import RegionScopedQuerySet
from audit.models import AuditEntry
from tests.accounts.factories import UserFactory, officer
from tests.quota.factories import EmployerFactory, employer_account
from tests.whole.test_permissions import TABLE, address, ask
from tests.world import (
    COUNTY,
    NEIGHBOUR,
    OTHER_PREFECTURE,
    OTHER_PROVINCE,
    PREFECTURE,
    PROVINCE,
    RETIRED,
    World,
    a_county,
)

OUTSIDE = (NEIGHBOUR, OTHER_PREFECTURE, OTHER_PROVINCE)
ABOVE = (COUNTY, PREFECTURE, PROVINCE)
OFFICERS = [role for role in Role if role != Role.EMPLOYER]
# An employer's clerk comes by its membership, an officer by region.
MEMBERS_ONLY = frozenset({Permission.FILE_RETURN})
# Where one of the rights that open the address is not enough for this object.
NARROWER = {
    "levy:run_step": Permission.RUN_ASSESSMENT,  # which discards
    "exchange:file_list": Permission.LOAD_TAX_FILES,  # a file of employers
    "exchange:file_detail": Permission.LOAD_TAX_FILES,
    "exchange:file_write": Permission.LOAD_TAX_FILES,
    "exchange:file_faults": Permission.LOAD_TAX_FILES,
    "exchange:file_changes": Permission.LOAD_TAX_FILES,
    "exchange:file_step": Permission.LOAD_TAX_FILES,
    "exchange:file_control": Permission.LOAD_TAX_FILES,
}
LISTS = {
    "portal:employer_search": "?q=标记公司",
    "levy:run_list": "",
    "levy:run_start": "",
    "levy:correction_list": "",
    "collection:list_choose": "",
    "exchange:file_list": "",
    "levy:parameter_list": "",
    "levy:parameter_change_list": "",
    "quota:queue": "",
    "quota:queue_file": "",
    "quota:quick": "",
    "subsidies:award_list": "",
    "subsidies:award_file": "",
    "subsidies:programme_list": "",
    "disclosure:publication_list": "",
    "disclosure:publication_start": "",
    "access:people": "",
    "access:person_new": "",
    "access:change_list": "",
}
OPEN = {200, 302, 405}


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.PDF_ENABLED = False  # whoever may have a file is led to its page, so that no cell draws one
    return a_county()


def body(answer: HttpResponse) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def opens(role: str, name: str) -> bool:
    return bool(ROLE_PERMISSIONS[role] & TABLE[name].who)


def holds(role: str, name: str) -> bool:
    """True if the role's rights suffice for the object of the world at this address."""
    return NARROWER[name] in ROLE_PERMISSIONS[role] if name in NARROWER else opens(role, name)


def differences(client: Client, world: World, role: Role, inside: bool) -> Iterator[str]:
    """Cells of one role and region that differ from the table."""
    for name, where in world.places.items():
        if TABLE[name].who == MEMBERS_ONLY:
            continue
        wanted = {404} if not inside else OPEN if holds(role, name) else {403}
        answer = client.get(address(name, **where))
        body(answer)
        if answer.status_code not in (wanted if opens(role, name) else {403}):
            yield f"{name}: {answer.status_code}, not {wanted}"


def test_an_officer_opens_the_own_region_and_below_and_nothing_else(
    world: World, signed_in: Callable[..., Client]
) -> None:
    for role in OFFICERS:
        for region in (*ABOVE, *OUTSIDE):
            found = list(differences(signed_in(role, region), world, role, region in ABOVE))
            assert found == [], f"{role} of {region}"


def test_twin_without_the_scope_the_matrix_differs(
    world: World, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RegionScopedQuerySet, "visible_to", lambda rows, _user: rows)
    found = list(differences(signed_in(Role.LEVY_OFFICER, NEIGHBOUR), world, Role.LEVY_OFFICER, False))
    assert "levy:run_detail: 403, not {404}" in found


def test_without_a_region_in_force_everything_is_closed(world: World, signed_in: Callable[..., Client]) -> None:
    retired = [officer(role, RETIRED).pk for role in OFFICERS]
    Region.objects.filter(code=RETIRED).update(valid_until="2020-01-01")
    member = UserFactory()
    member.memberships.create(employer=world.employer)
    for person in (UserFactory(), member, *User.objects.filter(pk__in=retired)):
        client = signed_in(person)
        statuses = {name: ask(client, "GET", address(name, **where)) for name, where in world.places.items()}
        assert {name for name, status in statuses.items() if status != 403} == set()


def test_a_clerk_opens_the_own_employers_papers_and_nobody_elses(
    world: World, signed_in: Callable[..., Client]
) -> None:
    """Wherever the account was made: an employer moves, and counties are merged."""
    own, moved, merged = (employer_account(world.employer) for _ in range(3))
    neighbour, stranger = employer_account(EmployerFactory(region_id=COUNTY)), officer(Role.EMPLOYER, RETIRED)
    moved.appointments.update(region=OTHER_PREFECTURE)
    merged.appointments.update(region=RETIRED)
    Region.objects.filter(code=RETIRED).update(valid_until="2020-01-01")
    for person, wanted in ((own, OPEN), (moved, OPEN), (merged, OPEN), (neighbour, {404}), (stranger, {404})):
        client = signed_in(person)
        for name, where in world.places.items():
            status = ask(client, "GET", address(name, **where))
            assert status in (wanted if opens(Role.EMPLOYER, name) else {403}), f"{name}: {status}"


def traces(client: Client, name: str, world: World) -> set[str]:
    """The signs of the world in a list: links to its objects, its employer, its region as a choice."""
    shown = body(client.get(address(name) + LISTS[name])).decode()
    links = {f'href="{address(route, **where)}"' for route, where in world.places.items()}
    return {trace for trace in (*links, world.employer.uscc, f'value="{COUNTY}"') if trace in shown}


def divided(name: str) -> User:
    """A person with the list's right in the neighbouring county only, and with every other role in this one that the
    same person may hold."""
    role = next(role for role in Role if holds(role, name))
    person = officer(role, NEIGHBOUR)
    others = [other for other in OFFICERS if not holds(other, name)]
    apart = [other for other in others if other in SEPARATE_ROLES]
    for other in set(others) - set(apart if role in SEPARATE_ROLES else apart[1:]):
        person.appointments.create(role=other, region_id=COUNTY)
    return User.objects.get(pk=person.pk)


def test_a_list_shows_the_regions_of_its_right_only(world: World, signed_in: Callable[..., Client]) -> None:
    for name in LISTS:
        role = next(role for role in Role if holds(role, name))
        assert traces(signed_in(role, PREFECTURE), name, world), name
        for person in (divided(name), *(officer(role, region) for region in OUTSIDE)):
            assert traces(signed_in(person), name, world) == set(), name


def test_the_audit_log_shows_the_entries_of_its_right_only(world: World, signed_in: Callable[..., Client]) -> None:
    def regions(person: User) -> set[str]:
        return {entry.region_code for entry in signed_in(person).get("/audit-log/").context["page"]}

    assert regions(officer(Role.AUDITOR, PREFECTURE)) >= {COUNTY}
    assert COUNTY not in regions(divided("accounts:audit_log"))


def test_twin_a_list_scoped_by_region_alone_shows_more(
    world: World, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RegionScopedQuerySet, "within_right", lambda rows, user, *_rights: rows.visible_to(user))
    assert traces(signed_in(divided("subsidies:award_file")), "subsidies:award_file", world)


def test_a_filter_opens_no_other_region(world: World, signed_in: Callable[..., Client]) -> None:
    for name in ("quota:queue", "quota:queue_file", "quota:quick", "collection:list_choose", "levy:parameter_list"):
        client = signed_in(next(role for role in Role if holds(role, name)), NEIGHBOUR)
        for code in ("", " ", "3", "%", "14", "999999", COUNTY):
            answer = client.get(address(name), {"region": code, "levy_year": 2025})
            assert answer.status_code in {200, 404}, name
            assert world.employer.uscc not in body(answer).decode()


MISSING = {"pk": 999_999, "number": "none", "uscc": "91350100M000100Y43", "placement": 999_999}


def test_what_is_another_countys_looks_like_what_does_not_exist(
    world: World, signed_in: Callable[..., Client]
) -> None:
    for role in OFFICERS:
        client = signed_in(role, NEIGHBOUR)
        for name, where in world.places.items():
            nothing = where | {part: value for part, value in MISSING.items() if part in where}
            theirs, none = (client.get(address(name, **place)) for place in (where, nothing))
            assert (theirs.status_code, len(theirs.content)) == (none.status_code, len(none.content)), name


SWAPPED = {
    "quota:case_person": Role.VERIFIER,
    "quota:reveal": Role.VERIFIER,
    "disclosure:publication_preview": Role.FINANCE_OFFICER,
    "quota:placement": Role.EMPLOYER,
}


def test_a_strangers_child_is_not_found_under_ones_own_parent(world: World, signed_in: Callable[..., Client]) -> None:
    mine = a_county(NEIGHBOUR)
    for name, role in SWAPPED.items():
        client = signed_in(employer_account(mine.employer) if role == Role.EMPLOYER else officer(role, NEIGHBOUR))
        own = mine.places[name]
        assert ask(client, "GET", address(name, **own)) == 200, name
        assert ask(client, "GET", address(name, **world.places[name] | {"pk": own["pk"]})) == 404, name


FORMS = {
    "levy:run_start": (Role.LEVY_OFFICER, {"levy_year": 2025}),
    "quota:quick": (Role.VERIFIER, {"levy_year": 2025}),
    "disclosure:publication_start": (Role.FINANCE_OFFICER, {"levy_year": 2024}),
    "access:person_new": (
        Role.ADMINISTRATOR,
        {"username": "neu", "name": "新人", "personnel_number": "N-1", "role": "auditor", "reason": "任命"},
    ),
}


def test_a_strangers_region_in_a_form_is_refused_like_one_that_does_not_exist(
    world: World, signed_in: Callable[..., Client]
) -> None:
    before = AuditEntry.objects.count()
    for name, (role, typed) in FORMS.items():
        client = signed_in(role, NEIGHBOUR)
        theirs, none = (client.post(address(name), typed | {"region": code}) for code in (COUNTY, "149999"))
        assert theirs.status_code == none.status_code == 200, name
        assert len(theirs.content) == len(none.content), name
    assert AuditEntry.objects.count() == before


def test_made_up_parameters_order_and_open_nothing(world: World, signed_in: Callable[..., Client]) -> None:
    client = signed_in(Role.VERIFIER, COUNTY)
    plain = body(client.get(address("quota:queue_file")))
    for made_up in (
        "ordering=identity_encrypted",
        "sort=employer__placements__name",
        "fields=all",
        "expand=placements",
    ):
        assert body(client.get(f"{address('quota:queue_file')}?{made_up}")) == plain
