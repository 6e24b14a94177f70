"""Promise F9: passwords are hashed one at a time in each process, so that a morning's sign-ins fit into its memory."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
from argon2 import extract_parameters
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.permissions import Role
from accounts.sign_in import hashers
from config import sign_in_settings
from tests.accounts.factories import PASSWORD, officer, with_password

AT_ONCE = 16


@pytest.fixture(autouse=True)
def _real_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = sign_in_settings.PASSWORD_HASHERS


def parameters(encoded: str) -> tuple[int, int, int]:
    found = extract_parameters(encoded.removeprefix("argon2"))
    return found.memory_cost, found.time_cost, found.parallelism


def test_a_password_is_hashed_with_owasps_numbers() -> None:
    assert parameters(make_password(PASSWORD)) == (19 * 1024, 2, 1)


@pytest.mark.django_db
def test_a_hash_with_djangos_numbers_still_opens_and_is_replaced(client: Client) -> None:
    person = officer(Role.VERIFIER, "140105")
    person.password = Argon2PasswordHasher().encode(PASSWORD, "saltsaltsaltsaltsaltsalt")
    person.save()
    assert parameters(person.password)[0] == 100 * 1024
    assert client.post("/sign-in/", {"username": person.username, "password": "wrong"}).status_code == 200
    assert client.post("/sign-in/", {"username": person.username, "password": PASSWORD}).status_code == 302
    person.refresh_from_db()
    assert parameters(person.password) == (19 * 1024, 2, 1)


class Gauge:
    """Counts how many hashes are computed at the same moment, by Argon2 itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.all = 0
        self._lock = threading.Lock()
        for name in ("encode", "verify"):
            monkeypatch.setattr(Argon2PasswordHasher, name, self._counted(getattr(Argon2PasswordHasher, name)))

    def _counted(self, compute: Any) -> Any:
        def counted(*given: Any) -> Any:
            with self._lock:
                self.now += 1
                self.all += 1
                self.most = max(self.most, self.now)
            try:
                return compute(*given)
            finally:
                with self._lock:
                    self.now -= 1

        return counted


def sign_in_at_once(people: list[User]) -> list[int]:
    """The statuses of simultaneous sign-ins with the right password."""
    barrier = threading.Barrier(len(people), timeout=60)

    def enter(person: User) -> int:
        barrier.wait()
        try:
            return Client().post("/sign-in/", {"username": person.username, "password": PASSWORD}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(enter, people))


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_sign_ins_every_right_one_gets_in_and_one_hash_is_computed_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [with_password(officer(Role.VERIFIER, "140105")) for _person in range(AT_ONCE)]
    gauge = Gauge(monkeypatch)
    assert sign_in_at_once(people) == [302] * AT_ONCE
    assert (gauge.all, gauge.most) == (AT_ONCE, 1)


def test_twin_without_the_lock_hashes_are_computed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "_one_at_a_time", nullcontext())
    together = threading.Barrier(4, timeout=60)  # with the lock, the first would wait here for ever
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *_given: str(together.wait()))
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make_password, ["x"] * 4)) == ["0", "1", "2", "3"]
