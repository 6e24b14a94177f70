"""Password rules: ASVS by default; mixed characters and forced changes only where the installation requires them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Role
from accounts.sign_in.password_rules import issued_password
from tests.accounts.factories import PASSWORD, UserFactory, officer, with_password

pytestmark = pytest.mark.django_db
GOOD = "完全不同的一句话 4711"
MIXED = {"NAME": "accounts.sign_in.password_rules.MixedCharactersValidator"}


@pytest.fixture
def client_of(db: None) -> tuple[Client, User]:
    person = with_password(officer(Role.AUDITOR, "140000"))
    client = Client()
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    return client, person


def change(client: Client, new: str, current: str = PASSWORD, again: str | None = None) -> str:
    values = {"current": current, "new": new, "again": new if again is None else again}
    return client.post("/account/password/", values).content.decode()


@pytest.mark.parametrize("new", ["short-1", "password1234", "person-person1", PASSWORD])
def test_weak_passwords_are_refused(client_of: tuple[Client, User], new: str) -> None:
    client, person = client_of
    User.objects.filter(pk=person.pk).update(username="person-person")
    change(client, new)
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.parametrize("new", [GOOD, "correct horse battery staple", "一" * 64, "Aa1!" * 60])
def test_long_ones_of_any_characters_are_taken(client_of: tuple[Client, User], new: str) -> None:
    client, person = client_of
    change(client, new)
    assert User.objects.get(pk=person.pk).check_password(new)


def test_the_current_password_is_needed_and_its_guesses_are_counted(client_of: tuple[Client, User]) -> None:
    client, person = client_of
    for _ in range(5):
        assert "当前密码不正确" in change(client, GOOD, current="wrong")
    assert "请在1分钟后再试" in change(client, GOOD)
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


def test_both_new_ones_must_be_the_same(client_of: tuple[Client, User]) -> None:
    assert "两次填写的新密码不一致" in change(client_of[0], GOOD, again=GOOD + "x")


def test_no_password_grows_old_by_default(client_of: tuple[Client, User]) -> None:
    client, person = client_of
    User.objects.filter(pk=person.pk).update(password_set_at=timezone.now() - timedelta(days=4000))
    assert client.get("/account/").status_code == 200


def test_the_stricter_rules_want_mixed_characters_and_a_new_one_every_90_days(
    settings: Any, client_of: tuple[Client, User]
) -> None:
    settings.PASSWORD_RULES, settings.PASSWORD_MAX_DAYS = "mlps", 90
    settings.AUTH_PASSWORD_VALIDATORS = [*settings.AUTH_PASSWORD_VALIDATORS, MIXED]
    client, person = client_of
    User.objects.filter(pk=person.pk).update(password_set_at=timezone.now() - timedelta(days=91))
    assert client.get("/account/").url == "/account/password/"
    assert "至少三种" in client.get("/account/password/").content.decode()
    change(client, "correct horse battery staple")
    assert client.get("/account/").status_code == 302
    change(client, "Correct horse 8attery staple")
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("password", "is_mixed"),
    [
        ("abcDEF123456", True),
        ("abc def 1 2 3 4", True),
        ("一二三abc123456", True),
        ("abcdefghijkl1", False),
        ("ABCDEFGHIJKL", False),
    ],
)
def test_three_kinds_of_characters(settings: Any, password: str, is_mixed: bool) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [MIXED]
    if is_mixed:
        validate_password(password, UserFactory())
    else:
        with pytest.raises(ValidationError):
            validate_password(password, UserFactory())


def test_issued_passwords_are_long_readable_and_never_the_same() -> None:
    issued = {issued_password() for _ in range(200)}
    assert len(issued) == 200
    assert all(len(password) == 19 and password.count("-") == 3 for password in issued)
    assert not set("".join(issued)) & set("01OILZ2S5BU")


def test_an_expired_slip_lets_nobody_in() -> None:
    person = with_password(UserFactory())
    User.objects.filter(pk=person.pk).update(password_issued_until=timezone.now() - timedelta(minutes=1))
    client = Client()
    assert client.post("/sign-in/", {"username": person.username, "password": PASSWORD}).status_code == 200


def test_production_does_not_start_without_the_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    with pytest.raises(SystemCheckError, match=r"accounts\.E001"):
        call_command("check", deploy=True, tags=["security"])


def test_a_misspelt_rule_is_noticed(settings: Any) -> None:
    settings.PASSWORD_RULES = "strict"
    with pytest.raises(SystemCheckError, match=r"accounts\.E002"):
        call_command("check", tags=["security"])
