"""A whole system of run.py: its folder, its end by a signal or a kill, commands beside it, and an older database."""

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.production import eventually
from tests.whole.test_run import RUN, free_port, is_alive, is_root, run
from tools.faults.slow import slow_clients
from tools.runner import postgres
from tools.runner.commands import MIGRATIONS_SINCE
from tools.runner.services import Services, Signals
from tools.runner.state import State, write_private

pytestmark = pytest.mark.system


class System:
    """A run.py in the background."""

    def __init__(self, state_folder: Path, *arguments: str) -> None:
        self.folder = state_folder
        self.port = free_port()
        self._console = state_folder.with_name(f"console-{self.port}")
        env = os.environ | {"LEVY_VAR": str(state_folder)}
        command = [sys.executable, RUN, "--port", str(self.port), *arguments]
        with self._console.open("w") as console:
            self.process = subprocess.Popen(command, env=env, stdout=console, stderr=subprocess.STDOUT)

    def __enter__(self) -> "System":
        assert eventually(lambda: "Ctrl-C" in self.output() or self.process.poll() is not None), self.output()
        assert self.process.poll() is None, self.output()
        assert self.answers()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    def answers(self) -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5) as answer,
        ):
            return answer.status == 200
        return False

    def output(self) -> str:
        return self._console.read_text()

    def children(self) -> dict[str, int]:
        """The programs that run.py itself started, by the name of their log."""
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")")[1].split()[1])
                if parent == self.process.pid:
                    found[(entry / "fd/1").resolve().stem] = int(entry.name)
        return found


@pytest.fixture(scope="module")
def closed_folder() -> Iterator[Path]:
    """A prepared installation below a folder that only its owner may enter, as in a fresh `mktemp -d`."""
    top = Path(tempfile.mkdtemp(prefix="levy-run-"))
    assert stat.S_IMODE(top.stat().st_mode) == 0o700
    root = top / "var"
    root.mkdir()
    (root / "venv").symlink_to(sys.prefix)
    before = set(Path("/var/lib").glob("levy-*"))
    try:
        with System(root, "--empty"):
            pass
        yield root
    finally:
        shutil.rmtree(top)
        for outside in set(Path("/var/lib").glob("levy-*")) - before:
            shutil.rmtree(outside)


@pytest.mark.skipif(not is_root, reason="only root hands PostgreSQL to another user")
def test_no_folder_is_opened_for_the_database_user(closed_folder):
    outside = [path for path in Path("/var/lib").glob("levy-*") if (path / "cluster").exists()]
    assert stat.S_IMODE(closed_folder.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(closed_folder.stat().st_mode) == 0o755
    assert not (closed_folder / "postgres").exists()
    assert outside
    assert all(path.stat().st_uid != 0 and stat.S_IMODE(path.stat().st_mode) == 0o700 for path in outside)


def test_a_killed_run_leaves_nothing_and_the_next_start_repeats_no_preparation(closed_folder):
    with System(closed_folder) as first:
        started = list(first.children().values())
        assert len(started) >= 4
        first.process.kill()
        first.process.wait()
        with System(closed_folder) as second:
            assert not any(map(is_alive, started))
            steps = re.findall(r"✓ .*? ([A-Z].*?)  ", second.output())
            assert steps == ["Starting the database, the broker and the cache", "Starting the web server"]


def test_the_end_of_one_program_ends_all_and_names_it(closed_folder):
    with System(closed_folder) as system:
        children = system.children()
        assert len(children) == 8
        os.kill(children["cache"], signal.SIGKILL)
        assert system.process.wait(60) == 1
        assert "Error: cache ended unexpectedly (code -9), everything was stopped" in system.output()
        assert not any(map(is_alive, children.values()))


def test_a_signal_at_any_moment_of_the_start_leaves_nothing(closed_folder):
    for delay in (0.4, 1.0, 2.0):
        system = System(closed_folder)
        time.sleep(delay)
        started = list(system.children().values())
        system.__exit__()
        # Before it listens, a signal simply ends it.
        assert system.process.returncode in {0, -signal.SIGTERM}
        assert not any(map(is_alive, started))


def command_lines() -> str:
    """The arguments of every program of this machine, as `ps` shows them to everybody."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            found.append((entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else "")
    return "\n".join(found)


def test_slow_clients_leave_it_answering_and_no_secret_is_seen(closed_folder):
    with System(closed_folder) as system:
        with slow_clients(system.port, 200):
            for path in ("/health/", "/sign-in/", "/health/"):
                with urllib.request.urlopen(f"http://127.0.0.1:{system.port}{path}", timeout=10) as answer:
                    assert answer.status == 200
        shown = command_lines()
        assert str(system.port) in shown
        assert not [
            name for name, value in State(closed_folder).secrets().items() if name != "instance" and value in shown
        ]


def test_a_shell_uses_the_services_that_are_running(closed_folder):
    with System(closed_folder):
        done = run(closed_folder, "shell", "--", "migrate", "--check")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_shell_starts_what_it_needs_and_stops_it_again(closed_folder):
    done = run(closed_folder, "shell", "--", "migrate", "--check")
    assert done.returncode == 0, done.stderr
    assert "Starting the database" in done.stderr
    assert "Starting" not in done.stdout, "stdout belongs to the command that was asked for"
    assert not (closed_folder / "services.json").exists()


def test_a_system_that_was_started_empty_never_gets_the_demo_province(closed_folder):
    with System(closed_folder) as system:
        assert "demo" not in system.output()
    assert not (closed_folder / "sign-ins.txt").exists()


def test_a_system_of_one_role_gets_the_second_and_works_with_it(closed_folder):
    """An installation from before the application had a role of its own."""
    state = State(closed_folder)
    with Services(state, Signals(), settings="config.settings.dev") as services:
        postgres.remember(state, services.environment, f"{MIGRATIONS_SINCE}older empty")
        with connected(state, services.environment) as connection:
            connection.execute("DROP OWNED BY levy_app; DROP ROLE levy_app")
    secrets = {name: value for name, value in state.secrets().items() if name != "application_password"}
    write_private(closed_folder / "secrets.json", json.dumps(secrets))
    with System(closed_folder) as system:
        assert "Migrating the database" in system.output()
        assert state.secrets().items() >= secrets.items()
        urllib.request.urlopen(f"http://127.0.0.1:{system.port}/ready/", timeout=30).close()
        environment = json.loads((closed_folder / "services.json").read_text())["environment"]
        with connected(state, environment) as connection:
            sessions = "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'levy' AND usename <> 'postgres'"
            assert connection.execute(sessions).fetchall() == [("levy_app",)]
            joined = "SELECT count(*) FROM pg_auth_members WHERE member = 'levy_app'::regrole"
            assert connection.execute(joined).fetchone() == (0,)


def connected(state: State, environment: dict[str, str]) -> psycopg.Connection:
    """A superuser's connection to a running system's database."""
    place = urlsplit(environment["DATABASE_URL"])
    password = state.secrets()["database_admin_password"]
    return psycopg.connect(f"postgresql://postgres:{password}@127.0.0.1:{place.port}/levy", autocommit=True)


@contextlib.contextmanager
def noted(root: Path, note: str) -> Iterator[None]:
    """The database bears another note of the runner for a while."""
    state = State(root)

    def exchange(text: str) -> str:
        with Services(state, Signals(), settings="config.settings.dev") as services:
            before = postgres.remembered(state, services.environment)
            postgres.remember(state, services.environment, text)
            return before

    before = exchange(note)
    try:
        yield
    finally:
        exchange(before)


def test_a_database_of_an_older_line_of_migrations_is_refused_and_left_as_it_is(closed_folder):
    # Before the runner noted a line of migrations, its note was the fingerprint alone.
    with noted(closed_folder, "0123abcd empty"):
        files = {path.name for path in closed_folder.iterdir()}
        for command in ((), ("shell", "--", "check_waiting")):
            done = run(closed_folder, *command)
            assert done.returncode == 1
            assert "older version before the first release" in done.stderr
            assert "LEVY_VAR" in done.stderr
        assert {path.name for path in closed_folder.iterdir()} - files <= {"users.lock"}  # a first shell makes it
        assert files <= {path.name for path in closed_folder.iterdir()}
