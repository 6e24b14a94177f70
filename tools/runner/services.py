"""The services of one state folder: the database, the two Valkeys, the programs on top of them, and their end."""

import contextlib
import json
import os
import shutil
import signal
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from tools.runner import postgres, processes, valkey
from tools.runner.console import Refusal, step
from tools.runner.packages import pdf_libraries_are_present, site_packages, write_fonts_conf
from tools.runner.processes import Child
from tools.runner.state import ROOT, State, write_private

# Longer than Celery waits for a task before it puts it back into the queue.
_GRACE = 30


class Stop(BaseException):
    """A signal asked run.py to end."""


class Signals:
    """Turns the first SIGINT, SIGTERM or SIGHUP into `Stop`; another one during the shutdown kills the rest."""

    def __init__(self) -> None:
        self.is_ending = False
        self.is_impatient = False

    def install(self) -> None:
        """Listen from now on; a SIGHUP that `nohup` switched off stays off."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN or number == signal.SIGTERM:
                signal.signal(number, self._arrived)

    def _arrived(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_ending:
            self.is_impatient = True
            return
        self.is_ending = True
        raise Stop


def base_environment(state: State) -> dict[str, str]:
    """The environment that every program of the project gets, independent of the person's own."""
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
    env.setdefault("LANG", "C.UTF-8")
    env["PATH"] = f"{state.venv / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["FONTCONFIG_FILE"] = str(state.fonts_conf)
    env["LEVY_VAR"] = str(state.root)
    # Statements of commands and workers may run for minutes; `serve` sets the short limit for the web process.
    env["LEVY_PROCESS"] = "worker"
    env["PYTHONUNBUFFERED"] = "1"
    return env


def secret_settings(state: State) -> dict[str, str]:
    """The secrets that the settings read from the environment."""
    secrets = state.secrets()
    return {name: secrets[name] for name in ("SECRET_KEY", "LEVY_IDENTITY_KEYS", "LEVY_IDENTITY_HASH_KEY")}


class Services:
    """Everything that run.py started for one state folder; the end of the `with` block ends it all, in order.

    `environment` is what a program needs to reach the services. `throwaway` removes the database with them; without
    `durable` it does not survive a power cut, which is quicker.
    """

    def __init__(
        self, state: State, signals: Signals, *, settings: str, throwaway: bool = False, durable: bool = True
    ) -> None:
        self.state = state
        self.secrets = state.secrets()
        self.environment = base_environment(state) | {"DJANGO_SETTINGS_MODULE": settings}
        self._signals = signals
        self._throwaway = throwaway
        self._durable = durable
        self._programs: list[Child] = []
        self._servers: list[Child] = []
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> "Services":
        self.state.running.unlink(missing_ok=True)
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end()

    def _start(self) -> None:
        processes.end_leftovers(self.state.root)
        packages = site_packages(self.state)
        write_fonts_conf(self.state.fonts_conf, packages, self.state.root / "fonts-cache")
        if not pdf_libraries_are_present():
            self.environment["LEVY_PDF"] = "off"
        with step("启动数据库与缓存", "Starting the database, the broker and the cache"):
            self._start_postgres()
            for name, variable in (("broker", "REDIS_URL"), ("cache", "CACHE_URL")):
                server, url = valkey.start(
                    name, self.state, self._child_environment(), self.secrets["broker_password"]
                )
                self._servers.append(server)
                self.environment[variable] = url
        self.environment |= secret_settings(self.state)
        self.environment["ALLOWED_HOSTS"] = "localhost,127.0.0.1,[::1]"
        found = {"owner": str(os.getpid()), "environment": self._shared_environment()}
        write_private(self.state.running, json.dumps(found))

    def _start_postgres(self) -> None:
        home = postgres.find_home(self.state, self.secrets["instance"])
        if self._throwaway and self.state.root not in home.folder.parents:
            self._cleanup.callback(shutil.rmtree, home.folder, ignore_errors=True)
        postgres.end_leftover(home)
        postgres.create_cluster(home, self.secrets["database_admin_password"])
        server, port = postgres.start(home, self.state, self._child_environment(), durable=self._durable)
        self._servers.append(server)
        self.environment["DATABASE_URL"] = postgres.prepare_roles(
            self.state, port, self.secrets, is_throwaway=self._throwaway
        )

    def _child_environment(self) -> dict[str, str]:
        return self.environment | {processes.MARK: str(self.state.root)}

    def _shared_environment(self) -> dict[str, str]:
        """The part that differs from the person's own environment, for a second run.py that uses these services."""
        return {name: value for name, value in self.environment.items() if os.environ.get(name) != value}

    def start_web(self, port: int) -> None:
        """Start the web server and wait until it answers."""
        env = self._child_environment() | {"LEVY_PROCESS": "web", "WEB_BIND": f"127.0.0.1:{port}"}
        self._start_program("web", ["gunicorn", "--config", "config/gunicorn.py", "config.wsgi:application"], env)
        deadline = time.monotonic() + 120
        while not _answers(port):
            self.check()
            if time.monotonic() > deadline:
                raise Refusal(
                    "网站未能启动，记录如下。",
                    "the web server does not answer, this is its log.",
                    processes.last_lines(self.state.log("web")),
                )
            time.sleep(0.1)

    def start_workers(self) -> None:
        """Start the workers and the scheduler; they get ready while people already read pages."""
        env = self._child_environment() | {"REMAP_SIGTERM": "SIGQUIT"}
        celery = ["celery", "--app", "config.celery:app"]
        quiet = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        for name, queues, concurrency in (("worker", "fast,batch,import", "2"), ("worker-pdf", "pdf", "1")):
            options = ["--queues", queues, "--concurrency", concurrency, "--hostname", f"{name}@localhost"]
            self._start_program(name, [*celery, "worker", *options, *quiet], env)
        self._start_program("watch", ["manage", "watch"], env)
        schedule = str(self.state.root / "beat-schedule")
        self._start_program("beat", [*celery, "beat", "--schedule", schedule, "--pidfile", ""], env)

    def _start_program(self, name: str, module: list[str], env: Mapping[str, str]) -> None:
        command: list[str | Path] = [self.state.python, "-m", *module]
        self._programs.append(processes.start(name, command, log=self.state.log(name), env=env, cwd=ROOT))

    def check(self) -> None:
        """Raise a refusal if one of the programs has ended, with its name and last lines."""
        for child in [*self._programs, *self._servers]:
            if child.has_ended():
                code = child.process.returncode
                raise Refusal(
                    f"{child.name} 意外退出（代码 {code}），已全部停止；完整记录见 {child.log}。",
                    f"{child.name} ended unexpectedly (code {code}), everything was stopped; its log is {child.log}.",
                    processes.last_lines(child.log),
                )

    def _end(self) -> None:
        self._signals.is_ending = True
        self.state.running.unlink(missing_ok=True)

        def is_impatient() -> bool:
            return self._signals.is_impatient

        processes.stop(self._programs, _GRACE, is_impatient)
        # A signal may have come after the start of a program but before its entry in our list.
        processes.end_leftovers(self.state.root, spare=self._servers)
        for server in reversed(self._servers):
            processes.stop([server], _GRACE, is_impatient)
        self._cleanup.close()


def _answers(port: int) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/health/")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError), opener.open(request, timeout=5) as answer:
        return bool(answer.status == 200)
    return False
