"""Fixtures of the whole suite: real PostgreSQL, real Valkey, a real worker, a real browser, no mock of our own
code."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.permissions import Role
from config.celery import app as celery_app
from tests.accounts.factories import officer
from tools.roles import AS_OWNER, sign_in

pytest_plugins = ["tests.groups", "tests.budgets"]
ROOT = Path(__file__).resolve().parents[1]
WORKER_START_SECONDS = 60
BESIDE_THE_DATABASE = {"django_db_setup", "live_server"}


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Empty the cache, so that one test's rate limits do not count in the next; without a database there are none."""
    if request.node.get_closest_marker("django_db") or BESIDE_THE_DATABASE & set(request.fixturenames):
        cache.clear()


@pytest.fixture
def signed_in(db: None) -> Callable[..., Client]:
    """A browser session of a new officer, `signed_in(Role.VERIFIER, "140105")`, or of a given person."""

    def sign_in(who: Role | User, region_code: str = "") -> Client:
        client = Client()
        client.force_login(who if isinstance(who, User) else officer(who, region_code))
        return client

    return sign_in


def test_database_url() -> str:
    """The address of the suite's own database for the application."""
    return _in_test_database(os.environ["DATABASE_URL"])


def owner_database_url() -> str:
    """The address of the suite's own database for the owner of its tables."""
    return _in_test_database(os.environ["DATABASE_OWNER_URL"])


def _in_test_database(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{connection.settings_dict['NAME']}"))


test_database_url.__test__ = False


@pytest.fixture(scope="session")
def celery_worker(django_db_setup: None) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker on every queue, working on the test database."""
    celery_app.control.purge()
    with running_worker("worker", "fast,batch,pdf,import") as process:
        yield process


@contextmanager
def running_worker(name: str, queues: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"DATABASE_URL": test_database_url(), "LEVY_PROCESS": "worker"}
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-c", "2", "-l", "WARNING"]
    address = f"{name}@test"
    process = subprocess.Popen(
        [*command, "-Q", queues, "-n", address], cwd=ROOT, env=environment, start_new_session=True
    )
    try:
        _wait_for(
            lambda: celery_app.control.ping([address], timeout=1), "the worker did not answer", WORKER_START_SECONDS
        )
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(condition: Callable[[], Any], complaint: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail(complaint)
        time.sleep(0.1)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Let the owner's role make and migrate the test database."""
    sign_in(os.environ["DATABASE_OWNER_URL"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, on which every test works with the application's role; ends all other connections before the
    owner drops it.

    A killed worker or server may leave one open, which would prevent the drop.
    """
    sign_in(os.environ["DATABASE_URL"])
    with patch.object(DatabaseOperations, "execute_sql_flush", _flush_as_owner):
        yield
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    def are_gone() -> bool:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {others} AND usename = current_user")
        cursor.execute(f"SELECT count(*) {others}")
        return cursor.fetchone() == (0,)

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        _wait_for(are_gone, "somebody is still connected to the test database", seconds=30)
    sign_in(os.environ["DATABASE_OWNER_URL"])


_execute_sql_flush = DatabaseOperations.execute_sql_flush


def _flush_as_owner(operations: DatabaseOperations, statements: list[str]) -> None:
    """Empty the tables between tests, which the application itself may not."""
    _execute_sql_flush(operations, [AS_OWNER.replace("SET", "SET LOCAL"), *statements])


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until a condition is true: `eventually(lambda: run_is_done(), "the run did not finish")`."""

    def wait(condition: Callable[[], Any], complaint: str, seconds: float = 60) -> None:
        _wait_for(condition, complaint, seconds)

    return wait


@pytest.fixture
def queries() -> Callable[[Client, str], int]:
    """The number of queries of a page for a person already at work."""

    def count(client: Client, url: str) -> int:
        assert client.get(url).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    return count


CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CLOSED_NETWORK = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The machine's own Chromium. Without one the browser tests are skipped, unless LEVY_REQUIRE_BROWSER is set."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("LEVY_REQUIRE_BROWSER"):
            pytest.fail(f"there is no browser at {CHROMIUM}")
        pytest.skip(f"no Chromium at {CHROMIUM}")
    return {"executable_path": CHROMIUM, "args": CLOSED_NETWORK, "headless": True}


@pytest.fixture(scope="session", autouse=True)
def _browser_beside_the_database() -> None:
    """Playwright runs an event loop in this thread, beside which Django would refuse the ORM."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
