"""Administrators' pages: two of them give access, one takes it away. Nobody changes their own access or that
of a person above."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.errors import ChangePending, OutOfReach, OwnAccount
from access.models import AccessChange
from access.services import changes, people
from access.services.changes import ACCESS, Kind
from accounts.models import Appointment, Attempts, SecondFactor, User
from accounts.permissions import Role
from accounts.sign_in import attempts
from audit.errors import DomainError, PermissionMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from tests.accounts.factories import PASSWORD, RegionFactory, UserFactory, officer
from tests.steps import take_step

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
SOON = timezone.now() + timedelta(hours=1)
NEW = {
    "username": "zhang.wei",
    "name": "张伟",
    "personnel_number": "JX-0042",
    "role": Role.VERIFIER,
    "region": "140105",
    "reason": "晋残联任〔2026〕3号",
}


@pytest.fixture(autouse=True)
def _regions() -> None:
    for code in ("140000", "140100", "140105", "140200"):
        RegionFactory(code=code)


def admin(code: str = "140000") -> User:
    return officer(Role.ADMINISTRATOR, code)


def proposal(person: User, actor: User, code: str = "140105", role: Role = Role.VERIFIER) -> AccessChange:
    region = RegionFactory(code=code)
    return changes.propose(kind=Kind.APPOINT, person=person, role=role, region=region, reason="任命", actor=actor)


def test_a_new_person_works_after_two_administrators_and_one_slip(signed_in: SignedIn) -> None:
    first, second, third = (signed_in(admin()) for _person in range(3))
    page = first.post("/people/new/", NEW)
    person = User.objects.get(username="zhang.wei")
    assert page.url == f"/people/{person.pk}/"
    assert not person.has_usable_password()
    assert person.current_appointments == []
    change = AccessChange.objects.get()
    refused = take_step(first, f"/people/changes/{change.pk}/approve/", follow=True)
    assert "须由另一人办理" in refused.content.decode()
    assert not person.current_appointments
    assert take_step(second, f"/people/changes/{change.pk}/approve/").status_code == 302
    person = User.objects.get(pk=person.pk)
    assert [(a.role, a.region_id) for a in person.current_appointments] == [(Role.VERIFIER, "140105")]
    slip = third.post(f"/people/{person.pk}/password/", {"reason": "初次签发"}).content.decode()
    password = slip.split("登录码</dt>")[1].split('class="code">')[1].split("<")[0]
    client = Client()
    assert client.post("/sign-in/", {"username": "zhang.wei", "password": password}).status_code == 302
    assert client.get("/home/").url == "/account/password/"
    assert password not in third.get(f"/people/{person.pk}/").content.decode()
    trail = AuditEntry.objects.filter(details__user="zhang.wei").order_by("id").values_list("action", flat=True)
    assert list(trail)[:5] == [
        "access.accesschange.propose",
        "accounts.user.create",
        "accounts.appointment.start",
        "access.accesschange.approve",
        "accounts.user.issue_password",
    ]


def test_the_person_takes_no_part_in_the_own_rights() -> None:
    maker, person = admin(), admin()
    with pytest.raises(OwnAccount):
        proposal(maker, maker)
    change = proposal(person, maker, role=Role.VERIFIER)
    with pytest.raises(OwnAccount):
        ACCESS.approve(change, actor=person)
    assert not Appointment.objects.filter(user=person, role=Role.VERIFIER).exists()


def test_a_second_role_of_the_same_person_is_no_second_person() -> None:
    maker, person = admin("140000"), UserFactory()
    Appointment.objects.create(user=maker, role=Role.ADMINISTRATOR, region=RegionFactory(code="140100"))
    with pytest.raises(SecondPersonNeeded):
        ACCESS.approve(proposal(person, maker), actor=maker)


@pytest.mark.parametrize("approver", ["proposed_by", "person"])
def test_the_database_too_wants_two_others(approver: str) -> None:
    change = proposal(UserFactory(), admin())
    who = getattr(change, approver)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessChange.objects.filter(pk=change.pk).update(
            state="approved", approved_by=who, approved_at=change.proposed_at
        )


def test_an_approval_works_once_and_not_after_a_refusal() -> None:
    checker = admin()
    change = proposal(UserFactory(), admin())
    ACCESS.approve(change, actor=checker)
    with pytest.raises(TransitionNotAllowed):
        ACCESS.approve(change, actor=checker)
    refused = proposal(UserFactory(), admin())
    ACCESS.reject(refused, reason="理由不足", actor=checker)
    with pytest.raises(TransitionNotAllowed):
        ACCESS.approve(refused, actor=checker)


def test_the_same_change_waits_only_once() -> None:
    maker, person = admin(), UserFactory()
    proposal(person, maker)
    with pytest.raises(ChangePending):
        proposal(person, admin())


@pytest.mark.parametrize("code", ["140000", "140200"])
def test_rights_end_at_the_border_of_the_administrators_region(code: str) -> None:
    with pytest.raises(PermissionMissing):
        proposal(UserFactory(), admin("140100"), code)
    change = proposal(UserFactory(), admin("140000"), code)
    with pytest.raises(PermissionMissing):
        ACCESS.approve(change, actor=admin("140100"))


def test_a_county_does_not_touch_who_also_serves_the_province() -> None:
    county, person = admin("140105"), officer(Role.VERIFIER, "140105")
    Appointment.objects.create(user=person, role=Role.AUDITOR, region=RegionFactory(code="140000"))
    for act in (people.disable, people.unlock, people.end_all_sessions, people.issue_first_password):
        with pytest.raises(OutOfReach):
            act(person=person, reason="试试", actor=county)
    with pytest.raises(OutOfReach):
        changes.propose(
            kind=Kind.RESET_FACTOR, person=person, region=RegionFactory(code="140105"), reason="试试", actor=county
        )


def test_a_county_gives_no_password_to_who_is_about_to_serve_the_province() -> None:
    """It would know the password of a provincial officer once the appointment is approved."""
    county, person = admin("140105"), officer(Role.VERIFIER, "140105")
    proposal(person, admin("140000"), "140000", Role.AUDITOR)
    with pytest.raises(OutOfReach):
        people.issue_first_password(person=person, reason="试试", actor=county)


@pytest.mark.parametrize("act", [people.disable, people.unlock, people.end_all_sessions, people.issue_first_password])
def test_every_act_needs_a_reason(act: Callable[..., object]) -> None:
    with pytest.raises(DomainError) as refused:
        act(person=officer(Role.VERIFIER, "140105"), reason=" ", actor=admin())
    assert refused.value.code == "reason_missing"


def test_a_disabled_account_comes_back_through_two_administrators(signed_in: SignedIn) -> None:
    person, first, second = officer(Role.VERIFIER, "140105"), signed_in(admin()), signed_in(admin())
    first.post(f"/people/{person.pk}/disable/", {"reason": "停职"})
    assert not User.objects.get(pk=person.pk).is_active
    first.post(f"/people/{person.pk}/enable/", {"reason": "复职"})
    assert not User.objects.get(pk=person.pk).is_active
    take_step(second, f"/people/changes/{AccessChange.objects.get().pk}/approve/")
    assert User.objects.get(pk=person.pk).is_active


def test_the_phone_of_who_came_from_elsewhere_is_reset_where_the_person_works_now(signed_in: SignedIn) -> None:
    person = officer(Role.VERIFIER, "140200")
    people.end_appointment(appointment=person.appointments.get(), reason="调离", actor=admin())
    Appointment.objects.create(user=person, role=Role.VERIFIER, region=RegionFactory(code="140105"))
    SecondFactor.objects.create(user=person, secret=b"secret")
    first, second = signed_in(admin("140100")), signed_in(admin("140100"))
    assert first.post(f"/people/{person.pk}/reset-second-factor/", {"reason": "手机遗失"}).status_code == 302
    change = AccessChange.objects.get()
    assert change.region_id == "140105"
    assert take_step(second, f"/people/changes/{change.pk}/approve/").status_code == 302
    assert not SecondFactor.objects.exists()


def test_an_appointment_ends_at_once_with_a_reason(signed_in: SignedIn) -> None:
    person = officer(Role.VERIFIER, "140105")
    page = f"/people/appointments/{person.appointments.get().pk}/end/"
    client = signed_in(admin())
    assert client.post(page, {"reason": ""}).status_code == 200
    assert client.post(page, {"reason": "调离"}).status_code == 302
    assert User.objects.get(pk=person.pk).current_appointments == []
    assert AuditEntry.objects.get(action="accounts.appointment.end").reason == "调离"


def test_people_elsewhere_are_not_found(signed_in: SignedIn) -> None:
    client = signed_in(admin("140100"))
    stranger = officer(Role.VERIFIER, "140200")
    change = proposal(stranger, admin("140000"), "140200", Role.AUDITOR)
    for page in (
        f"/people/{stranger.pk}/",
        f"/people/{stranger.pk}/appoint/",
        f"/people/{stranger.pk}/disable/",
        f"/people/appointments/{stranger.appointments.get().pk}/end/",
        f"/people/changes/{change.pk}/approve/",
        f"/people/changes/{change.pk}/reject/",
    ):
        assert client.get(page).status_code == 404, page
        assert client.post(page, {"reason": "x"}).status_code in (404, 405), page
    assert stranger.username not in client.get("/people/").content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_the_pages_are_for_administrators(signed_in: SignedIn, role: Role) -> None:
    client = signed_in(role, "140000")
    for page in ("/people/", "/people/new/", "/people/changes/", "/people/1/", "/people/1/disable/"):
        assert client.get(page).status_code == 403


def test_the_own_account_is_shown_without_buttons(signed_in: SignedIn) -> None:
    own = admin()
    client = signed_in(own)
    assert "由其他系统管理员办理" in client.get(f"/people/{own.pk}/").content.decode()
    assert client.get(f"/people/{own.pk}/disable/").status_code == 403


def test_a_name_is_given_once_whatever_its_case(signed_in: SignedIn) -> None:
    UserFactory(username="Zhang.Wei")
    page = signed_in(admin()).post("/people/new/", NEW)
    assert "此用户名已被使用" in page.content.decode()
    assert not AccessChange.objects.exists()


def test_nobody_is_made_an_employers_account_here(signed_in: SignedIn) -> None:
    page = signed_in(admin()).post("/people/new/", NEW | {"role": Role.EMPLOYER})
    assert page.status_code == 200
    assert not User.objects.filter(username="zhang.wei").exists()


def queries_for(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def locked(person: User) -> None:
    key = attempts.by_name(person.username).key
    Attempts.objects.create(key=key, person=person, count=9, last_at=SOON, waits_until=SOON)


LISTS = ["/people/", "/people/?state=ended&role=auditor", "/people/?state=locked&region=140105", "/people/changes/"]


@pytest.mark.parametrize("page", LISTS)
def test_a_long_list_costs_no_more_queries_than_a_short_one(signed_in: SignedIn, page: str) -> None:
    client, maker, checker = signed_in(admin()), admin(), admin()
    client.get(page)  # the session's own start
    for number in range(200):
        someone = officer(Role.VERIFIER, "140105")
        locked(someone)
        change = proposal(someone, maker, role=Role.AUDITOR)
        if number % 2:
            ACCESS.approve(change, actor=checker)
        if number == 2:
            few = queries_for(client, page)
    assert queries_for(client, page) == few <= 12


def test_people_are_found_by_part_of_name_or_user_name(signed_in: SignedIn) -> None:
    person = officer(Role.VERIFIER, "140105")
    User.objects.filter(pk=person.pk).update(name="欧阳晓丹", username="ouyang")
    other = officer(Role.VERIFIER, "140105")
    client = signed_in(admin())
    for typed in ("晓丹", "OUYA"):
        page = client.get("/people/", {"who": typed}).content.decode()
        assert "欧阳晓丹" in page
        assert other.username not in page


def test_employers_accounts_are_listed_when_they_are_asked_for(signed_in: SignedIn) -> None:
    """There may be a million of them among a few hundred officers."""
    employer, person = officer(Role.EMPLOYER, "140105"), officer(Role.VERIFIER, "140105")
    for one in (employer, person):
        locked(one)
    client = signed_in(admin())

    def listed(query: str) -> set[User]:
        return set(client.get(f"/people/?{query}").context["page"].object_list) & {employer, person}

    for query in ("", "state=locked", "region=140105"):
        assert listed(query) == {person}, query
    for query in (f"who={employer.username}", "role=employer", "role=employer&state=locked"):
        assert listed(query) == {employer}, query


def test_a_retyped_password_page_of_an_officer_shows_no_old_slip(signed_in: SignedIn) -> None:
    client, person = signed_in(admin()), officer(Role.VERIFIER, "140105")
    first = client.post(f"/people/{person.pk}/password/", {"reason": "签发"}).content.decode()
    assert client.get(f"/people/{person.pk}/password/").content.decode() != first
    assert PASSWORD not in first


def test_nobody_leaves_the_own_post_alone() -> None:
    """The last administrator of a region must not vanish by a slip."""
    own = admin()
    with pytest.raises(OwnAccount):
        people.end_appointment(appointment=own.appointments.get(), reason="离任", actor=own)


@pytest.fixture
def staff() -> dict[str, User]:
    """One person in each state, named after it."""
    found = {name: officer(Role.VERIFIER, "140105") for name in ("well", "left", "disabled", "locked", "bare")}
    found["elsewhere"] = officer(Role.AUDITOR, "140200")
    for name, person in found.items():
        User.objects.filter(pk=person.pk).update(username=name)
        if name != "bare":
            SecondFactor.objects.create(user=person, secret=b"secret")
    people.end_appointment(appointment=found["left"].appointments.get(), reason="调离", actor=admin())
    people.disable(person=found["disabled"], reason="停用", actor=admin())
    locked(User.objects.get(username="locked"))
    return found


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"well", "left", "disabled", "locked", "bare", "elsewhere"}),
        ("state=active", {"well", "locked", "bare", "elsewhere"}),
        ("state=ended", {"left", "disabled"}),
        ("state=locked", {"locked"}),
        ("state=no_second_factor", {"bare"}),
        ("region=140100&state=ended", {"left", "disabled"}),
        ("region=140200", {"elsewhere"}),
        ("region=140100&role=auditor", set()),
        ("role=verifier", {"well", "disabled", "locked", "bare"}),
        ("who=els&state=active", {"elsewhere"}),
    ],
)
def test_the_list_shows_whom_one_looks_for(
    signed_in: SignedIn, staff: dict[str, User], query: str, shown: set[str]
) -> None:
    page = signed_in(admin()).get(f"/people/?{query}").context["page"]
    assert {person.username for person in page} & set(staff) == shown


def test_a_region_out_of_reach_is_no_filter(signed_in: SignedIn) -> None:
    assert signed_in(admin("140105")).get("/people/?region=140200").status_code == 404
