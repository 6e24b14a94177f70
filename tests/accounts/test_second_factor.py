"""Officers show a second factor at each sign-in; no code works twice; recovery codes help after a lost phone."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from access.services import people
from accounts.errors import AlreadySetUp
from accounts.models import RecoveryCode, SecondFactor, User
from accounts.permissions import Role
from accounts.sign_in import second_factor, totp
from audit.models import AuditEntry
from tests.accounts.factories import PASSWORD, UserFactory, officer, with_password

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def person() -> User:
    return with_password(officer(Role.VERIFIER, "140105"))


def code_now(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS + steps)


def give_app(person: User) -> tuple[str, list[str]]:
    """Give a person an app that was set up earlier. Returns the secret and the recovery codes."""
    secret = totp.new_secret()
    codes = second_factor.set_up(person=person, secret=secret, code=code_now(secret), is_first=False)
    SecondFactor.objects.update(last_step=0)
    return secret, codes


def password_step(client: Client, person: User):
    return client.post("/sign-in/", {"username": person.username, "password": PASSWORD, "next": "/account/"})


def code_step(client: Client, code: str):
    return client.post("/sign-in/code/", {"code": code})


def shown_secret(page: str) -> str:
    return re.search(r'class="code breaks">([A-Z2-7 ]+)<', page)[1].replace(" ", "")


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_first_sign_in_of_an_officer_leads_to_setting_up(client: Client, person: User) -> None:
    assert password_step(client, person).url == "/sign-in/set-up/"
    assert not is_in(client)
    page = client.get("/sign-in/set-up/").content.decode()
    assert "<svg" in page
    secret = shown_secret(page)
    assert secret == shown_secret(client.get("/sign-in/set-up/").content.decode())
    assert client.post("/sign-in/set-up/", {"code": "000000"}).status_code == 200
    assert not is_in(client)
    done = client.post("/sign-in/set-up/", {"code": code_now(secret)})
    assert len(re.findall(r'<li class="code">', done.content.decode())) == 10
    assert 'href="/account/"' in done.content.decode()
    assert is_in(client)
    assert secret.encode() not in bytes(SecondFactor.objects.get(user=person).secret)


def test_the_next_person_at_the_same_browser_is_shown_another_secret(client: Client, person: User) -> None:
    """Whoever saw a secret that somebody else takes into use would have that person's codes for ever."""
    password_step(client, person)
    seen = shown_secret(client.get("/sign-in/set-up/").content.decode())
    other = with_password(officer(Role.VERIFIER, "140105"))
    password_step(client, other)
    own = shown_secret(client.get("/sign-in/set-up/").content.decode())
    assert own != seen
    client.post("/sign-in/set-up/", {"code": code_now(seen)})
    assert not is_in(client)
    client.post("/sign-in/set-up/", {"code": code_now(own)})
    assert is_in(client)
    assert SecondFactor.objects.get().user == other


def test_an_officer_with_an_app_gets_in_with_its_code_only(client: Client, person: User) -> None:
    secret, _codes = give_app(person)
    assert password_step(client, person).url == "/sign-in/code/"
    assert not is_in(client)
    assert code_step(client, "000000").status_code == 200
    assert not is_in(client)
    assert code_step(client, code_now(secret)).url == "/account/"
    assert is_in(client)
    assert AuditEntry.objects.filter(action="accounts.user.sign_in").latest("id").details["second_factor"] is True


def test_the_code_page_is_closed_without_the_password(client: Client, person: User) -> None:
    secret, _codes = give_app(person)
    assert code_step(client, code_now(secret)).url == "/sign-in/"
    assert not is_in(client)


def test_setting_up_on_the_way_in_is_closed_to_whoever_has_an_app(client: Client, person: User) -> None:
    """Otherwise a stolen password would be enough to bring an app of one's own."""
    give_app(person)
    password_step(client, person)
    assert client.get("/sign-in/set-up/").url == "/sign-in/"


def test_a_code_works_once(person: User) -> None:
    secret, _codes = give_app(person)
    code = code_now(secret)
    first, second = Client(), Client()
    password_step(first, person)
    password_step(second, person)
    assert code_step(first, code).status_code == 302
    assert code_step(second, code).status_code == 200
    assert not is_in(second)


def test_the_code_of_the_set_up_does_not_sign_in(client: Client, person: User) -> None:
    secret = totp.new_secret()
    second_factor.set_up(person=person, secret=secret, code=code_now(secret), is_first=True)
    password_step(client, person)
    assert code_step(client, code_now(secret)).status_code == 200


def test_an_older_code_is_refused_after_a_newer_one(person: User) -> None:
    secret, _codes = give_app(person)
    assert second_factor.is_right(person=person, code=code_now(secret, 1))
    assert not second_factor.is_right(person=person, code=code_now(secret, -1))


def test_codes_are_read_as_people_type_them(person: User) -> None:
    secret, _codes = give_app(person)
    code = code_now(secret)
    assert second_factor.is_right(person=person, code=f" {code[:3]} {code[3:]} ")


def test_a_recovery_code_works_once_and_is_kept_as_a_hash(client: Client, person: User) -> None:
    _secret, codes = give_app(person)
    password_step(client, person)
    assert code_step(client, codes[3].lower().replace(" ", "-")).status_code == 302
    again = Client()
    password_step(again, person)
    assert code_step(again, codes[3]).status_code == 200
    assert RecoveryCode.objects.filter(user=person, used_at=None).count() == 9
    assert AuditEntry.objects.get(action="accounts.user.use_recovery_code").details["left"] == 9
    stored = "".join(RecoveryCode.objects.values_list("digest", flat=True))
    assert not any(code.replace(" ", "") in stored for code in codes)


def test_another_persons_recovery_code_is_wrong(person: User) -> None:
    other = officer(Role.VERIFIER, "140105")
    _secret, codes = give_app(other)
    give_app(person)
    assert not second_factor.is_right(person=person, code=codes[0])


def test_guessing_codes_has_a_limit(person: User) -> None:
    secret, _codes = give_app(person)
    for _ in range(5):
        client = Client()
        password_step(client, person)
        assert code_step(client, "000000").status_code == 200
    client = Client()
    password_step(client, person)
    assert code_step(client, code_now(secret)).status_code == 429


def wrong_codes(person: User, times: int = 5) -> None:
    for _ in range(times):
        client = Client()
        password_step(client, person)
        code_step(client, "000000")


@pytest.mark.parametrize("forgive", [people.unlock, people.issue_first_password])
def test_one_administrator_does_not_take_the_limit_of_codes_away(person: User, forgive: Callable[..., object]) -> None:
    """Or guessing goes on: of a million codes three fit at any time."""
    secret, _codes = give_app(person)
    wrong_codes(person)
    forgive(person=person, reason="本人来电", actor=officer(Role.ADMINISTRATOR, "140000"))
    User.objects.filter(pk=person.pk).update(password_issued_until=None)
    with_password(person)
    client = Client()
    password_step(client, person)
    assert code_step(client, code_now(secret)).status_code == 429


def test_every_wrong_code_is_on_record_with_its_address(person: User) -> None:
    give_app(person)
    wrong_codes(person, 3)
    entries = AuditEntry.objects.filter(action="accounts.user.wrong_code", object_id=str(person.pk))
    assert [entry.details["address"] for entry in entries] == ["127.0.0.1"] * 3
    assert {entry.actor for entry in entries} == {None}


def set_up_together(person: User) -> list[object]:
    """Two sessions that have the password send their first codes at once."""

    def one(_session: int) -> object:
        secret = totp.new_secret()
        try:
            return second_factor.set_up(person=person, secret=secret, code=code_now(secret), is_first=True)
        except AlreadySetUp as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(2)))


@pytest.mark.django_db(transaction=True)
def test_of_two_sessions_that_set_up_the_first_app_at_once_one_gets_in(person: User) -> None:
    outcomes = set_up_together(person)
    assert sorted(isinstance(outcome, AlreadySetUp) for outcome in outcomes) == [False, True]
    assert RecoveryCode.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_twin_without_the_lock_both_get_in(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    both, asked = threading.Barrier(2, timeout=60), second_factor.has_second_factor

    def asks_and_waits(person: User) -> bool:
        has = asked(person)
        both.wait()
        return has

    monkeypatch.setattr(second_factor, "lock_account", lambda person: None)
    monkeypatch.setattr(second_factor, "has_second_factor", asks_and_waits)
    assert not any(isinstance(outcome, AlreadySetUp) for outcome in set_up_together(person))


def test_a_second_set_up_in_another_browser_sees_no_recovery_codes(person: User) -> None:
    first, second = Client(), Client()
    secrets = []
    for client in (first, second):
        password_step(client, person)
        secrets.append(shown_secret(client.get("/sign-in/set-up/").content.decode()))
    assert first.post("/sign-in/set-up/", {"code": code_now(secrets[0])}).status_code == 200
    late = second.post("/sign-in/set-up/", {"code": code_now(secrets[1])})
    assert late.url == "/sign-in/"
    assert not is_in(second)


def test_a_superuser_without_a_post_shows_one_too_and_has_no_right(client: Client, person: User) -> None:
    root = with_password(UserFactory(is_superuser=True, is_staff=True))
    assert password_step(client, root).url == "/sign-in/set-up/"
    client.force_login(root)
    assert client.get("/admin/").status_code == 302
    assert not root.has_perm("auth.view_group")
    assert not root.has_module_perms("auth")


def test_a_superuser_without_a_post_is_refused_by_the_administration_pages(settings: Any, client: Client) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    for page in ("/admin/", "/admin/auth/group/", "/admin/auth/group/add/"):
        assert client.get(page, follow=True).status_code == 403


def test_an_employer_may_set_one_up_and_then_needs_it(client: Client) -> None:
    person = with_password(officer(Role.EMPLOYER, "140105"))
    password_step(client, person)
    assert "建议设置" in client.get("/account/").content.decode()
    secret = shown_secret(client.get("/account/second-factor/").content.decode())
    done = client.post("/account/second-factor/", {"password": PASSWORD, "code": code_now(secret)})
    assert len(re.findall(r'<li class="code">', done.content.decode())) == 10
    elsewhere = Client()
    assert password_step(elsewhere, person).url == "/sign-in/code/"
    assert not is_in(elsewhere)


def test_an_installation_may_ask_employers_for_one(settings: Any, client: Client) -> None:
    settings.SECOND_FACTOR_FOR_EMPLOYERS = True
    person = with_password(officer(Role.EMPLOYER, "140105"))
    client.force_login(person)
    assert client.get("/account/").url.startswith("/sign-in/")
    assert password_step(client, person).url == "/sign-in/set-up/"


def test_a_password_changed_in_between_takes_the_half_sign_in_back(client: Client, person: User) -> None:
    secret, _codes = give_app(person)
    password_step(client, person)
    with_password(person, "又换了一个密码 2026")
    assert code_step(client, code_now(secret)).url == "/sign-in/"


def test_an_employers_account_needs_none(client: Client) -> None:
    person = with_password(officer(Role.EMPLOYER, "140105"))
    assert password_step(client, person).url == "/account/"


def test_a_session_without_it_ends_where_an_officer_must_have_it(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/account/").url.startswith("/sign-in/")


def test_where_it_is_off_only_those_who_set_it_up_are_asked(settings, client: Client, person: User) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    assert password_step(client, person).url == "/account/"
    give_app(person)
    assert password_step(Client(), person).url == "/sign-in/code/"


def test_a_new_app_needs_the_password_and_replaces_the_old_one(settings, client: Client, person: User) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    password_step(client, person)
    old, old_codes = give_app(person)
    page = client.get("/account/second-factor/").content.decode()
    secret = shown_secret(page)
    wrong = client.post("/account/second-factor/", {"password": "wrong", "code": code_now(secret)})
    assert "当前密码不正确" in wrong.content.decode()
    key = client.session.session_key
    client.post("/account/second-factor/", {"password": PASSWORD, "code": code_now(secret)})
    assert client.session.session_key != key
    assert not second_factor.is_right(person=person, code=code_now(old, 1))
    assert not second_factor.is_right(person=person, code=old_codes[0])
    SecondFactor.objects.update(last_step=0)
    assert second_factor.is_right(person=person, code=code_now(secret))


def test_new_recovery_codes_need_the_password_and_end_the_old_ones(client: Client, person: User) -> None:
    secret, old = give_app(person)
    password_step(client, person)
    code_step(client, code_now(secret))
    assert "当前密码不正确" in client.post("/account/recovery-codes/", {"password": "wrong"}).content.decode()
    assert client.post("/account/recovery-codes/", {"password": PASSWORD}).content.decode().count('class="code"') == 10
    assert not second_factor.is_right(person=person, code=old[0])
