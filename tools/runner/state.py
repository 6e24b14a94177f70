"""The state folder (`LEVY_VAR`, default `var/`): its layout, its lock and its secrets."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools.runner.console import Refusal

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class State:
    """One installation's folder. Everything that run.py writes is below it, except PostgreSQL data of root."""

    root: Path

    @classmethod
    def named_by_environment(cls) -> "State":
        """The folder of LEVY_VAR, or `var/` beside run.py; creates it and checks that it is writable."""
        root = Path(os.environ.get("LEVY_VAR") or ROOT / "var").absolute()
        state = cls(root)
        state.create()
        return state

    @property
    def venv(self) -> Path:
        return self.root / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def fonts_conf(self) -> Path:
        return self.root / "fonts.conf"

    @property
    def running(self) -> Path:
        """The file in which the owner of the lock writes how to reach its services; valid only while it has the
        lock."""
        return self.root / "services.json"

    def log(self, name: str) -> Path:
        return self.root / "log" / f"{name}.log"

    def create(self) -> None:
        """Make the folders; refuse a folder that cannot be written to, by its name."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._check_owner()
            (self.root / "log").mkdir(exist_ok=True)
            probe = self.root / f".probe-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise Refusal(
                f"无法写入目录 {self.root}（{error.strerror}）；请更改其权限，或用 LEVY_VAR 指定其他目录。",
                f"the folder {self.root} cannot be written to ({error.strerror}): change its permissions or"
                " name another one in LEVY_VAR.",
            ) from error

    def _check_owner(self) -> None:
        # Files of two users in one folder: each user would be locked out of the other's.
        owner = self.root.stat().st_uid
        if owner != os.geteuid():
            raise Refusal(
                f"目录 {self.root} 属于用户 {owner}；请以该用户运行，或用 LEVY_VAR 指定其他目录。",
                f"the folder {self.root} belongs to user {owner}: run as that one or name another folder in LEVY_VAR.",
            )

    def secrets(self) -> dict[str, str]:
        """The secrets of this installation, made once and readable by their owner only."""
        path = self.root / "secrets.json"
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        new = _new_secrets()
        if missing := new.keys() - found.keys():  # an older version knew fewer
            found |= {name: new[name] for name in new if name in missing}
            write_private(path, json.dumps(found, indent=2))
        return found


def _new_secrets() -> dict[str, str]:
    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LEVY_IDENTITY_KEYS": key(),
        "LEVY_IDENTITY_HASH_KEY": key(),
        "database_admin_password": secrets.token_urlsafe(24),
        "database_password": secrets.token_urlsafe(24),
        "application_password": secrets.token_urlsafe(24),
        "broker_password": secrets.token_urlsafe(24),
        "instance": secrets.token_hex(8),
    }


def write_private(path: Path, text: str) -> None:
    """Replace a whole file, readable by its owner only: a kill leaves the old file or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Lock:
    """An advisory lock on a file; the kernel releases it when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = open(path, "a+")  # noqa: SIM115  (held as long as the process)

    def try_exclusive(self) -> bool:
        """Take the lock for this process alone, and write its number into the file; False if another process has the
        lock."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return True

    def holder(self) -> str:
        """The process number that the last holder left."""
        self._file.seek(0)
        return self._file.read().strip()

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Share the lock with other readers."""
        fcntl.flock(self._file, fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def exclusive(self) -> None:
        """Wait until no other process has the lock, then take it."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        self._file.close()


def wait_for_services(state: State, lock: Lock, seconds: float = 300) -> dict[str, str] | None:
    """The addresses of the services that the lock's holder runs, once they are up; None when it has gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if lock.try_exclusive():
            return None
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(state.running.read_text())
            if found["owner"] == lock.holder():
                environment: dict[str, str] = found["environment"]
                return environment
        time.sleep(0.2)
    raise Refusal(
        f"等待另一个 run.py（进程 {lock.holder()}）启动服务超时。",
        f"the other run.py (process {lock.holder()}) did not bring up its services in time.",
    )
