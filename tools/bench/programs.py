"""The system's own programs, started as in production and ended with the bench: workers and the web server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings

from config.celery import app

PATIENCE = 120
PROCESSES = 2


@contextmanager
def workers(queue: str) -> Iterator[int]:
    """Celery's worker of one queue with its two processes; yields its process number once it answers."""
    app.control.purge()
    command = ["celery", "--app", "config.celery:app", "worker", "--queues", queue, "--concurrency", str(PROCESSES)]
    with _running([*command, "--loglevel", "WARNING"], LEVY_PROCESS="worker") as process:
        _wait_for(lambda: app.control.ping(timeout=1), process)
        yield process.pid


@contextmanager
def web_server() -> Iterator[int]:
    """gunicorn on a free port of 127.0.0.1; yields the port once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["gunicorn", "--config", "config/gunicorn.py", "config.wsgi:application"]
    with _running(command, LEVY_PROCESS="web", WEB_BIND=f"127.0.0.1:{port}") as process:
        _wait_for(lambda: _answers(port), process)
        yield port


@contextmanager
def _running(module: list[str], **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", *module]
    log = settings.VAR_DIR / f"{module[0]}.log"
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=PATIENCE)
            process.kill()


def _wait_for(is_ready: Callable[[], object], process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while not is_ready():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the program did not start: {process.args}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5) as answer:
        return bool(answer.status == 200)
    return False
