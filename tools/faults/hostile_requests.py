"""Requests of strangers, chosen by a seed: odd content types, charsets, encodings, depths, queries, methods (F8).

They go straight to the WSGI application, so that what one of them costs is the processor time of this process.
"""

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

from django.urls import get_resolver
from django.urls.resolvers import RoutePattern

Application = Callable[..., Iterable[bytes]]

MOST = 2 * 1024 * 1024
TOKEN = "a" * 32  # CSRF cookie and field: a stranger chooses both
BOUNDARY = "b"
SAMPLES = {
    "uscc": "91140105MA01000604",
    "levy_year": "2025",
    "region": "140105",
    "int": "1",
    "slug": "entries",
    "str": "x",
    "path": "x",
}
PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")
METHODS = ("GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
MEDIA_TYPES = (
    "application/json",
    "application/json",
    "application/x-www-form-urlencoded",
    f"multipart/form-data; boundary={BOUNDARY}",
    f"multipart/form-data; boundary={BOUNDARY}",
    "text/plain",
    "",
    "nonsense",
    "a/b" + ";" * 2000,
)
CHARSETS = (
    "",
    "",
    "",
    "",
    "; charset=utf-8",
    '; CHARSET="UTF-8"',
    "; charset=punycode",
    "; charset=idna",
    "; charset=bz2",
    "; charset=utf-16",
    "; charset=gb18030",
    "; charset=unicode_escape",
    "; charset=",
    "; charset*=utf-8''punycode",
    "; charset*0=puny; charset*1=code",
    "; x*=1; x*0=2",
    "; x*=undefined''b",
    "; x*=nothing''b",
    f"; x*{'9' * 5000}=b",
    "; charset=utf-8; charset=utf-7",
)
QUERIES = (
    b"",
    b"",
    b"q=%E6%B8%85%E5%92%8C",
    b"q=%ff%fe%00",
    b"q=%00&page=%00&year=%00&region=%00&next=%00&code=%00&number=%00",
    b"q=%ED%A0%80%F4%90%80%80",
    b"page=" + b"9" * 3000,
    b"page=-1&year=1e9&region=%2A",
    b"q=" + b"%CC%80" * 600,
    b"q=%EF%B7%BA&code=" + b"%EF%B7%BA" * 40,
    b"&".join(b"x%d=1" % number for number in range(1200)),
    b"levy_year=2025&staff_average=1e999999&total_wages=NaN&credited_headcount=" + b"9" * 2000,
    b"levy_year=2025&staff_average=%EF%BC%91&total_wages=" + b"%CC%80%CC%95" * 300,
    b"first=140000&second=140000&year=%D9%A2",
    b"=&=&;&%",
    b"next=//evil.example/%0d%0aX:1",
)
ACCEPTS = (
    "",
    "",
    "*/*",
    "text/*;q=0.1, */*",
    "a/b; x*=1; x*0=2",
    "a/b; x*=nothing''b",
    "a/b;q=x",
    "," * 3000,
    "a/b," * 2000,
    "a/b," * 100_000,
)
QUOTED = ['x="' + '\\"' * pairs + '"' for pairs in (3900, 100_000)]  # of one header field, and of many joined
COOKIES = (
    "",
    "",
    "sessionid=\x00",
    "display=" + "&" * 3000,
    "language=xx",
    "known_device=a:b:c",
    "messages=x",
    "=;=;",
    *QUOTED,
)
PART_HEADERS = (
    b"Content-Disposition: form-data; name=q",
    b'Content-Disposition: form-data; name="file"; filename="a.csv"',
    b"Content-Disposition: form-data; filename=a",
    b"Content-Disposition: form-data; name*=1; name*0=2",
    b"Content-Disposition: form-data; name*=punycode''" + b"a" * 800,
    b"Content-Disposition: form-data; name*=undefined''a",
    b'Content-Disposition: form-data; name="' + b";" * 900,
    b"Content-Disposition: form-data; name=q\r\nContent-Transfer-Encoding: base64",
    b"Content-Disposition: form-data; name=_charset_",
    b"Content-Disposition: form-data; name=q\r\nContent-Type: text/plain; charset=punycode",
    b"Content-Disposition: form-data",
    b"\xff\xfe",
)
TEXTS = (
    b"punycode",
    b"1",
    b"\x00",
    "清和".encode(),
    b"\xff" * 50,
    "😀".encode() + b"a" * 500,
    "\u0315\u0300".encode() * 300,
    "\U000e0041\u202e".encode(),
)


@dataclass(frozen=True)
class Sent:
    """One request."""

    method: str
    path: str
    query: bytes
    content_type: str
    body: bytes
    headers: dict[str, str]
    address: str

    def environ(self) -> dict[str, Any]:
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": self.query.decode("latin-1"),
            "CONTENT_TYPE": self.content_type,
            "CONTENT_LENGTH": str(len(self.body)),
            "REMOTE_ADDR": self.address,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "HTTP_HOST": "localhost",
            **self.headers,
        }

    def __str__(self) -> str:
        start = self.body[:120]
        return f"{self.method} {self.path}?{self.query[:80]!r} {self.content_type[:80]!r} {len(self.body)} {start!r}"


class Answer(NamedTuple):
    status: int
    content: bytes
    seconds: float  # of processor time


def addresses() -> list[str]:
    """Every address of the system without a regular expression, with a sample in the place of each parameter."""
    return sorted(set(_addresses(get_resolver().url_patterns, "/")))


def _addresses(patterns: Iterable[Any], start: str) -> Iterator[str]:
    for pattern in patterns:
        if not isinstance(pattern.pattern, RoutePattern):
            continue
        route = start + str(pattern.pattern)
        route = PARAMETER.sub(lambda found: SAMPLES[found[1] or "str"], route)
        if hasattr(pattern, "url_patterns"):
            yield from _addresses(pattern.url_patterns, route)
        else:
            yield route


def requests(chance: Random, count: int, largest: int) -> Iterator[Sent]:
    """`count` requests, half of them such that a view reads them; one in thirty has a body of `largest` bytes."""
    everywhere = addresses()
    for number in range(count):
        size = largest if chance.random() < 1 / 30 else chance.randrange(2000)
        if chance.random() < 1 / 2:
            method, (path, media_type, bodies) = "POST", chance.choice(AIMED)
            path, content_type = chance.choice(path), media_type + chance.choice(("", "", "; charset=utf-8"))
        else:
            method, path, bodies = chance.choice(METHODS), _spoilt(chance, chance.choice(everywhere)), BODIES
            content_type = chance.choice(MEDIA_TYPES) + chance.choice(CHARSETS)
        cookies = f"csrftoken={TOKEN}; {chance.choice(COOKIES)}"
        yield Sent(
            method=method,
            path=path,
            query=chance.choice(QUERIES),
            content_type=content_type,
            body=chance.choice(bodies)(chance, size),
            headers={"HTTP_ACCEPT": chance.choice(ACCEPTS), "HTTP_COOKIE": cookies},
            address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        )


def _spoilt(chance: Random, path: str) -> str:
    if chance.random() < 0.9:
        return path
    return path + chance.choice(["\x00", "\xff\xfe", "/" * 50, "%", "..", "\xed\xa0\x80", "x" * 3000])


def _deep(chance: Random, size: int) -> bytes:
    opened = chance.choice([b"[", b'{"a":'])
    return (opened * (size // len(opened))) + chance.choice([b"", b"]"])


def _wide(chance: Random, size: int) -> bytes:
    return b"[" + chance.choice([b"1", b"{}", b'"a"', b"1e5"]) + b",1" * (size // 2) + b"]"


def _number(chance: Random, size: int) -> bytes:
    number = chance.choice([b"9" * size, b"1e" + b"9" * 30, b"-" * size, b"1." + b"0" * size, b"1e400", b"NaN"])
    return b'{"levy_year": 2025, "region": "140105", "entity_type": "enterprise", "total_wages": %b}' % number


def _quotes(chance: Random, size: int) -> bytes:
    return b'"' + chance.choice([b'\\"', b"\\", b'"', b"\\ud800"]) * (size // 2)


def _form(chance: Random, size: int) -> bytes:
    fields = [b"csrfmiddlewaretoken=" + TOKEN.encode(), *_fields(chance), b"x=" + b"%CC%80" * (size // 6)]
    return b"&".join(fields)


def _fields(chance: Random) -> list[bytes]:
    names = (b"username", b"password", b"next", b"language", b"back", b"q", b"theme")
    return [name + b"=" + quote_from_bytes(chance.choice(TEXTS)).encode() for name in names]


def _parts(chance: Random, size: int) -> bytes:
    header = chance.choice(PART_HEADERS)
    part = b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY.encode(), header, chance.choice(TEXTS))
    token = b'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n' + TOKEN.encode() + b"\r\n"
    return token + part * max(size // len(part), 1) + b"--b--\r\n"


def _noise(chance: Random, size: int) -> bytes:
    return chance.randbytes(size)


def _punycode(chance: Random, size: int) -> bytes:
    return b"a" * size + b"-" + b"a" * 20


def _nothing(chance: Random, size: int) -> bytes:
    return b""


JSON_BODIES = (_deep, _wide, _number, _quotes, _noise)
BODIES = (_deep, _wide, _number, _quotes, _form, _form, _parts, _parts, _parts, _noise, _punycode, _nothing)

PAGES = ("/sign-in/", "/language/", "/display/")
AIMED = (
    (("/api/v1/estimate",), "application/json", JSON_BODIES),
    (PAGES, "application/x-www-form-urlencoded", (_form,)),
    (PAGES, f"multipart/form-data; boundary={BOUNDARY}", (_parts,)),
)


def send(application: Application, sent: Sent) -> Answer:
    """Give the request to the application and read its whole answer."""
    status = []
    began = time.process_time()
    answer = application(sent.environ(), lambda line, headers, error=None: status.append(int(line[:3])))
    try:
        content = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return Answer(status[0], content, time.process_time() - began)
