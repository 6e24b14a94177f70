"""Signing in with a name and a password: the right people get in, and the answers never reveal which names exist."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from accounts.permissions import Role
from audit.models import AuditEntry
from tests.accounts.factories import PASSWORD, officer, with_password

pytestmark = pytest.mark.django_db
REFUSAL = "用户名或密码不正确，请重新输入。"


@pytest.fixture
def person() -> User:
    return with_password(officer(Role.VERIFIER, "140105"))


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str):
    return client.post("/sign-in/", {"username": username, "password": password, **more})


def test_the_right_password_leads_to_the_page_that_was_asked_for(client: Client, person: User) -> None:
    asked = client.get("/account/")
    assert asked.status_code == 302
    assert sign_in(client, person.username, next="/account/").url == "/account/"
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(client: Client, person: User, elsewhere: str) -> None:
    assert sign_in(client, person.username, next=elsewhere).url == "/home/"


def test_credit_codes_are_read_as_people_type_them(client: Client) -> None:
    account = with_password(User.objects.create(username="91140105MA0K5XY12C"))
    assert sign_in(client, " 91140105ma0k5xy12c ").status_code == 302
    assert client.session["_auth_user_id"] == str(account.pk)


def wrong(client: Client, kind: str, person: User) -> tuple[int, bool, int]:
    """Status, True if the one refusal is shown, length of the page without the typed name."""
    if kind == "disabled":
        User.objects.filter(pk=person.pk).update(is_active=False)
    if kind == "issued password expired":
        User.objects.filter(pk=person.pk).update(password_issued_until=timezone.now() - timedelta(seconds=1))
    if kind == "no password":
        User.objects.filter(pk=person.pk).update(password=make_password(None))
    name = "nobody-by-this-name" if kind == "unknown" else person.username
    response = sign_in(client, name, "wrong" if kind == "wrong password" else PASSWORD)
    text = response.content.decode()
    return response.status_code, REFUSAL in text, len(text.replace(name, ""))


def test_every_refusal_is_the_same_page() -> None:
    kinds = ("unknown", "wrong password", "disabled", "issued password expired", "no password")
    answers = {wrong(Client(), kind, with_password(officer(Role.VERIFIER, "140105"))) for kind in kinds}
    assert len(answers) == 1
    status, is_told, _length = answers.pop()
    assert (status, is_told) == (200, True)


def test_an_unknown_name_costs_as_many_hashes_as_a_known_one(settings, person: User, monkeypatch) -> None:
    """Promise F3: the hash decides how long an answer takes, so nobody learns from it who exists."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    with_password(person)
    encode, hashed = PBKDF2PasswordHasher.encode, []
    monkeypatch.setattr(
        PBKDF2PasswordHasher, "encode", lambda *given, **named: hashed.append(1) or encode(*given, **named)
    )
    costs = []
    for name in (person.username, "nobody-by-this-name"):
        hashed.clear()
        sign_in(Client(), name, "wrong")
        costs.append(len(hashed))
    assert costs[0] == costs[1] > 0


def test_a_password_is_neither_stripped_nor_shown_again(client: Client, person: User) -> None:
    assert sign_in(client, person.username, f" {PASSWORD}").status_code == 200
    page = sign_in(client, person.username, "geheim-und-falsch").content.decode()
    assert "geheim-und-falsch" not in page


def test_the_session_id_is_new_after_sign_in(client: Client, person: User) -> None:
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    sign_in(client, person.username)
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_signing_in_and_out_is_recorded_with_the_address(client: Client, person: User) -> None:
    sign_in(client, person.username)
    entry = AuditEntry.objects.get(action="accounts.user.sign_in")
    assert (entry.actor, entry.region_code, entry.details["address"]) == (person, "140105", "127.0.0.1")
    client.post("/sign-out/")
    assert AuditEntry.objects.filter(action="accounts.user.sign_out", actor=person).count() == 1


def test_a_link_cannot_sign_anybody_out(client: Client, person: User) -> None:
    sign_in(client, person.username)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/account/").status_code == 200


def test_a_forged_forwarding_header_is_not_believed(client: Client, person: User) -> None:
    client.post(
        "/sign-in/", {"username": person.username, "password": PASSWORD}, headers={"x-forwarded-for": "9.9.9.9"}
    )
    assert AuditEntry.objects.get(action="accounts.user.sign_in").details["address"] == "127.0.0.1"


def test_an_issued_password_leads_to_choosing_an_own_one_and_nowhere_else(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(password_issued_until=timezone.now() + timedelta(days=1))
    sign_in(client, person.username)
    for address in ("/home/", "/account/", "/verification/", "/api/v1/schema"):
        answer = client.get(address)
        assert (answer.status_code, answer.url) == (302, "/account/password/")
    new = {"current": PASSWORD, "new": "完全不同的一句话 4711", "again": "完全不同的一句话 4711"}
    assert client.post("/account/password/", new).url == "/home/"
    assert client.get("/account/").status_code == 200
    assert User.objects.get(pk=person.pk).password_issued_until is None
