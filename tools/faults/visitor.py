"""A person with a browser: keeps cookies, sends forms with their token, follows redirects."""

import http.client
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from demo.officers import PASSWORD

PATIENCE = 90


@dataclass(frozen=True)
class Answer:
    """The final answer. Status 0: no answer at all."""

    status: int
    text: str
    url: str


class Visitor:
    """One browser at a web server on this machine. `port` may change when the server is replaced."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: list[int] = []
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )

    def sign_in(self, username: str) -> "Visitor":
        """Sign in with the demo's password."""
        self.get("/sign-in/")
        self.post("/sign-in/", {"username": username, "password": PASSWORD})
        return self

    def get(self, path: str) -> Answer:
        return self._open(urllib.request.Request(self._address(path)))

    def post(self, path: str, fields: Mapping[str, object], file: tuple[str, str, bytes] | None = None) -> Answer:
        """Send a form; `file` is the field's name, the file's name and its content."""
        token = next((cookie.value or "" for cookie in self._cookies if cookie.name.endswith("csrftoken")), "")
        whole = {**fields, "csrfmiddlewaretoken": token}
        headers = {"Origin": self._address(""), "Referer": self._address(path)}
        if file is None:
            content = urllib.parse.urlencode(whole).encode()
        else:
            content, headers["Content-Type"] = _multipart(whole, file)
        return self._open(urllib.request.Request(self._address(path), content, headers))

    def _address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                found = Answer(answer.status, answer.read().decode(errors="replace"), answer.url)
        except urllib.error.HTTPError as refusal:
            found = Answer(refusal.code, refusal.read().decode(errors="replace"), refusal.url or "")
        except (OSError, http.client.HTTPException):
            found = Answer(0, "", "")
        self.seen.append(found.status)
        return found


def _multipart(fields: Mapping[str, object], file: tuple[str, str, bytes]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    field, name, content = file
    head = (
        f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: application/octet-stream'
    )
    parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
