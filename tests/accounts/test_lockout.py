"""Guessing passwords: the limit is exact under a burst, the page shows the wait, the owner stays able to sign in,
administrators can help."""

import base64
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from access.services import people
from accounts.errors import TooManyAttempts
from accounts.models import Attempts, User
from accounts.permissions import Role
from accounts.sign_in import attempts
from audit.models import AuditEntry
from tests.accounts.factories import PASSWORD, officer, with_password

FREE = 5
GUESSES = 1_000 if os.environ.get("LEVY_LONG") else 100


@pytest.fixture
def person(db: None) -> User:
    return with_password(officer(Role.VERIFIER, "140105"))


def try_it(client: Client, username: str, password: str = "wrong"):
    return client.post("/sign-in/", {"username": username, "password": password})


def guess(username: str, times: int = FREE) -> None:
    for _ in range(times):
        try_it(Client(), username)


@pytest.mark.parametrize("is_known", [True, False])
def test_after_five_wrong_passwords_even_the_right_one_waits(person: User, is_known: bool) -> None:
    name = person.username if is_known else "nobody-by-this-name"
    guess(name)
    refused = try_it(Client(), name, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "请在1分钟后再试" in refused.content.decode()


@pytest.mark.parametrize("counted_by", ["name", "second_factor"])
def test_an_administrator_finds_who_must_wait_and_the_page_looks_at_nobody_else(
    person: User, counted_by: str, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a million employers' accounts a few wait: hashing every name to ask would take the page seconds."""
    free = officer(Role.VERIFIER, "140105")
    if counted_by == "name":
        guess(person.username)
    else:
        for _ in range(FREE):
            attempts.admit([attempts.by_second_factor(person.pk)])
    guess("nobody-by-this-name")
    guess(free.username, FREE - 1)
    client = signed_in(Role.ADMINISTRATOR, "140000")
    monkeypatch.delattr(attempts, "salted_hmac")
    page = client.get("/people/?role=verifier&state=locked").context["page"]
    assert list(page) == [person]


def test_the_wait_doubles_up_to_an_hour_and_ends(person: User) -> None:
    start = timezone.now()
    waits = []
    with time_machine.travel(start, tick=False) as clock:
        guess(person.username)
        for _ in range(9):
            with pytest.raises(TooManyAttempts) as refused:
                attempts.admit([attempts.by_name(person.username)])
            waits.append(refused.value.seconds)
            clock.shift(refused.value.seconds + 1)
            try_it(Client(), person.username)
        clock.shift(3601)
        assert try_it(Client(), person.username, PASSWORD).status_code == 302
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_the_right_password_forgets_the_wrong_ones(person: User) -> None:
    guess(person.username, FREE - 1)
    assert try_it(Client(), person.username, PASSWORD).status_code == 302
    guess(person.username, FREE - 1)
    assert try_it(Client(), person.username, PASSWORD).status_code == 302


def test_yesterdays_tries_are_forgotten(person: User) -> None:
    guess(person.username, FREE - 1)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        guess(person.username, FREE - 1)
        assert try_it(Client(), person.username, PASSWORD).status_code == 302


def test_the_owner_gets_in_from_a_known_browser_while_strangers_guess(person: User) -> None:
    owner = Client()
    try_it(owner, person.username, PASSWORD)
    owner.post("/sign-out/")
    guess(person.username, FREE + 3)
    assert try_it(Client(), person.username, PASSWORD).status_code == 429
    assert try_it(owner, person.username, PASSWORD).status_code == 302


def test_a_known_browser_has_a_limit_of_its_own_and_none_for_other_names(person: User) -> None:
    owner, other = Client(), with_password(officer(Role.VERIFIER, "140105"))
    try_it(owner, person.username, PASSWORD)
    owner.post("/sign-out/")
    for _ in range(FREE):
        try_it(owner, person.username)
    assert try_it(owner, person.username, PASSWORD).status_code == 429
    neighbour = Client()
    try_it(neighbour, person.username, PASSWORD)
    neighbour.post("/sign-out/")
    guess(other.username)
    assert try_it(neighbour, other.username, PASSWORD).status_code == 429


def test_a_forged_device_cookie_is_no_known_browser(person: User) -> None:
    guess(person.username)
    stranger = Client()
    stranger.cookies["known_device"] = f'["abc","{person.username}"]'
    assert try_it(stranger, person.username, PASSWORD).status_code == 429


def test_the_device_cookie_does_not_tell_whose_it_is(person: User) -> None:
    owner = Client()
    try_it(owner, person.username, PASSWORD)
    parts = owner.cookies["known_device"].value.split(":")
    shown = b"".join(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
    assert person.username.encode() not in shown
    assert person.username.encode().hex().encode() not in shown


def test_one_password_against_many_names_is_stopped_by_the_address(person: User) -> None:
    statuses = [try_it(Client(), f"name{number}", "spring-2026").status_code for number in range(60)]
    assert statuses == [200] * 50 + [429] * 10
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert try_it(elsewhere, person.username, PASSWORD).status_code == 302


def test_an_office_is_not_closed_by_the_slips_of_many_weeks(person: User) -> None:
    """Five a day from new browsers, and people who sign in all day long, behind one address."""
    start = timezone.now()
    for hour in range(0, 20 * 24, 2):
        with time_machine.travel(start + timedelta(hours=hour), tick=False):
            if hour % 24 < 10:
                assert try_it(Client(), f"slip{hour}").status_code == 200, hour
            assert try_it(Client(), person.username, PASSWORD).status_code == 302, hour


def test_an_address_wins_no_tries_by_going_on(db: None) -> None:
    """In a day: the free ones, those between the first hour's growing waits, then one an hour."""
    start, looked_at = timezone.now(), 0
    for minute in range(24 * 60):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False), suppress(TooManyAttempts):
            for _try in range(60):
                attempts.admit([attempts.by_address("198.51.100.9")])
                looked_at += 1
    assert looked_at <= 50 + 6 + 23


def test_an_ipv6_home_counts_as_one_address(db: None) -> None:
    addresses = [f"2001:db8:0:1::{number:x}" for number in range(1, 60)]
    statuses = [
        try_it(Client(REMOTE_ADDR=address), f"name{number}").status_code for number, address in enumerate(addresses)
    ]
    assert statuses.count(429) == 9


def test_of_a_thousand_passwords_five_are_looked_at_and_an_unknown_name_looks_the_same(person: User) -> None:
    """Promise F3; through the page, from as many addresses, so that no address is what stops it."""
    answers = [
        [
            (answer.status_code, len(answer.content.decode().replace(name, "")))
            for number in range(GUESSES)
            for answer in [
                try_it(Client(REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}"), name, f"guess {number}")
            ]
        ]
        for name in (person.username, "x" * len(person.username))
    ]
    assert answers[0] == answers[1]
    assert Counter(status for status, _length in answers[0]) == {200: FREE, 429: GUESSES - FREE}


def burst(counted: attempts.Counted) -> int:
    """The number of fifty simultaneous attempts whose password was checked."""
    barrier = threading.Barrier(50, timeout=60)

    def one_try(_number: int) -> bool:
        barrier.wait()
        try:
            attempts.admit([counted])
        except TooManyAttempts:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(one_try, range(50))).count(True)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_simultaneous_tries_exactly_five_are_looked_at() -> None:
    """Promise F3: the counter is one statement in PostgreSQL. The cache does not take part."""
    assert burst(attempts.by_name("somebody")) == FREE
    office = attempts.by_address("198.51.100.9")
    for _earlier in range(office.free - FREE):
        attempts.admit([office])
    assert burst(office) == FREE


@pytest.mark.django_db(transaction=True)
def test_twin_a_counter_that_reads_before_it_writes_looks_at_more(monkeypatch: pytest.MonkeyPatch) -> None:
    all_have_read = threading.Barrier(50, timeout=60)

    def reads_first(counted: attempts.Counted) -> int:
        seen = Attempts.objects.filter(pk=counted.key).first()
        all_have_read.wait()
        if seen and seen.count >= counted.free:
            raise TooManyAttempts(60)
        now = timezone.now()
        Attempts.objects.update_or_create(pk=counted.key, defaults={"count": 1, "last_at": now, "waits_until": now})
        return 1

    monkeypatch.setattr(attempts, "_admit", reads_first)
    assert burst(attempts.by_name("somebody")) > FREE


def test_what_was_typed_is_not_kept(person: User) -> None:
    """Somebody may have typed the password into the box of the name."""
    guess("my-secret-password", 1)
    keys = Attempts.objects.values_list("key", flat=True)
    assert len(keys) == 2
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)


def test_the_lock_of_a_known_name_is_recorded_once(person: User) -> None:
    guess(person.username, FREE + 4)
    guess("nobody-by-this-name", FREE + 4)
    entry = AuditEntry.objects.get(action="accounts.user.lock")
    assert (entry.object_id, entry.region_code, entry.actor) == (str(person.pk), "140105", None)
    assert entry.details["tries"] == FREE


def test_a_person_who_finds_an_open_session_and_guesses_its_password_is_recorded(person: User) -> None:
    client = Client()
    client.force_login(person)
    form = {"current": "wrong", "new": "另一个足够长的密码句子 1", "again": "另一个足够长的密码句子 1"}
    for _ in range(FREE):
        client.post("/account/password/", form)
    assert AuditEntry.objects.get(action="accounts.user.lock").object_id == str(person.pk)


def test_an_administrator_ends_the_wait(person: User) -> None:
    guess(person.username)
    people.unlock(person=person, reason="本人来电", actor=officer(Role.ADMINISTRATOR, "140100"))
    assert try_it(Client(), person.username, PASSWORD).status_code == 302


def test_what_no_longer_counts_is_removed(person: User) -> None:
    guess(person.username)
    assert attempts.forget_old() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert attempts.forget_old() == 2
