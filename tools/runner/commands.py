"""The verbs of run.py: run (none), test, faults, bench, shell, demo, lock and sbom."""

import argparse
import contextlib
import errno
import hashlib
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from tools.runner import measured, packages, postgres, processes, sbom
from tools.runner.console import Refusal, say, step
from tools.runner.services import Services, Signals, Stop, base_environment, secret_settings
from tools.runner.state import ROOT, Lock, State, wait_for_services

USAGE = """用法 Usage:
  python3 run.py [--port N] [--empty]    启动系统 set up and run (--empty: 不装演示数据 without demo data)
  python3 run.py test [--write] [ARGS]   运行测试 run the tests; ARGS go to pytest (--write: 写入 docs/measured.md)
  python3 run.py test law [ARGS]         只测法规计算，不启动服务 the tests of the law alone, without any service
  python3 run.py faults [--seed N]       故障演练 break a system of its own on purpose, and see its promises kept
  python3 run.py bench [ARGS]            测量性能 measure the performance; -h lists ARGS
  python3 run.py shell -- COMMAND …      执行管理命令 run a manage.py command
  python3 run.py demo [ARGS]             装入演示数据 fill the database with the demo province
  python3 run.py lock                    更新依赖锁定文件 renew the lock files
  python3 run.py sbom                    输出软件物料清单 print the list of all packages (CycloneDX JSON)
"""
# The line of migrations of a database. It changes only when migrations are squashed before the first release.
MIGRATIONS_SINCE = "2026-11-30-"
# These commands change the schema themselves: no migration may run before them.
_SCHEMA_COMMANDS = {"check", "makemigrations", "migrate", "showmigrations", "sqlmigrate", "squashmigrations"}
# These need the role that owns the tables; all others work with the application's.
_OWNER_COMMANDS = _SCHEMA_COMMANDS | {"demo", "flush", "renew_keys"}
# Options of pytest that set the number of processes, need the terminal, or run no test.
_ONE_PROCESS = re.compile(
    r"-n\d*$|--numprocesses|--dist|no:xdist$|-pno:xdist$|--pdb|--trace$|--co$|--collect|-h$|--help$|--version$"
)


def main(arguments: list[str]) -> int:
    """Carry out one command line. Returns its exit code. A foreseen failure is one sentence, without a traceback."""
    verbs = {
        "test": _test,
        "faults": _faults,
        "bench": _bench,
        "shell": _shell,
        "demo": _demo,
        "lock": _lock,
        "sbom": _sbom,
    }
    signals = Signals()
    signals.install()
    try:
        if arguments and arguments[0] in verbs:
            return verbs[arguments[0]](signals, arguments[1:])
        return _run(signals, arguments)
    except Refusal as refusal:
        refusal.show()
    except OSError as error:
        _foreseen(error).show()
    except Stop:
        say("\n已停止。 Stopped.")
        return 0
    return 1


def _foreseen(error: OSError) -> Refusal:
    if error.filename is None and error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        raise error
    where = Path(os.fsdecode(error.filename or "."))
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return packages.disk_is_full(where)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Refusal(
            f"无权读写 {where}（{error.strerror}）；请更改其权限，或用 LEVY_VAR 指定其他目录。",
            f"{where} may not be read or written ({error.strerror}): change its permissions or name another folder in"
            " LEVY_VAR.",
        )
    raise error


def _run(signals: Signals, arguments: list[str]) -> int:
    options = _options(arguments)
    if options.help:
        print(USAGE)
        return 0
    began = time.monotonic()
    state = State.named_by_environment()
    with _owned(state):
        _check_port(options.port)
        packages.install(state)
        with Services(state, signals, settings="config.settings.dev") as services:
            _prepare(state, services.environment)
            _fill_once(state, services.environment, is_empty=options.empty)
            with step("启动网站", "Starting the web server"):
                services.start_web(options.port)
            services.start_workers()
            _show_address(state, options.port, time.monotonic() - began)
            while True:
                services.check()
                time.sleep(0.3)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", usage=USAGE, add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--empty", action="store_true")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def _owned(state: State) -> Iterator[None]:
    """Lock the state folder for this process alone, or say who has the lock."""
    lock = Lock(state.root / "lock")
    if not lock.try_exclusive():
        raise Refusal(
            f"另一个 run.py（进程 {lock.holder()}）正在使用 {state.root}；请先停止它，或用 LEVY_VAR 指定其他目录。",
            f"another run.py (process {lock.holder()}) is using {state.root}: stop it or name another folder in"
            " LEVY_VAR.",
        )
    try:
        yield
    finally:
        lock.close()


def _check_port(port: int) -> None:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else error
        raise Refusal(
            f"端口 {port} 无法使用（{reason}）；请用 --port 换一个，例如：python3 run.py --port 8080。",
            f"port {port} cannot be used ({reason}): choose another one, for example python3 run.py --port 8080.",
        ) from error


def _prepare(state: State, env: Mapping[str, str]) -> None:
    """Bring the database and the static files to this code; does nothing when they are up to date.

    Raises Refusal for a database whose migrations were squashed since: it cannot be migrated.
    """
    note = postgres.remembered(state, env).split()
    if note and not note[0].startswith(MIGRATIONS_SINCE):
        raise _too_old(state)
    parts = ("*/migrations/*.py", "operations/roles.py", "fixtures/**/*", "requirements.lock")
    schema = MIGRATIONS_SINCE + _fingerprint(*parts)
    if note[:1] != [schema]:
        with step("升级数据库结构", "Migrating the database") as redraw:
            _manage(state, _as_owner(state, env), redraw, "migrate", "--noinput", "-v0")
        with step("载入行政区划与国家参数", "Loading regions and national parameters") as redraw:
            _manage(state, env, redraw, "load_regions")
        postgres.remember(state, env, " ".join([schema, *note[1:]]))
    files = _fingerprint("static/**/*", "requirements.lock")
    stamp = state.root / "static.stamp"
    if not stamp.exists() or stamp.read_text() != files:
        with step("汇集静态文件", "Collecting the static files") as redraw:
            _manage(state, env, redraw, "collectstatic", "--noinput", "-v0")
        stamp.write_text(files)


def _as_owner(state: State, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command that changes the schema."""
    return {**env, "DATABASE_URL": postgres.owner_url(state, env)}


def _too_old(state: State) -> Refusal:
    return Refusal(
        f"{state.root} 中的数据库由发布前的旧版本建立，本版本不能接着使用，数据原样保留；"
        "请把该目录改名后重新启动，或用 LEVY_VAR 指定新目录。",
        f"the database in {state.root} was made by an older version before the first release; this version cannot use"
        " it and leaves it untouched: rename the folder and start again, or name a new folder in LEVY_VAR.",
    )


def _fingerprint(*patterns: str) -> str:
    """One short text that changes when any of the files does."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _manage(
    state: State, env: Mapping[str, str], redraw: Callable[[str], None], *command: str, stdout: IO[str] | None = None
) -> None:
    log = state.log("manage")
    code = processes.run_to_end(
        [state.python, "manage.py", *command],
        log=log,
        env=env,
        cwd=ROOT,
        tick=lambda: redraw(processes.last_lines(log, 1).rsplit("\r")[-1][:60]),
        stdout=stdout,
    )
    if code:
        raise Refusal(
            f"manage.py {command[0]} 失败，完整记录见 {log}。",
            f"manage.py {command[0]} failed; its whole log is {log}.",
            processes.last_lines(log, 30),
        )


def _fill_once(state: State, env: Mapping[str, str], *, is_empty: bool) -> None:
    """Load the demo province at the first start, never into a database that was started empty."""
    note = postgres.remembered(state, env).split()
    if len(note) > 1:
        return
    if is_empty:
        postgres.remember(state, env, f"{note[0]} empty")
    else:
        _load_demo(state, env, [])


def _load_demo(state: State, env: Mapping[str, str], arguments: list[str]) -> None:
    """Fill the database with the demo province. Keeps the command's output, the sign-ins, for later starts."""
    sign_ins = _sign_ins(state)
    draft = sign_ins.with_suffix(".new")
    with (
        step("装入演示数据", "Loading the demo province") as redraw,
        open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output,
    ):
        _manage(state, _as_owner(state, env), redraw, "demo", *arguments, stdout=output)
    draft.replace(sign_ins)
    schema = postgres.remembered(state, env).split()[:1]
    postgres.remember(state, env, " ".join([*schema, "demo"]))


def _sign_ins(state: State) -> Path:
    return state.root / "sign-ins.txt"


def _show_address(state: State, port: int, seconds: float) -> None:
    say(f"\n  http://127.0.0.1:{port}/  （{seconds:.1f} s，按 Ctrl-C 停止 Ctrl-C stops it）\n")
    with contextlib.suppress(FileNotFoundError):
        say(_sign_ins(state).read_text())


def _shell(signals: Signals, arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print(USAGE)
        return 1

    def run_command(state: State, env: Mapping[str, str]) -> int:
        suited = _as_owner(state, env) if command[0] in _OWNER_COMMANDS else env
        return processes.run_in_foreground([state.python, "manage.py", *command], env=suited, cwd=ROOT)

    return _with_services(signals, run_command, may_prepare=command[0] not in _SCHEMA_COMMANDS)


def _demo(signals: Signals, arguments: list[str]) -> int:
    def load(state: State, env: Mapping[str, str]) -> int:
        _load_demo(state, env, arguments)
        say("\n" + _sign_ins(state).read_text())
        return 0

    return _with_services(signals, load, may_prepare=True)


def _with_services(signals: Signals, action: Callable[[State, Mapping[str, str]], int], *, may_prepare: bool) -> int:
    """Call `action` with the environment of running services, or start services for it and end them afterwards."""
    state = State.named_by_environment()
    packages.install(state)
    owner, users = Lock(state.root / "lock"), Lock(state.root / "users.lock")
    with users.shared():
        found = wait_for_services(state, owner)
        if found is not None:
            return action(state, base_environment(state) | found)
    with Services(state, signals, settings="config.settings.dev") as services:
        if may_prepare:
            _prepare(state, services.environment)
        services.start_workers()
        code = action(state, services.environment)
        users.exclusive()  # another shell may use these services by now: wait until the last one ends
    return code


def _test(signals: Signals, arguments: list[str]) -> int:
    """Run pytest with separate services in a temporary folder: a live system beside it is not touched.

    `--write` writes the counts of the whole run to docs/measured.md.
    """
    is_written = arguments == ["--write"]
    installed = State.named_by_environment()
    packages.install(installed, development=True)
    if arguments[:1] == ["law"]:
        return _test_law(installed, arguments[1:])
    with _throwaway_state(installed) as state:
        with Services(state, signals, settings="config.settings.test", throwaway=True, durable=False) as services:
            env = services.environment | {processes.MARK: str(state.root)}
            env["DATABASE_OWNER_URL"] = postgres.owner_url(state, env)
            junit = state.root / "tests.xml"
            options = [f"--junitxml={junit}"] if is_written else arguments
            command: list[str | Path] = [state.python, "-m", "pytest", *_two_processes(options, "loadgroup")]
            code = processes.run_in_foreground([*command, *options], env=env, cwd=ROOT)
            if is_written and junit.exists():
                measured.write("tests", f"{measured.circumstances()}.\n\n{measured.counts_of_tests(junit)}")
        processes.end_leftovers(state.root)
    return code


def _test_law(installed: State, arguments: list[str]) -> int:
    """Run the tests of the law, which need no service: the settings get addresses without a server."""
    places = [argument for argument in arguments if argument.startswith("tests")]
    if elsewhere := [place for place in places if not place.startswith("tests/law")]:
        raise Refusal(
            f"{elsewhere[0]} 需要数据库和缓存；请用：python3 run.py test {elsewhere[0]}。",
            f"{elsewhere[0]} needs the database and the cache: python3 run.py test {elsewhere[0]}.",
        )
    with _throwaway_state(installed) as state:
        env = base_environment(state) | {"DJANGO_SETTINGS_MODULE": "config.settings.test"} | secret_settings(state)
        env |= {"DATABASE_URL": "postgresql:", "REDIS_URL": "redis:", "CACHE_URL": "redis:"}
        command: list[str | Path] = [state.python, "-m", "pytest", *_two_processes(arguments, "worksteal"), *arguments]
        return processes.run_in_foreground([*command, *([] if places else ["tests/law"])], env=env, cwd=ROOT)


def _two_processes(arguments: list[str], distribution: str) -> list[str]:
    """The pytest options for two processors, unless the caller sets them or names a single file."""
    files = {argument.split("::")[0] for argument in arguments if argument.split("::")[0].endswith(".py")}
    if len(files) == 1 or any(map(_ONE_PROCESS.match, arguments)):
        return []
    # Do not replace a process that dies: faulthandler_timeout ends one that hangs, and that must end the run.
    return ["-n", "2", "--dist", distribution, "--no-loadscope-reorder", "--max-worker-restart", "0"]


def _faults(_signals: Signals, arguments: list[str]) -> int:
    """Let the package `faults` set up separate servers, kill them, and report to the folder of this installation."""
    installed = State.named_by_environment()
    packages.install(installed)
    with _throwaway_state(installed) as state:
        env = base_environment(state) | {processes.MARK: str(state.root)}
        command: list[str | Path] = [state.python, "-m", "tools.faults", "--report", installed.root, *arguments]
        code = processes.run_in_foreground(command, env=env, cwd=ROOT)
        processes.end_leftovers(state.root)
    return code


def _bench(signals: Signals, arguments: list[str]) -> int:
    """Run the bench with separate services, as durable as in production, in a temporary folder."""
    installed = State.named_by_environment()
    packages.install(installed)
    with _throwaway_state(installed) as state:
        with Services(state, signals, settings="config.settings.dev", throwaway=True) as services:
            _prepare(state, services.environment)
            env = services.environment | {processes.MARK: str(state.root)}
            code = processes.run_in_foreground([state.python, "-m", "tools.bench", *arguments], env=env, cwd=ROOT)
        processes.end_leftovers(state.root)
    return code


@contextlib.contextmanager
def _throwaway_state(installed: State) -> Iterator[State]:
    """A state folder for one test run that borrows the virtual environment. Removes the folders of killed test
    runs."""
    for abandoned in Path(tempfile.gettempdir()).glob("levy-test-*"):
        _remove_if_abandoned(abandoned)
    root = Path(tempfile.mkdtemp(prefix="levy-test-"))
    root.chmod(0o711)  # PostgreSQL's own user must get through to its folder
    (root / "venv").symlink_to(installed.venv)
    state = State(root)
    state.create()
    try:
        with _owned(state):
            yield state
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _remove_if_abandoned(root: Path) -> None:
    lock_file = root / "lock"
    if root.stat().st_uid != os.geteuid() or not lock_file.exists():
        return
    lock = Lock(lock_file)
    if lock.try_exclusive():
        processes.end_leftovers(root)
        shutil.rmtree(root, ignore_errors=True)
    lock.close()


def _lock(_signals: Signals, _arguments: list[str]) -> int:
    state = State.named_by_environment()
    packages.install(state, development=True)
    return packages.renew_locks(state, base_environment(state))


def _sbom(_signals: Signals, _arguments: list[str]) -> int:
    print(sbom.written(packages.RUNTIME_LOCK))
    return 0
