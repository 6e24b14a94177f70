"""The web server's worker: what it closes, what it waits for, and how it stops; on a small application of its own."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.production import eventually
from tools.runner.postgres import free_port
from tools.runner.state import ROOT

pytestmark = pytest.mark.system
# Seconds and bytes are cut down, so that a test waits for a limit and not for minutes.
SETTINGS = """
import config.web_worker as worker

worker.HEADER_SECONDS, worker.BODY_SECONDS, worker.BODY_RATE = 1, {body_seconds}, worker.MIB
worker.CONNECTIONS, worker.GATHERED_BODIES, worker.LARGEST_BODY = 20, 300_000, 400_000
worker.ANSWER_SECONDS = 1
worker_class, workers, threads = "config.web_worker.BufferingWorker", 1, 1
bind, graceful_timeout, control_socket_disable, keepalive = "127.0.0.1:{port}", 20, True, 30
"""
APPLICATION = """
import time
from pathlib import Path

def application(environ, start_response):
    body = environ["wsgi.input"].read()
    path = environ["PATH_INFO"]
    if path == "/wait":
        Path("begun").touch()
        while not Path("go").exists():
            time.sleep(0.01)
    answer = b"y" * 20_000_000 if path == "/large" else b"%d %d" % (len(body), __import__("os").getpid())
    if path == "/stream":
        start_response("200 OK", [])
        return (b"z" * 100_000 for _ in range(200))
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""


class Web:
    def __init__(self, folder: Path, body_seconds: int = 1) -> None:
        self.folder, self.port = folder, free_port()
        self.clients: list[socket.socket] = []
        settings = SETTINGS.replace("{port}", str(self.port)).replace("{body_seconds}", str(body_seconds))
        (folder / "settings.py").write_text(settings)
        (folder / "small.py").write_text(APPLICATION)
        command = [sys.executable, "-m", "gunicorn", "--config", "settings.py", "small:application"]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        assert eventually(lambda: self.connects(), 60), (folder / "log").read_text()

    def connects(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, path: str = "/", body: bytes | None = None, method: str = "GET") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def send(self, text: str) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.clients.append(client)
        client.sendall(text.encode())
        return client

    def end(self) -> None:
        self.close_clients()
        self.process.terminate()
        assert self.process.wait(30) == 0

    def close_clients(self) -> None:
        while self.clients:
            self.clients.pop().close()


@pytest.fixture(scope="module")
def shared_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    running = Web(tmp_path_factory.mktemp("web"))
    yield running
    running.end()


@pytest.fixture
def web(shared_web: Web) -> Iterator[Web]:
    yield shared_web
    shared_web.close_clients()


def is_closed(client: socket.socket) -> bool:
    """True once the server closes; it waits for that."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_request_that_does_not_arrive_is_closed(web):
    begun = [web.send(text) for text in ("", "GET / HT", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx")]
    assert all(is_closed(client) for client in begun)
    assert web.ask()[0] == 200


def test_beyond_the_most_connections_the_longest_waiting_one_goes(web):
    first = web.send("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\nx")
    for _number in range(30):
        web.send("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\nx")
    assert web.ask()[0] == 200
    assert is_closed(first)


def test_unfinished_bodies_hold_no_more_than_their_limit(tmp_path):
    web = Web(tmp_path, body_seconds=30)
    head = "POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n"
    first, *later = [web.send(head + "x" * 150_000) for _number in range(3)]
    assert is_closed(first)
    later[-1].sendall(b"x" * 50_000)
    assert later[-1].recv(12) == b"HTTP/1.1 200"
    assert web.ask(body=b"x" * 500_000, method="POST")[0] == 413
    web.end()


def test_a_body_in_parts_without_length_arrives_whole(web):
    client = web.send("POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    client.sendall(b"2\r\nde\r\n0\r\n\r\n")
    assert b"\r\n\r\n5 " in b"".join(iter(lambda: client.recv(4096), b""))


def test_a_head_gets_no_body_and_the_connection_goes_on(web):
    client = web.send("HEAD / HTTP/1.1\r\n\r\n")
    head = client.recv(4096)
    assert head.endswith(b"\r\n\r\n")
    assert b"Content-Length" in head
    assert b"Server" not in head
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert client.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("path", ["/large", "/stream"])
def test_a_client_that_does_not_read_holds_no_thread(web, path):
    client = web.send(f"GET {path} HTTP/1.1\r\n\r\n")
    assert client.recv(12) == b"HTTP/1.1 200"
    assert web.ask()[0] == 200, "the only thread waits for the reader"


def test_a_reload_loses_no_request(web):
    _status, before = web.ask()
    statuses, is_over = [], threading.Event()

    def read() -> None:
        while not is_over.is_set():
            statuses.append(web.ask()[0])

    readers = [threading.Thread(target=read) for _number in range(4)]
    for reader in readers:
        reader.start()
    web.process.send_signal(signal.SIGHUP)
    try:
        assert eventually(lambda: web.ask()[1] != before, 60)
    finally:
        is_over.set()
        for reader in readers:
            reader.join()
    assert set(statuses) == {200}


def test_a_stop_answers_what_has_begun(tmp_path):
    web = Web(tmp_path, body_seconds=30)
    client = web.send("GET /wait HTTP/1.1\r\n\r\n")
    half = web.send("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab")
    assert eventually(lambda: (web.folder / "begun").exists(), 20)
    web.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: not web.connects(), 20), "a stopping server still takes connections"
    half.sendall(b"c")
    (web.folder / "go").touch()
    for asked in (client, half):
        answer = b"".join(iter(lambda asked=asked: asked.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"Connection: close" in answer
    web.end()
