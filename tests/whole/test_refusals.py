"""Every way in which a request can fail: the page says what happened and what to do next, and keeps typed text.

Programs get the same as JSON. All tests use real requests.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.test import Client
from django.urls import reverse

from accounts.errors import TooManyAttempts
from accounts.models import User
from accounts.permissions import Role
from audit.errors import DomainError
from config.celery import app
from disclosure.models import Publication, PublicationState
from tests.accounts.factories import RegionFactory, officer
from tests.browser.forms import Document
from tests.disclosure.factories import SHANXI, regions, verified_year
from tests.disclosure.factories import employer as employer_in
from tests.levy.factories import confirmed_run
from tests.reading import text_of

pytestmark = pytest.mark.django_db
REASON = "经与该单位核对，三月份的社会保险费已经补缴，原决定应当更正。"
ESTIMATE = "/api/v1/estimate"
NAMED = {"username": "x", "password": "x"}


FROM_HERE = {"Origin": "http://testserver", "Referer": "http://testserver/help/?a=1"}


@pytest.fixture
def reader() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def writer(signed_in: Callable[..., Client]) -> Client:
    """A person with an open form whose text is saved."""
    client = signed_in(Role.ADMINISTRATOR, SHANXI)
    client.raise_request_exception = False
    return client


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the sign-in's look-up of a person, and the form for a new one, fail in this way."""

    def fail(*_arguments: object, **_names: object) -> None:
        raise error

    monkeypatch.setattr("accounts.sign_in.views.sign_in.password_holder", fail)
    monkeypatch.setattr("access.views.people.PersonForm", fail)


def post_words(client: Client, page: str = "access:person_new", **headers: str) -> Any:
    form = {"username": "x", "password": "这是一个不能显示的密码句子", "reason": REASON}
    if page == "access:person_new":
        del form["password"]
    return client.post(reverse(page), form, headers=FROM_HERE | headers)


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (DomainError("另一人刚刚办理了本事项。"), 409, "另一人刚刚办理了本事项"),
        (TooManyAttempts(120), 429, ""),
        (OperationalError("gone"), 503, "系统暂时不能使用"),
        (RuntimeError("planted"), 500, "没有保存"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_failed_form_says_what_next_and_gives_the_words_back(writer, monkeypatch, error, status, sentence):
    failing(monkeypatch, error)
    answer = post_words(writer)
    assert answer.status_code == status
    page = text_of(answer)
    assert sentence in page
    assert REASON in page
    html = answer.content.decode()
    assert "返回上一页" in page if status != 409 else f'href="{reverse("access:person_new")}"' in html
    assert html.count("<h1") == 1
    assert answer.headers["Cache-Control"].startswith("no-store")
    assert (status in (429, 503)) == ("Retry-After" in answer.headers)


@pytest.mark.parametrize("error", [DomainError(), TooManyAttempts(120), OperationalError("gone"), RuntimeError("x")])
def test_what_was_sent_to_a_form_of_secrets_is_never_shown_again(reader, monkeypatch, error):
    failing(monkeypatch, error)
    page = text_of(post_words(reader, "accounts:sign_in"))
    assert "不能显示的密码" not in page
    assert REASON not in page


@pytest.mark.parametrize("error", [TooManyAttempts(120), OperationalError("gone"), RuntimeError("planted")])
def test_a_form_that_waiting_helps_is_sent_again_whole_by_a_button(writer, monkeypatch, error):
    with monkeypatch.context() as patch:
        failing(patch, error)
        form = {
            "username": "liu-min",
            "name": "刘敏",
            "personnel_number": "N-1",
            "role": Role.VERIFIER,
            "region": SHANXI,
            "reason": "任命",
        }
        answer = writer.post("/people/new/", form, headers=FROM_HERE)
        foreign = writer.post("/people/new/", form, headers={"Origin": "http://evil.example"})
    again = Document(answer.content.decode()).forms[-1]
    assert {field.name: field.value for field in again.fields} == form
    assert "再次提交" not in text_of(foreign)
    RegionFactory(code=SHANXI)
    assert writer.post(again.action, {field.name: field.value for field in again.fields}).status_code == 302
    assert User.objects.get(username="liu-min").name == "刘敏"


def test_numbers_and_short_answers_are_not_among_the_words_to_copy(writer, monkeypatch):
    failing(monkeypatch, DomainError())
    answer = writer.post("/people/new/", {"username": "110101199003070011", "reason": "x", "name": "王小明"})
    assert answer.status_code == 409
    assert "110101199003070011" not in text_of(answer)
    assert "王小明" not in text_of(answer)


def test_words_that_a_form_brought_are_text_and_never_markup(writer, monkeypatch):
    for error in (DomainError(), RuntimeError("planted")):
        failing(monkeypatch, error)
        words = {"reason": "</textarea><script>alert(1)</script>这不是一个脚本"}
        answer = writer.post("/people/new/", words, headers=FROM_HERE)
        assert "<script>alert" not in answer.content.decode()
        assert "&lt;script&gt;" in answer.content.decode()


def test_another_site_lays_no_words_into_the_page_of_a_stale_form():
    client = Client(enforce_csrf_checks=True)
    for origin, is_shown in (("http://testserver", True), ("http://evil.example", False)):
        answer = client.post("/people/new/", {"reason": REASON}, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "页面已经过期" in text_of(answer)
        assert (REASON in text_of(answer)) == is_shown


def test_a_foreign_page_is_not_the_way_back(reader, monkeypatch):
    failing(monkeypatch, DomainError())
    answer = reader.post("/sign-in/", NAMED, headers={"Referer": "https://evil.example/trap"})
    assert answer.status_code == 409
    assert "evil.example" not in answer.content.decode()


@pytest.mark.parametrize(
    ("ask", "status", "heading"),
    [
        (lambda c: c.get("/", headers={"host": "somewhere.example"}), 400, "请求无法读取"),
        (lambda c: c.get("/no-such-page/"), 404, "没有找到这个页面"),
        (lambda c: c.post("/search/"), 405, "不能这样打开本页"),
        (lambda c: c.post("/sign-in/", {"username": "x" * 3_000_000}), 413, "文件太大"),
    ],
    ids=["400", "404", "405", "413"],
)
def test_what_is_refused_before_any_view_has_a_page_too(reader, ask, status, heading):
    answer = ask(reader)
    assert answer.status_code == status
    assert heading in text_of(answer)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert ("Allow" in answer.headers) == (status == 405)


def test_too_much_is_413_also_where_the_token_is_checked_first():
    client = Client(enforce_csrf_checks=True)
    client.get("/sign-in/")
    answer = client.post("/sign-in/", {"username": "x" * 3_000_000})
    assert answer.status_code == 413


def test_without_the_right_the_page_names_whom_to_ask(signed_in):
    answer = signed_in(Role.AUDITOR, SHANXI).get(reverse("disclosure:publication_start"))
    assert answer.status_code == 403
    assert "系统管理员" in text_of(answer)


def test_pages_of_refusal_speak_the_readers_language(reader):
    reader.cookies["language"] = "en"
    answer = reader.get("/no-such-page/")
    assert '<html lang="en"' in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", ESTIMATE, 405, "method_not_allowed"),
        ("POST", ESTIMATE, 413, "too_large"),
    ],
)
def test_programs_get_the_same_as_json(reader, method, path, status, code):
    body = json.dumps({"x": "y" * 3_000_000}) if status == 413 else "{}"
    answer = reader.generic(method, path, body, content_type="application/json")
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "fields"}
    assert answer.json()["code"] == code


def test_programs_are_told_of_a_crash_and_of_a_database_that_is_away(reader, monkeypatch):
    for error, status, code in ((RuntimeError("planted"), 500, "failed"), (OperationalError("x"), 503, "unavailable")):

        def fail(_data: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("levy.api.compute", fail)
        answer = reader.post(ESTIMATE, {}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.django_db(transaction=True)
def test_without_the_database_a_signed_in_reader_gets_a_page_and_not_a_bare_error(signed_in, no_database_later):
    client = signed_in(Role.ADMINISTRATOR, SHANXI)
    client.raise_request_exception = False
    no_database_later()
    answer = client.post("/people/new/", {"reason": REASON}, headers=FROM_HERE)
    assert answer.status_code == 503
    assert REASON in text_of(answer)
    assert Document(answer.content.decode()).forms[-1].fields[0].value == REASON
    assert answer.headers["Retry-After"] == "60"


@pytest.fixture
def no_database_later() -> Iterator[Callable[[], None]]:
    """Call it: from then on the connection leads to a port without a server."""
    connection = connections["default"]
    before = connection.settings_dict["HOST"], connection.settings_dict["PORT"]

    def cut() -> None:
        connection.close()
        connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": "1"}

    yield cut
    connection.close()
    connection.settings_dict |= {"HOST": before[0], "PORT": before[1]}


def test_maintenance_closes_every_page_but_the_probes(client, settings, tmp_path: Path):
    settings.MAINTENANCE_FILE = tmp_path / "maintenance"
    assert client.get("/").status_code == 200
    settings.MAINTENANCE_FILE.write_text("预计18:00恢复。\n", encoding="utf-8")
    for path in ("/", "/sign-in/", "/no-such-page/"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "系统正在维护" in text_of(answer)
        assert "预计18:00恢复。" in text_of(answer)
        assert answer.headers["Retry-After"] == "600"
    assert client.post(ESTIMATE, {}, content_type="application/json").json()["code"] == "maintenance"
    assert client.get("/health/").status_code == 200
    settings.MAINTENANCE_FILE.unlink()
    assert client.get("/").status_code == 200


def test_a_form_that_maintenance_catches_is_sent_again_with_its_own_token(settings, tmp_path):
    settings.MAINTENANCE_FILE = tmp_path / "maintenance"
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer(Role.ADMINISTRATOR, RegionFactory(code=SHANXI).code))
    client.get("/people/new/")
    form = {
        "username": "liu-min",
        "name": "刘敏",
        "personnel_number": "N-1",
        "role": Role.VERIFIER,
        "region": SHANXI,
        "reason": "任命",
    }
    form["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    settings.MAINTENANCE_FILE.touch()
    answer = client.post("/people/new/", form, headers=FROM_HERE)
    settings.MAINTENANCE_FILE.unlink()
    again = Document(answer.content.decode()).forms[-1]
    sent = {field.name: field.value for field in again.fields}
    assert sent == form
    assert client.post(again.action, sent, headers=FROM_HERE).status_code == 302


def test_maintenance_asks_nothing_of_the_database(client, settings, tmp_path, django_assert_num_queries):
    settings.MAINTENANCE_FILE = tmp_path / "maintenance"
    settings.MAINTENANCE_FILE.touch()
    with django_assert_num_queries(0):
        assert client.get("/").status_code == 503


def test_without_a_broker_the_work_is_registered_and_the_person_is_told(signed_in, monkeypatch):
    """The publication waits as PREPARING; the sweeper (tests/disclosure/test_tasks.py) sends it later."""
    regions()
    verified_year(employer_in())
    confirmed_run()
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)  # pools keep the address that they are made with
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    client = signed_in(officer(Role.FINANCE_OFFICER, SHANXI))
    url = reverse("disclosure:publication_start")
    answer = client.post(url, {"levy_year": 2025, "region": SHANXI}, follow=True)
    assert answer.status_code == 200
    assert "后台服务暂时没有响应" in text_of(answer)
    assert Publication.objects.get().state == PublicationState.PREPARING
