"""Clients that send one byte a second: never-ending heads and bodies, each on a connection of its own."""

import contextlib
import socket
import threading
from collections.abc import Iterator

HEAD = b"POST /api/v1/estimate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BEGINNINGS = (
    HEAD,  # the head never ends
    HEAD + b"Content-Length: 1000\r\n\r\n{",
    HEAD.replace(b"application/json", b"multipart/form-data; boundary=x") + b"Content-Length: 10000000\r\n\r\n--x",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n100000\r\n{",
)


@contextlib.contextmanager
def slow_clients(port: int, count: int) -> Iterator[None]:
    """`count` connections to the port of this machine, each with the beginning of a request, until the block ends."""
    with contextlib.ExitStack() as stack:
        clients = []
        for number in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(BEGINNINGS[number % len(BEGINNINGS)])
            clients.append(client)
        is_over = threading.Event()
        sender = threading.Thread(target=_drip, args=(clients, is_over), daemon=True)
        sender.start()
        try:
            yield
        finally:
            is_over.set()
            sender.join()


def _drip(clients: list[socket.socket], is_over: threading.Event) -> None:
    while not is_over.wait(1):
        for client in clients:
            with contextlib.suppress(OSError):  # closed by the server
                client.send(b"x")
