"""gunicorn's worker class of the web server: a thread gets a request once all of it is here.

Waitress's loop reads requests and sends answers without a thread, so a slow, half-sent or half-read one costs a socket
and its bytes. gunicorn keeps the processes: start, reload, recycling, logs, end (docs/decisions/0014-server.md).
"""

import os
import resource
import time
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

KIB, MIB = 1024, 1024 * 1024
CONNECTIONS = 512
HEADER_SECONDS = 10
# A body may take this long, and a second more for each 64 KiB: an upload of 10 MiB has three minutes.
BODY_SECONDS, BODY_RATE = 20, 64 * KIB
# The proxy refuses more than 12 MiB with a page of its own. Without it, the form says what a file may have.
LARGEST_BODY = 16 * MIB
GATHERED_BODIES = 64 * MIB
# Whoever takes less of a waiting answer in this time is not reading it.
ANSWER_SECONDS, ANSWER_BYTES = 20, 64 * KIB
# A client may already be sending on a connection that it keeps: a stopping worker still answers that request.
LINGER = 2

StartResponse = Callable[..., Any]


class Task(WSGITask):
    """One answer. A stopping worker tells the client that it closes the connection."""

    def build_response_header(self) -> bytes:
        if self.channel.server.is_stopping:
            self.set_close_on_finish()
        head: bytes = super().build_response_header()
        return head


class BufferedChannel(HTTPChannel):
    """One connection. `since`: when it was opened, its request began or its last answer was made."""

    task_class = Task

    def __init__(self, *arguments: Any, **names: Any) -> None:
        self.since = self.looked_at = time.monotonic()
        self.is_new = True
        self.taken = 0
        super().__init__(*arguments, **names)

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.since, self.is_new = time.monotonic(), False
        was_used: bool = super().received(data)
        if self.held:
            self.server.make_room()
        return was_used

    def service(self) -> None:
        super().service()
        self.since = time.monotonic()

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent: int = super().send(data, do_close=do_close)
        self.taken += sent
        return sent

    @property
    def held(self) -> int:
        """The bytes of bodies that are unfinished or whose turn has not come."""
        requests = [*self.requests, *([self.request] if self.request else [])]
        return sum(request.body_bytes_received for request in requests)

    @property
    def waits_for_client(self) -> bool:
        return not self.requests and not self.total_outbufs_len

    def is_late(self, now: float) -> bool:
        """True if the client had its time to send a request or to read an answer."""
        if self.total_outbufs_len:
            return self._reads_too_slowly(now)
        return not self.requests and now > self.since + self._seconds()

    def _seconds(self) -> float:
        if self.request and self.request.headers_finished:
            return float(BODY_SECONDS + self.request.content_length / BODY_RATE)
        return HEADER_SECONDS if self.request or self.is_new else float(self.server.keepalive)

    def _reads_too_slowly(self, now: float) -> bool:
        if now < self.looked_at + ANSWER_SECONDS:
            return False
        # The first look at an answer only begins to count.
        is_slow = self.looked_at > self.since and self.taken < ANSWER_BYTES
        self.looked_at, self.taken = now, 0
        return is_slow


class Server(TcpWSGIServer):
    """Closes the clients that had their time, and the longest waiting one when there are too many."""

    channel_class = BufferedChannel
    is_stopping = False
    keepalive = 5
    next_look = 0.0

    def close_the_late(self) -> None:
        """Look once a second."""
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + 1
        for channel in [*self.active_channels.values()]:
            if channel.is_late(now):
                channel.handle_close()

    def handle_accept(self) -> None:
        super().handle_accept()
        if len(self.active_channels) > CONNECTIONS:
            self._close_the_longest_waiting(self.active_channels.values())

    def make_room(self) -> None:
        """Close the request that has been arriving longest while bodies hold too much."""
        holding = [channel for channel in self.active_channels.values() if channel.held]
        if sum(channel.held for channel in holding) > GATHERED_BODIES:
            self._close_the_longest_waiting(holding)

    def _close_the_longest_waiting(self, channels: Iterable[BufferedChannel]) -> None:
        waiting = [channel for channel in channels if channel.waits_for_client and not channel.will_close]
        if waiting:
            min(waiting, key=lambda channel: channel.since).will_close = True

    @property
    def is_busy(self) -> bool:
        """True while a request arrives, is answered, or its answer leaves."""
        return any(channel.request or not channel.waits_for_client for channel in self.active_channels.values())


class BufferingWorker(Worker):
    """One process of gunicorn around one loop of waitress."""

    server: Server | None = None

    def run(self) -> None:
        """Serve until asked to stop; then answer what has begun, for `graceful_timeout` at the longest."""
        _allow_sockets(4 * CONNECTIONS)
        self.server = server = self._make_server()
        while self.alive and self.ppid == os.getppid():
            self._turn(server)
        server.is_stopping = True
        # Its listening socket only: the other processes take new callers, or nobody does.
        wasyncore.dispatcher.close(server)
        stopped = time.monotonic()
        while self._has_work(server, time.monotonic() - stopped):
            self._turn(server)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        if self.server:
            self.server.pull_trigger()

    def _make_server(self) -> Server:
        (listener,) = self.sockets
        limits = Adjustments(
            ident=None,
            threads=self.cfg.threads,
            backlog=self.cfg.backlog,
            connection_limit=2 * CONNECTIONS,
            recv_bytes=64 * KIB,
            outbuf_high_watermark=256 * KIB,
            max_request_header_size=32 * KIB,
            max_request_body_size=LARGEST_BODY,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,  # Django reads as many of them as there are proxies
        )
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(self.cfg.threads)
        raw = listener.sock
        place = (raw.family, raw.type, raw.proto, raw.getsockname())
        server = Server(self._answer, {}, _sock=raw, dispatcher=threads, adj=limits, sockinfo=place, bind_socket=False)
        server.keepalive = self.cfg.keepalive
        return server

    def _turn(self, server: Server) -> None:
        self.notify()
        wasyncore.loop(timeout=1, use_poll=True, map=server._map, count=1)
        server.close_the_late()

    def _has_work(self, server: Server, seconds: float) -> bool:
        if seconds > self.cfg.graceful_timeout:
            return False
        return server.is_busy or (bool(server.active_channels) and seconds < LINGER)

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        body: Iterable[bytes] = self.wsgi(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        # Django leaves it to the server to send no body here, waitress to the application.
        if hasattr(body, "close"):
            body.close()
        return []


def _allow_sockets(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
