"""Sessions: half an hour without an action, twelve hours in all, ended when access changes, listed for their owner."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from access.services import people
from access.services.changes import ACCESS, Kind, propose
from accounts.models import Appointment, Session, User
from accounts.permissions import Role
from accounts.services import appoint
from accounts.sign_in.session_store import SessionStore
from tests.accounts.factories import PASSWORD, RegionFactory, UserFactory, officer, with_password

pytestmark = pytest.mark.django_db
MINUTE, HOUR = 60, 3600
NEW = {"current": PASSWORD, "new": "完全不同的一句话 4711", "again": "完全不同的一句话 4711"}


@pytest.fixture
def person() -> User:
    return with_password(officer(Role.VERIFIER, "140105"))


def browser(person: User, agent: str = "Firefox") -> Client:
    client = Client(headers={"user-agent": agent})
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_half_an_hour_without_an_action_ends_it(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = browser(person)
        clock.shift(29 * MINUTE)
        assert is_in(client)
        clock.shift(29 * MINUTE)
        assert is_in(client)
        clock.shift(30 * MINUTE)
        assert not is_in(client)


def test_twelve_hours_end_it_whatever_is_done(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = browser(person)
        for _ in range(47):
            clock.shift(15 * MINUTE)
            assert is_in(client)
        clock.shift(15 * MINUTE)
        assert not is_in(client)


def test_a_page_that_renews_itself_does_not_keep_it_alive(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = browser(person)
        for _ in range(29):
            clock.shift(MINUTE)
            assert client.get("/home/", headers={"sec-fetch-dest": "empty"}).status_code in (200, 302)
        clock.shift(MINUTE)
        assert not is_in(client)


def test_the_page_is_told_how_long_is_left_and_asking_changes_nothing(person: User) -> None:
    background = {"sec-fetch-dest": "empty"}
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        client = browser(person)
        clock.shift(28 * MINUTE)
        assert client.get("/account/session/", headers=background).json()["seconds"] == 2 * MINUTE
        clock.shift(MINUTE)
        assert client.post("/account/session/", headers=background).json()["seconds"] == 30 * MINUTE
        clock.shift(29 * MINUTE)
        assert is_in(client)


def test_a_key_that_was_signed_out_opens_nothing(person: User) -> None:
    client = browser(person)
    stolen = Client()
    stolen.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_in(stolen)
    client.post("/sign-out/")
    assert not is_in(stolen)


def planted() -> Client:
    """A browser whose valid session key another person knows from before the sign-in."""
    client = Client()
    client.cookies["sessionid"] = client.session.session_key
    return client


def opens_with(key: str) -> bool:
    thief = Client()
    thief.cookies["sessionid"] = key
    return is_in(thief)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_key_planted_before_the_sign_in_opens_nothing_after_it(person: User, is_known: bool) -> None:
    """Fixation (promise F2): the session gets a new key when the person signs in."""
    client = planted()
    if not is_known:
        client.cookies["sessionid"] = "a" * 32
    key = client.cookies["sessionid"].value
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    assert is_in(client)
    assert not opens_with(key)


def test_twin_without_a_new_key_a_planted_one_opens(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionStore, "cycle_key", lambda _session: None)
    client = planted()
    key = client.cookies["sessionid"].value
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    assert opens_with(key)


def test_twin_without_the_limits_a_session_outlives_its_day(person: User, settings: Any) -> None:
    settings.SESSION_SAVE_EVERY_REQUEST = True  # as if every request were an action
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "accounts.frame.middleware.session_limits"]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = browser(person)
        for _ in range(60):
            clock.shift(15 * MINUTE)
            assert is_in(client)


def test_a_new_password_ends_every_other_session_and_renews_this_one(person: User) -> None:
    here, there = browser(person), browser(person)
    key = here.session.session_key
    here.post("/account/password/", NEW)
    assert Session.objects.filter(user=person).count() == 1  # gone, not only refused when it next asks
    assert is_in(here)
    assert here.session.session_key != key
    assert not is_in(there)


def start(person: User) -> None:
    appoint(user=person, role=Role.AUDITOR, region=RegionFactory(code="140000"), actor=None)


def admin() -> User:
    return officer(Role.ADMINISTRATOR, "140000")


def end(person: User) -> None:
    people.end_appointment(appointment=person.appointments.get(), reason="调离", actor=admin())


def disable(person: User) -> None:
    people.disable(person=person, reason="停职", actor=admin())


def end_sessions(person: User) -> None:
    people.end_all_sessions(person=person, reason="电脑丢失", actor=admin())


def issue_password(person: User) -> None:
    people.issue_first_password(person=person, reason="忘记密码", actor=admin())


@pytest.mark.parametrize("change", [start, end, disable, end_sessions, issue_password])
def test_three_sessions_die_with_the_change(person: User, change: Callable[[User], None]) -> None:
    """Promise D5: the next request of each is refused."""
    clients = [browser(person) for _ in range(3)]
    assert all(map(is_in, clients))
    change(person)
    assert not any(map(is_in, clients))


def test_a_right_that_ended_behind_the_services_back_is_gone_at_the_next_request(person: User) -> None:
    client = browser(person)
    assert client.get("/sign-in-codes/").status_code == 200
    Appointment.objects.filter(user=person).update(ended_at=timezone.now())
    assert client.get("/sign-in-codes/").status_code == 403


def test_a_reset_second_factor_ends_the_sessions(person: User) -> None:
    client = browser(person)
    change = propose(
        kind=Kind.RESET_FACTOR, person=person, region=RegionFactory(code="140105"), reason="手机丢失", actor=admin()
    )
    ACCESS.approve(change, actor=admin())
    assert not is_in(client)


def test_own_sessions_are_listed_without_their_keys_and_can_be_ended(person: User) -> None:
    here, there = browser(person, "Firefox 140"), browser(person, "Chrome 150")
    page = here.get("/account/").content.decode()
    assert "Firefox 140" in page
    assert "Chrome 150" in page
    assert "127.0.0.1" in page
    keys = Session.objects.filter(user=person).values_list("session_key", flat=True)
    assert not any(key in page for key in keys)
    other = Session.objects.get(user=person, browser="Chrome 150")
    here.post("/account/sessions/end/", {"session": other.reference})
    assert is_in(here)
    assert not is_in(there)


def test_nobody_ends_another_persons_session(person: User) -> None:
    other = with_password(UserFactory())
    theirs = browser(other)
    session = Session.objects.get(user=other)
    browser(person).post("/account/sessions/end/", {"session": session.reference})
    assert is_in(theirs)


def test_all_others_are_ended_with_one_button(person: User) -> None:
    here, *others = [browser(person) for _ in range(3)]
    here.post("/account/sessions/end/", {"session": "others"})
    assert is_in(here)
    assert not any(map(is_in, others))


def test_an_active_session_is_written_once_a_minute(person: User) -> None:
    client = browser(person)
    seen = Session.objects.get(user=person).expire_date
    for _ in range(3):
        client.get("/account/")
    assert Session.objects.get(user=person).expire_date == seen
