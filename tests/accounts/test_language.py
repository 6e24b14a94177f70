"""Chinese by default, English by choice: in the browser, for the person, on the same page."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import Role
from tests.accounts.factories import PASSWORD, officer, with_password

pytestmark = pytest.mark.django_db
SWITCH, PAGE = "/language/", "/sign-in/"


def language_of(client: Client, page: str = PAGE, **headers: str) -> str:
    answer = client.get(page, headers=headers)
    written = answer.content.decode().partition('<html lang="')[2].partition('"')[0]
    assert answer.headers["Content-Language"] == {"zh-CN": "zh-hans"}.get(written, written)
    return written


def test_the_browsers_language_never_changes_the_default(client: Client) -> None:
    for wish in ("en-US,en;q=0.9", "en", "zh-TW", "fr", "*"):
        assert language_of(client, **{"accept-language": wish}) == "zh-CN"


def test_the_switch_leads_back_to_the_same_page_in_the_other_language(client: Client) -> None:
    page = "/search/?q=%E6%B8%85%E5%92%8C&year=2025"
    assert re.search(r'name="language"\s+value="en"\s+lang="en"\s*>\s*English\s*</button>', client.get(page).text)
    answer = client.post(SWITCH, {"language": "en"}, headers={"referer": f"http://testserver{page}"})
    assert (answer.status_code, answer.url) == (302, f"http://testserver{page}")
    assert language_of(client, page) == "en"
    assert re.search(r'value="zh-hans"\s+lang="zh-CN"\s*>\s*简体中文\s*</button>', client.get(page).text)


def test_the_choice_outlasts_a_browser_that_wishes_something_else(client: Client) -> None:
    client.post(SWITCH, {"language": "en"})
    assert language_of(client, **{"accept-language": "zh-CN"}) == "en"
    client.post(SWITCH, {"language": "zh-hans"})
    assert language_of(client, **{"accept-language": "en"}) == "zh-CN"


@pytest.mark.parametrize("form", [{}, {"language": "fr"}, {"language": "en'; --"}])
def test_an_unknown_language_changes_nothing(client: Client, form: dict[str, str]) -> None:
    client.post(SWITCH, {"language": "en"})
    client.post(SWITCH, form)
    assert language_of(client) == "en"


def test_the_switch_leads_to_no_other_site(client: Client) -> None:
    for away in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert client.post(SWITCH, {"language": "en"}, headers={"referer": away}).url == "/"


def test_public_pages_need_no_token_for_the_switch() -> None:
    """They are cached for everybody, so they can hold none."""
    client = Client(enforce_csrf_checks=True)
    answer = client.get("/")
    assert "csrfmiddlewaretoken" not in answer.text
    assert client.post(SWITCH, {"language": "en"}).status_code == 302


def test_a_persons_choice_follows_to_another_browser(signed_in: Callable[..., Client]) -> None:
    person = officer(Role.VERIFIER, "140105")
    signed_in(person).post(SWITCH, {"language": "en"})
    assert language_of(signed_in(person), "/home/") == "en"


def test_what_this_browser_says_wins_over_what_the_person_once_chose(signed_in: Callable[..., Client]) -> None:
    person = officer(Role.VERIFIER, "140105")
    User.objects.filter(pk=person.pk).update(language="en")
    client = signed_in(person)
    client.cookies["language"] = "zh-hans"
    assert language_of(client, "/home/") == "zh-CN"


def test_display_settings_keep_the_language_for_the_person_too(signed_in: Callable[..., Client]) -> None:
    person = officer(Role.VERIFIER, "140105")
    chosen = {"theme": "system", "contrast": "system", "size": "standard", "language": "en", "keys": "on"}
    assert signed_in(person).post("/display/", chosen).status_code == 302
    person.refresh_from_db()
    assert person.language == "en"


def test_display_settings_show_the_language_that_is_in_force(signed_in: Callable[..., Client]) -> None:
    person = officer(Role.VERIFIER, "140105")
    User.objects.filter(pk=person.pk).update(language="en")
    assert signed_in(person).get("/display/").context["form"].initial["language"] == "en"


def test_whoever_must_change_the_password_may_read_in_english(client: Client) -> None:
    person = with_password(officer(Role.VERIFIER, "140105"))
    User.objects.filter(pk=person.pk).update(password_issued_until="2099-01-01T00:00:00Z")
    client.force_login(person)
    assert client.post(SWITCH, {"language": "en"}).url == "/"
    assert language_of(client, "/account/password/") == "en"


def test_the_answer_to_a_form_offers_no_switch_that_would_lose_the_typing(client: Client) -> None:
    answer = client.post(PAGE, {"username": "nobody", "password": PASSWORD})
    assert answer.status_code == 200
    assert 'name="language"' not in answer.text
