"""The system to break: separate servers and programs, each of which may die and be started again.

Start programs from the main thread only: the kernel ends a child with the thread that started it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tools.faults.report import Broken
from tools.runner import postgres, processes, valkey
from tools.runner.processes import Child
from tools.runner.services import base_environment
from tools.runner.state import ROOT, State

APP = "config.celery:app"
QUIET = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]


def wait_for(condition: Callable[[], bool], observed: str, seconds: float = 300, pause: float = 0.2) -> None:
    """Wait until the condition is true. Raises Broken with `observed` after a long time: the machine may be busy, and
    nothing here measures time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Broken(observed)
        time.sleep(pause)


class Ground:
    """Database, broker and cache with fixed ports, and the programs on top of them by name."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.secrets = state.secrets()
        self.home = postgres.find_home(state, self.secrets["instance"])
        self.environment: dict[str, str] = base_environment(state) | {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "LEVY_PDF": "off",
        }
        self.environment |= {
            name: self.secrets[name] for name in ("SECRET_KEY", "LEVY_IDENTITY_KEYS", "LEVY_IDENTITY_HASH_KEY")
        }
        self.programs: dict[str, Child] = {}
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._ports = {name: postgres.free_port() for name in ("postgres", "broker", "cache")}
        self._database: Child | None = None
        self._valkeys: dict[str, Child] = {}

    def __enter__(self) -> "Ground":
        try:
            postgres.create_cluster(self.home, self.secrets["database_admin_password"])
            self.start_database()
            url = postgres.prepare_roles(self.state, self._ports["postgres"], self.secrets, is_throwaway=False)
            self.environment["DATABASE_URL"] = url
            for name, variable in (("broker", "REDIS_URL"), ("cache", "CACHE_URL")):
                self.environment[variable] = self.start_valkey(name)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_failure: object) -> None:
        self.end()

    def end(self) -> None:
        """End everything and remove the cluster."""
        processes.stop([*self.programs.values()], 5)
        servers = [*self._valkeys.values(), *([self._database] if self._database else [])]
        processes.stop(servers, 20)
        if self.state.root not in self.home.folder.parents:
            shutil.rmtree(self.home.folder, ignore_errors=True)

    # The database

    @property
    def admin_url(self) -> str:
        """The superuser's URL, for acts that the application may not do."""
        password = self.secrets["database_admin_password"]
        return f"postgresql://postgres:{password}@127.0.0.1:{self._ports['postgres']}/levy"

    @property
    def owner_url(self) -> str:
        """The URL of the role that owns the tables and migrates."""
        return postgres.owner_url(self.state, self.environment)

    def start_database(self, settings: Mapping[str, str] | None = None) -> None:
        self._database, _port = postgres.start(
            self.home, self.state, self._marked(), port=self._ports["postgres"], settings=settings
        )

    def stop_database(self, signum: int = signal.SIGINT) -> None:
        """SIGINT stops it in order. SIGQUIT stops it at once, as a crash; the next start recovers."""
        assert self._database is not None
        self._database.process.send_signal(signum)
        self._database.process.wait()

    def crash_database(self) -> None:
        self.stop_database(signal.SIGQUIT)
        self.start_database()

    # Broker and cache

    def start_valkey(self, name: str) -> str:
        password, port = self.secrets["broker_password"], self._ports[name]
        self._valkeys[name], url = valkey.start(name, self.state, self._marked(), password, port)
        return url

    def kill_valkey(self, name: str, *, is_disk_lost: bool) -> None:
        """Kill it and start it again, with its data on disk or without."""
        self._valkeys[name].process.kill()
        self._valkeys[name].process.wait()
        if is_disk_lost:
            shutil.rmtree(self.state.root / name, ignore_errors=True)
        self.start_valkey(name)

    def valkey_port(self, name: str) -> int:
        return self._ports[name]

    # Programs

    def start_worker(
        self, name: str, queues: str, concurrency: int, *, app: str = APP, cwd: Path = ROOT, **environment: str
    ) -> None:
        command = ["celery", "--app", app, "worker", "--queues", queues, "--concurrency", str(concurrency)]
        self._run(name, [*command, "--hostname", f"{name}@localhost", *QUIET], environment, cwd)

    def start_beat(self, name: str = "beat", app: str = APP, **environment: str) -> None:
        schedule = str(self.state.root / f"{name}-schedule")
        self._run(name, ["celery", "--app", app, "beat", "--schedule", schedule, "--pidfile", ""], environment)

    def start_web(self, name: str = "web") -> int:
        """Start a web server on a port of its own and wait until it answers. Returns the port."""
        port = postgres.free_port()
        environment = {"LEVY_PROCESS": "web", "WEB_BIND": f"127.0.0.1:{port}"}
        self._run(name, ["gunicorn", "--config", "config/gunicorn.py", "config.wsgi:application"], environment)
        wait_for(lambda: answers(port), "the web server did not start")
        return port

    def _run(self, name: str, module: list[str], environment: Mapping[str, str], cwd: Path = ROOT) -> None:
        self._commands[name] = (module, dict(environment))
        env = self._marked() | {"REMAP_SIGTERM": "SIGQUIT"} | dict(environment)
        command: list[str | Path] = [self.state.python, "-m", *module]
        self.programs[name] = processes.start(name, command, log=self.state.log(name), env=env, cwd=cwd)

    def manage(self, *command: str, cwd: Path = ROOT, **environment: str) -> subprocess.Popen[bytes]:
        """Start a manage.py command in the background, with its output in the log `name`."""
        arguments: list[str | Path] = [self.state.python, "manage.py", *command]
        name = f"manage-{command[0]}"
        return processes.start(
            name, arguments, log=self.state.log(name), env=self._marked() | environment, cwd=cwd
        ).process

    def restart(self, name: str) -> None:
        """Start a program again with the same arguments."""
        module, environment = self._commands[name]
        self._run(name, module, environment)

    def revive(self) -> None:
        """Start ended programs again, as the machine's supervisor does."""
        for name in [name for name, child in self.programs.items() if child.has_ended()]:
            self.restart(name)

    def kill(self, name: str) -> None:
        """kill -9 on a program and its children."""
        child = self.programs.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def stop(self, *names: str, seconds: float = 20) -> None:
        """SIGTERM, then SIGKILL after the grace period."""
        processes.stop([self.programs.pop(name) for name in names], seconds)

    def children(self, name: str) -> list[int]:
        """The worker processes of a Celery worker."""
        pid = self.programs[name].process.pid
        with contextlib.suppress(OSError):
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def logs(self) -> Iterator[Path]:
        """The logs of all programs and servers."""
        return self.state.log("any").parent.glob("*.log*")

    def _marked(self) -> dict[str, str]:
        return self.environment | {processes.MARK: str(self.state.root)}

    @property
    def broker_password(self) -> str:
        return self.secrets["broker_password"]

    @property
    def database_port(self) -> int:
        return urlsplit(self.environment["DATABASE_URL"]).port or 0


def answers(port: int) -> bool:
    """True if the web server on the port is healthy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with (
        contextlib.suppress(OSError, urllib.error.URLError),
        opener.open(f"http://127.0.0.1:{port}/health/", timeout=5) as answer,
    ):
        return bool(answer.status == 200)
    return False
