"""Promise F8: a stranger's request is answered in words, whatever its charset, depth, parts or headers.

What such a request may cost is measured by the fault run (tools/faults/steps/requests.py), not here.
"""

import json
import os
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.core.exceptions import TooManyFieldsSent
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse

from accounts.frame.json_bodies import DEEPEST, LONGEST_NUMBER, MOST_BYTES, MOST_VALUES
from config.wsgi import application
from tools.faults.hostile_requests import TOKEN, Answer, Sent, requests, send

pytestmark = pytest.mark.django_db

REQUESTS, LARGEST = (5000, 2 * 1024 * 1024) if os.environ.get("LEVY_LONG") else (300, 20_000)
# Seeds whose requests once broke the promise stay here.
SEEDS = (20261130,)
ESTIMATE = "/api/v1/estimate"
FORM = "multipart/form-data; boundary=b"
FACTS = {
    "levy_year": 2025,
    "region": "140105",
    "entity_type": "enterprise",
    "staff_average": "100",
    "average_wage": "80000",
    "parameters": {"required_ratio": "0.016", "social_average_wage": "90000"},
}


@pytest.fixture(autouse=True)
def _connection_stays() -> Iterator[None]:
    """Django's test client does the same: the end of a request would close the test's own transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def ask(
    method: str, path: str, *, content_type: str = "", body: bytes = b"", query: bytes = b"", **headers: str
) -> Answer:
    cookies = {"HTTP_COOKIE": f"csrftoken={TOKEN}"}
    return send(application, Sent(method, path, query, content_type, body, cookies | headers, "192.0.2.8"))


def part(header: str, content: str = "x") -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {header}\r\n\r\n{content}\r\n".encode()


def form(*parts: bytes) -> bytes:
    return b"".join([part("name=csrfmiddlewaretoken", TOKEN), *parts, b"--b--\r\n"])


CHARSETS = [
    "charset=punycode",
    "charset=PUNYCODE",
    'charset="punycode"',
    " charset = punycode",
    "charset=idna",
    "charset=bz2",
    "charset=gb18030",
    "charset=utf-16",
    "charset=no-such-charset",
    "charset=",
    "charset*=utf-8''punycode",
    "charset*0=puny; charset*1=code",
    "charset=utf-8; charset=punycode",
    "x*=1; x*0=2",
    "x*=undefined''y",
    "x*=no-such-charset''y",
]


@pytest.mark.parametrize("charset", CHARSETS)
def test_another_charset_is_refused_before_anything_is_decoded(charset: str) -> None:
    """A quadratic decoder took two minutes for 500 KB, and a query string in the same request was an error 500."""
    program = ask("POST", ESTIMATE, content_type=f"application/json; {charset}", body="😀".encode() + b"a" * 1000)
    assert (program.status, json.loads(program.content)["code"]) == (415, "unsupported_media_type")
    for method, media_type in (("POST", FORM), ("PUT", "text/plain"), ("GET", "application/x-www-form-urlencoded")):
        page = ask(method, "/sign-in/", content_type=f"{media_type}; {charset}", query=b"next=%E6", body=b"a")
        assert page.status == 415, method
        assert "没有用UTF-8编码" in page.content.decode()


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", '; Charset="utf-8"', ";charset=utf-8 "])
def test_utf8_is_read(charset: str) -> None:
    answer = ask("POST", ESTIMATE, content_type=f"application/json{charset}", body=b"{}")
    assert (answer.status, json.loads(answer.content)["code"]) == (400, "invalid")
    assert ask("GET", "/", content_type=f"text/plain{charset}").status == 200


@pytest.mark.parametrize(
    ("charset", "query", "status"), [("idna", b"q=%E6", 415), ("utf-8", b"&" * 1001, 400), ("utf-8", b"q=%E6", 200)]
)
def test_the_query_is_not_decoded_before_errors_are_handled(charset: str, query: bytes, status: int) -> None:
    assert ask("GET", "/search/", content_type=f"text/plain; charset={charset}", query=query).status == status


@pytest.mark.parametrize(("charset", "query"), [("idna", b"q=%E6"), ("utf-8", b"&" * 1001)])
def test_twin_without_the_guard_it_is_an_error_of_the_server(charset: str, query: bytes) -> None:
    """Django reads the header while it makes the request, before any middleware."""
    odd = Sent("GET", "/", query, f"text/plain; charset={charset}", b"", {}, "192.0.2.8")
    with pytest.raises((UnicodeError, TooManyFieldsSent)):
        send(get_wsgi_application(), odd)


def test_the_page_speaks_the_readers_language_and_carries_the_headers(client: Client) -> None:
    client.cookies["language"] = "en"
    answer = client.post("/sign-in/", "x", content_type="text/plain; charset=gbk")
    assert answer.status_code == 415
    assert '<html lang="en"' in answer.content.decode()
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("accept", ["a/b; x*=1; x*0=2", "a/b; x*=no-such-charset''y", "text/html;x*=undefined''y"])
def test_an_accept_header_that_names_a_charset_is_passed_over(accept: str) -> None:
    answer = ask("POST", ESTIMATE, content_type="application/json", body=b"{}", HTTP_ACCEPT=accept)
    assert answer.status == 400


def test_the_wildcards_of_an_accept_header_are_no_charset() -> None:
    accepts = ("*/*", "application/*;q=0.9, */*;q=0.1")
    assert {ask("POST", ESTIMATE, HTTP_ACCEPT=accept).status for accept in accepts} == {400}
    refused = ask("POST", ESTIMATE, content_type="application/json", body=b"{}", HTTP_ACCEPT="text/html")
    assert refused.status == 406


def test_a_longer_cookie_header_than_a_browser_sends_is_passed_over(client: Client) -> None:
    """Python unquotes a cookie in a time that grows with its square, and the server joins repeated fields."""
    cookies = "language=en; x=" + '"' + '\\"' * 2000 + '"'
    assert '<html lang="en"' in ask("GET", "/help/", HTTP_COOKIE=cookies).content.decode()
    longer = ask("GET", "/help/", HTTP_COOKIE=",".join([cookies] * 3))
    assert '<html lang="zh' in longer.content.decode()


# JSON


def estimate(body: bytes) -> tuple[int, Any]:
    answer = ask("POST", ESTIMATE, content_type="application/json", body=body)
    return answer.status, json.loads(answer.content)


TOO_MUCH = {
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "just too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "wide": b"[" + b"1," * MOST_VALUES + b"1]",
    "long": b'"' + b"a" * MOST_BYTES + b'"',
    "a long number": b'{"levy_year": %b}' % (b"9" * (LONGEST_NUMBER + 1)),
    "a long exponent": b'{"total_wages": 1e%b}' % (b"9" * LONGEST_NUMBER),
}


@pytest.mark.parametrize("body", TOO_MUCH.values(), ids=TOO_MUCH)
def test_json_beyond_its_bounds_is_refused_in_words(body: bytes) -> None:
    status, answer = estimate(body)
    assert (status, answer["code"]) == (400, "parse_error")
    assert "JSON内容过大" in answer["message"]


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 30_000,
        b'"' + b"[" * 1000 + b'"',
        b'{"levy_year": 1e400}',
        b'{"levy_year": NaN}',
        b'"\\ud800"',
        b"\xff",
        b"[",
        b"]" * 100,
    ],
)
def test_other_odd_json_is_refused_too(body: bytes) -> None:
    assert estimate(body)[0] == 400


def test_brackets_in_a_text_are_not_depth_and_an_estimate_is_within_the_bounds() -> None:
    status, answer = estimate(json.dumps(FACTS | {"entity_type": "[" * 100 + '\\"' + "," * 2000}).encode())
    assert (status, list(answer["fields"])) == (400, ["region", "entity_type"])
    months = json.dumps(FACTS | {"staff_by_month": [100] * 12}).encode()
    assert "JSON" not in estimate(months)[1]["message"]


def test_the_api_reads_no_forms() -> None:
    assert ask("POST", ESTIMATE, content_type=FORM, body=form()).status == 415


# Forms


ODD_HEADERS = [
    "name*=1; name*0=2",
    "name*=undefined''x",
    "name*=no-such-charset''x",
    "name*=punycode''" + "a" * 900,
    'name="' + ";" * 900,
]


@pytest.mark.parametrize("header", ODD_HEADERS)
@pytest.mark.parametrize("path", ["/sign-in/", "/language/"])
def test_a_part_with_an_odd_header_is_no_error_of_the_server(path: str, header: str) -> None:
    assert ask("POST", path, content_type=FORM, body=form(part(header))).status in (200, 302, 400)


@pytest.mark.parametrize("header", ["filename=a", "name=x", "name=x; filename=a", "x"])
def test_a_form_has_a_bounded_number_of_parts(settings: Any, header: str) -> None:
    """Django does not count parts with a file and no name, and each costs up to a millisecond."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS, settings.DATA_UPLOAD_MAX_NUMBER_FILES = 20, 1000
    assert ask("POST", "/language/", content_type=FORM, body=form(*[part(header)] * 19)).status == 302
    assert ask("POST", "/language/", content_type=FORM, body=form(*[part(header)] * 20)).status == 400


def test_a_separator_across_two_chunks_is_counted(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    before = len(part("name=csrfmiddlewaretoken", TOKEN) + part("name=a; filename=a", ""))
    for offset in (0, 1, 2):
        body = form(part("name=a; filename=a", "y" * (64 * 1024 - before - offset)), part("filename=b"))
        assert body[64 * 1024 - offset :].startswith(b"--b")
        assert ask("POST", "/language/", content_type=FORM, body=body).status == 400


def test_a_file_reaches_its_form_whole(client: Client) -> None:
    """The count of parts stands before Django's own handlers."""
    body = form(part("name=language", "en"), part("name=f; filename=a.csv", "y" * 3_000_000))
    answer = ask("POST", "/language/", content_type=FORM, body=body)
    assert answer.status == 302


def test_a_figure_is_not_normalised_before_its_length_is_known(client: Client) -> None:
    page = client.get(reverse("disclosure:calculator"), {"levy_year": 2025, "total_wages": "\u0315\u0300" * 200})
    assert "请填写金额" in page.content.decode()


# Everything at once


@pytest.mark.parametrize("seed", SEEDS)
def test_odd_requests_are_answered_in_words(seed: int) -> None:
    answers = ((sent, send(application, sent)) for sent in requests(Random(seed), REQUESTS, LARGEST))
    assert [f"{answer.status} {sent}" for sent, answer in answers if answer.status >= 500] == []


def test_the_odd_requests_reach_views_forms_and_refusals() -> None:
    """A generator whose requests all end at the first guard would prove nothing."""
    found = {send(application, sent).status for sent in requests(Random(1), 150, 2000)}
    assert found >= {200, 302, 400, 404, 405, 415}
