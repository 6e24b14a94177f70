"""The real deploy/Caddyfile, by the real program, before the web server as production starts it."""

import datetime
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import test_database_url
from tests.production import BIN, compose_services, eventually
from tools.faults.slow import slow_clients
from tools.runner.postgres import free_port
from tools.runner.state import ROOT

CADDY = BIN / "caddy"
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="the package of Caddy has programs for Linux only"),
]
DOMAIN = "levy.example.cn"


class Front:
    """Caddy with the project's configuration on ports of this test, and the web server behind it."""

    def __init__(self, folder: Path, tls: str = "files") -> None:
        self.folder = folder
        self.port, self.plain_port, self.web_port = free_port(), free_port(), free_port()
        certificate(folder)
        for page in [*(ROOT / "deploy" / "pages").iterdir(), ROOT / "static" / "css" / "app.css"]:
            shutil.copy(page, folder)
        text = (ROOT / "deploy" / "Caddyfile").read_text()
        for there, here in (
            ("admin off", f"admin off\n\thttp_port {self.plain_port}\n\thttps_port {self.port}\n\tskip_install_trust"),
            ("web:8000", f"127.0.0.1:{self.web_port}"),
            ("/etc/caddy/tls", str(folder)),
            ("/etc/caddy/pages", str(folder)),
        ):
            assert there in text
            text = text.replace(there, here)
        (folder / "Caddyfile").write_text(text)
        self.environment = {"LEVY_DOMAIN": DOMAIN, "LEVY_TLS": tls, "HOME": str(folder), "PATH": os.environ["PATH"]}

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("wb") as log:
            command = [CADDY, "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile"]
            process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        assert eventually(self.listens, 30), (self.folder / "log").read_text()
        return process

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self, **limits: ssl.TLSVersion) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.folder / "site.crt"))
        for name, version in limits.items():
            setattr(context, name, version)
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return context.wrap_socket(raw, server_hostname=DOMAIN)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        """One request over TLS; the answer's body is in `text`."""
        connection = http.client.HTTPConnection(DOMAIN)
        connection.sock = self.connect()
        connection.request(method, path, body or None, {"Host": DOMAIN, **headers})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer


def certificate(folder: Path) -> None:
    """site.crt and site.key, as an office's own authority gives them."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "site.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "site.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@contextmanager
def running_front(folder: Path) -> Iterator[Front]:
    site = Front(folder)
    process = site.start()
    try:
        yield site
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("proxy")) as site:
        yield site


@pytest.fixture(scope="module")
def web(front: Front, django_db_setup: None) -> Iterator[Path]:
    """The web server as compose.yml starts it; yields its log."""
    service, log = compose_services()["web"], front.folder / "web.log"
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        **service["environment"],
        "WEB_WORKERS": "2",
        "WEB_BIND": f"127.0.0.1:{front.web_port}",
        "LEVY_VAR": os.environ["LEVY_VAR"],
        "DATABASE_URL": test_database_url(),
        "REDIS_URL": os.environ["REDIS_URL"],
        "CACHE_URL": os.environ["CACHE_URL"],
    }
    with log.open("wb") as output:
        process = subprocess.Popen(service["command"], env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        assert eventually(lambda: front.ask("GET", "/health/").status == 200, 60), log.read_text()
        yield log
    finally:
        process.terminate()
        assert process.wait(40) == 0


@pytest.mark.parametrize("tls", ["public", "internal", "files"])
def test_the_configuration_is_valid_with_each_source_of_a_certificate(tmp_path, tls):
    site = Front(tmp_path, tls)
    command = [CADDY, "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"]
    done = subprocess.run(command, env=site.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_old_tls_is_refused(front):
    with front.connect() as secure:
        assert secure.version() == "TLSv1.3"
    with front.connect(maximum_version=ssl.TLSVersion.TLSv1_2) as secure:
        assert secure.version() == "TLSv1.2"
    with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises(ssl.SSLError):
        front.connect(minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_while_the_application_is_away_a_page_says_when_to_come_back(tmp_path):
    with running_front(tmp_path) as front:
        answer = front.ask("GET", "/")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        assert "/proxy/app.css" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Server" not in answer.headers
        assert front.ask("GET", "/proxy/app.css").status == 200


def test_too_long_heads_and_bodies_are_refused(front, web):
    assert front.ask("GET", "/health/", Cookie="x" * 30_000).status == 200
    assert front.ask("GET", "/health/", Cookie="x" * 60_000).status == 431
    large = front.ask("POST", "/api/v1/estimate", b" " * (13 * 1024 * 1024), **{"Content-Type": "application/json"})
    assert large.status == 413
    assert "/proxy/app.css" in large.text


def test_the_application_is_reached_as_the_proxy_says(front, web):
    # A request over plain HTTP would be sent to https:// first.
    answer = front.ask("GET", "/files/", **{"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (302, "/sign-in/?next=/files/")
    assert "Server" not in answer.headers
    assert answer.headers["Strict-Transport-Security"]


def test_slow_clients_in_front_and_behind_stop_nobody(front, web):
    half = f"POST /api/v1/estimate HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Length: 1000\r\n\r\n{{".encode()
    with slow_clients(front.web_port, 200), ExitStack() as through:
        for _number in range(40):
            through.enter_context(front.connect()).sendall(half)
        assert front.ask("GET", "/health/").status == 200
        assert front.ask("GET", "/files/").status == 302


def test_limits_of_the_proxy_and_the_web_server_fit_together():
    from config import web_worker

    text = (ROOT / "deploy" / "Caddyfile").read_text()
    (largest,) = re.findall(r"max_size (\d+)MiB", text)
    (body_minutes,) = re.findall(r"read_body (\d+)m", text)
    allowed = web_worker.BODY_SECONDS + 10 * web_worker.MIB / web_worker.BODY_RATE
    assert int(largest) * web_worker.MIB < web_worker.LARGEST_BODY
    assert int(body_minutes) * 60 >= allowed
