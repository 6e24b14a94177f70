"""Starts programs so that they die with run.py, ends them in order, and finds those that an earlier one left."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tools.runner.console import Refusal

# Every long-running child carries this variable with its state folder as value, so that a later start can find it.
MARK = "LEVY_SERVICE_OF"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_LARGEST_LOG = 10 * 1024 * 1024


@dataclass(frozen=True)
class Identity:
    """The unprivileged user of a program when run.py itself is root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Child:
    """A running program: its name for the person, its log, and the signal that ends it in order."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: int

    def has_ended(self) -> bool:
        return self.process.poll() is not None


def die_with_parent(signum: int) -> Callable[[], None]:
    """Run in a new child before its program: ask the kernel for a signal when run.py dies (Linux)."""
    parent = os.getpid()

    def prepare() -> None:
        if _libc:
            _libc.prctl(_PR_SET_PDEATHSIG, signum)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    identity: Identity | None = None,
    stop_signal: int = signal.SIGTERM,
) -> Child:
    """Start a long-running program in its own session, writing to its log; it ends when run.py dies."""
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=die_with_parent(stop_signal),
            **drop_to(identity),
        )
    return Child(name, process, log, stop_signal)


def drop_to(identity: Identity | None) -> dict[str, Any]:
    """The arguments of subprocess that give up root for `identity`."""
    if identity is None:
        return {}
    return {"user": identity.uid, "group": identity.gid, "extra_groups": []}


def stop(children: Sequence[Child], seconds: float, is_impatient: Callable[[], bool] = lambda: False) -> None:
    """End the children together: each one's own signal first, then kill those that still run after `seconds`."""
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(child.stop_signal)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not is_impatient() and not all(c.has_ended() for c in children):
        time.sleep(0.05)
    for child in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, to show why a program ended."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    return ""


def run_to_end(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    tick: Callable[[], None] = lambda: None,
    stdout: IO[str] | None = None,
) -> int:
    """Run a program with its output in `log` (or `stdout`), calling `tick` while it runs. Returns its exit code."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=stdout or output,
            stderr=output,
            env=dict(env),
            cwd=cwd,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    try:
        while process.poll() is None:
            tick()
            time.sleep(0.05)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode


def run_in_foreground(command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path) -> int:
    """Run a program on the person's own terminal. It handles Ctrl-C itself; SIGTERM is passed on. Returns its exit
    code."""
    process = subprocess.Popen(
        [str(part) for part in command], env=dict(env), cwd=cwd, preexec_fn=_before_foreground(signal.SIGTERM)
    )
    handlers = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
    }
    try:
        code = process.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _before_foreground(signum: int) -> Callable[[], None]:
    prepare = die_with_parent(signum)

    def restore_and_prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        prepare()

    return restore_and_prepare


def end_leftovers(state_root: Path, *, spare: Sequence[Child] = (), seconds: float = 20) -> None:
    """End every program of this state folder except the children in `spare`, such as those of a killed run.py.

    Only the holder of the state folder's lock may call this: no live run.py can own such a program then.
    """
    sessions = {child.process.pid for child in spare}

    def leftovers() -> list[int]:
        return [pid for pid in _marked(state_root) if _session(pid) not in sessions]

    found = leftovers()
    for signum, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + patience
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)
        while found and time.monotonic() < deadline:
            time.sleep(0.1)
            found = leftovers()
    if found:
        raise Refusal(f"无法结束遗留进程 {found}。", f"the leftover processes {found} cannot be ended.")


def _session(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(pid)
    return 0


def _marked(state_root: Path) -> Iterator[int]:
    mark = f"{MARK}={state_root}"
    if sys.platform != "linux":
        listing = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True).stdout
        yield from (int(line.split()[0]) for line in listing.splitlines() if f" {mark} " in f"{line} ")
        return
    for folder in Path("/proc").iterdir():
        # Another user's process, or one that has just ended, is not ours.
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
