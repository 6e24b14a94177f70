"""A backup counts only if it restores: the scripts of deploy/ against a server with the settings of production."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.production import compose_services, eventually
from tools.faults.backups import new_keys
from tools.runner import postgres, processes
from tools.runner.state import ROOT, State

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("gpg") is None, reason="backups are encrypted with gpg, which is not installed"),
]
PASSWORDS = {
    "PGPASSWORD": "administrator",
    "DATABASE_OWNER_PASSWORD": "owner",
    "DATABASE_PASSWORD": "application",
}


class Server:
    """A cluster beside the suite's own, started with the command line of docker-compose.yml."""

    def __init__(self, root: Path, command: list[str]) -> None:
        (root / "venv").symlink_to(sys.prefix)
        self.home = postgres.find_home(State(root), "backup")
        self.backup = self.home.folder / "backup"
        (self.backup / "wal").mkdir(parents=True)
        if self.home.identity:
            for folder in (self.backup, self.backup / "wal"):
                os.chown(folder, self.home.identity.uid, self.home.identity.gid)
        # The clone may lie where the database user cannot go.
        self.scripts = self.home.folder / "deploy"
        shutil.copytree(ROOT / "deploy", self.scripts)
        self.key, self.private_key = new_keys(root)
        self.port = postgres.free_port()
        here = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        self.command = [self.home.programs / command[0], "-D", self.home.cluster]
        self.command += [part.replace("/deploy", str(self.scripts)) for part in command[1:]]
        self.command += [part for setting in here for part in ("-c", setting)]
        self.environment = {
            "PATH": f"{self.home.programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "POSTGRES_USER": "postgres",
            "PGDATA": str(self.home.cluster),
            "BACKUP_DIR": str(self.backup),
            "BACKUP_KEY": str(self.key),
            "BACKUP_KEEP_DAYS": "35",
            "DRILL_DIR": str(self.home.folder / "drill"),
            **PASSWORDS,
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        log = self.home.folder / "log"
        log.touch()
        server = processes.start(
            "postgres",
            self.command,
            log=log,
            env=os.environ | self.environment,
            cwd=Path("/"),
            identity=self.home.identity,
            stop_signal=2,
        )
        try:
            assert eventually(lambda: self.script("pg_isready").returncode == 0 or server.has_ended(), 60)
            assert eventually(lambda: not self.is_recovering(), 60), log.read_text()
            yield
        finally:
            processes.stop([server], 20)

    def is_recovering(self) -> bool:
        return self.script("psql", "-XAtc", "SELECT pg_is_in_recovery()", "postgres").stdout.strip() != "f"

    def script(self, *command: str | Path, told: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the database user, as the containers do; `told` is its input."""
        identity = processes.drop_to(self.home.identity)
        env = self.environment | environment
        return subprocess.run(
            command, env=env, cwd=self.home.folder, input=told, capture_output=True, text=True, **identity
        )

    def run_script(self, name: str, *arguments: str, told: str = "") -> str:
        done = self.script("/bin/sh", self.scripts / name, *arguments, told=told)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self, name: str, *arguments: str, told: str = "", **environment: str) -> str:
        done = self.script("/bin/sh", self.scripts / name, *arguments, told=told, **environment)
        assert done.returncode == 1
        return done.stderr

    def connect(self, user: str = "levy", password: str = "DATABASE_OWNER_PASSWORD") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=PASSWORDS[password],
            dbname="levy",
            autocommit=True,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    root = Path(tempfile.mkdtemp(prefix="levy-backup-"))
    root.chmod(0o711)
    server = Server(root, compose_services()["postgres"]["command"])
    postgres.create_cluster(server.home, PASSWORDS["PGPASSWORD"])
    try:
        with server.running():
            server.run_script("postgres/10-levy.sh")
        yield server
    finally:
        shutil.rmtree(root)
        shutil.rmtree(server.home.folder, ignore_errors=True)


# What docs/deploy.md says of a dump.
DECRYPTED = """
export GNUPGHOME=$(mktemp -d)
gpg --batch --quiet --import && gpg --quiet --decrypt "$1" | pg_restore --exit-on-error --dbname=other
status=$?
gpgconf --kill all; rm -rf "$GNUPGHOME"
exit $status
"""


def contents(connection: psycopg.Connection) -> tuple:
    return connection.execute(
        "SELECT count(*), sum(amount), md5(string_agg(amount::text, ',' ORDER BY amount)) FROM paid"
    ).fetchone()


def test_a_backup_restores_to_the_moment_before_a_mistake(server):
    with server.running():
        with server.connect() as connection:
            connection.execute(
                "CREATE TABLE paid AS SELECT n::numeric(14, 2) / 7 AS amount FROM generate_series(1, 20000) n"
            )
            connection.execute("CREATE TABLE operations_pulse (name text PRIMARY KEY, seen_at timestamptz NOT NULL)")
            at_backup = contents(connection)
            assert "dump" in server.run_script("backup.sh")
            assert "restored and read" in server.run_script("drill.sh", told=server.private_key)
            signs = connection.execute("SELECT name FROM operations_pulse ORDER BY name").fetchall()
            assert signs == [("backup",), ("restore",)]
            assert not (server.home.folder / "drill").exists()
            connection.execute("INSERT INTO paid SELECT n::numeric(14, 2) / 11 FROM generate_series(1, 5000) n")
            wanted = contents(connection)
            moment = str(connection.execute("SELECT clock_timestamp()").fetchone()[0])
            time.sleep(0.1)
            connection.execute("DELETE FROM paid WHERE amount > 5")
            assert contents(connection) != wanted
        # Archived by itself within a minute (archive_timeout); here at once.
        segment = server.script("psql", "-XAtc", "SELECT pg_walfile_name(pg_switch_wal())", "postgres").stdout.strip()
        assert eventually((server.backup / "wal" / f"{segment}.gpg").exists, 30)
        assert "The server is running" in server.refusal("restore.sh", "any")

    base = next((server.backup / "base").iterdir()).name.removesuffix(".tar.gpg")
    assert "Give the private key" in server.refusal("restore.sh", base)
    server.run_script("restore.sh", base, moment, told=server.private_key)
    with server.running(), server.connect() as connection:
        assert contents(connection) == wanted

    encrypted = next((server.backup / "dump").glob("*.dump.gpg"))
    with server.running():
        server.script("createdb", "--owner=levy", "other")
        assert server.script("/bin/sh", "-c", DECRYPTED, "-", encrypted, told=server.private_key).returncode == 0
        restored = server.script("psql", "-XAtF,", "-c", "SELECT count(*), sum(amount) FROM paid", "other").stdout
        assert restored.strip() == f"{at_backup[0]},{at_backup[1]}"


def files_that_say(folder: Path, words: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


def test_a_stolen_backup_disk_tells_nothing(server):
    with server.running():
        with server.connect() as connection:
            connection.execute("CREATE TABLE people AS SELECT 'levy-canary' AS name FROM generate_series(1, 100)")
            connection.execute("CREATE TABLE operations_pulse (name text PRIMARY KEY, seen_at timestamptz NOT NULL)")
        segment = server.script("psql", "-XAtc", "SELECT pg_walfile_name(pg_switch_wal())", "postgres").stdout.strip()
        assert eventually((server.backup / "wal" / f"{segment}.gpg").exists, 30)
        server.run_script("backup.sh")
        assert {path.parent.name for path in server.backup.rglob("*.gpg")} == {"wal", "dump", "base"}
        assert files_that_say(server.home.cluster, b"levy-canary"), "the same search finds it in the data files"
    assert files_that_say(server.backup, b"levy-canary") == []


def test_without_a_key_nothing_is_backed_up(server):
    with server.running():
        for key in ("", "/nowhere.asc"):
            assert "Nothing is backed up in the clear" in server.refusal("backup.sh", BACKUP_KEY=key)
        path = server.home.folder / "segment"
        path.write_bytes(b"log")
        assert "BACKUP_KEY" in server.refusal("archive.sh", str(path), "000000010000000000000099", BACKUP_KEY="")
    assert [path for path in server.backup.rglob("*") if path.parent.name in {"dump", "base"}] == []
    assert not (server.backup / "wal/000000010000000000000099.gpg").exists()


def test_a_segment_is_archived_once_and_never_replaced_by_another(server):
    path = server.home.folder / "segment"
    path.write_bytes(b"log")
    for _time in range(2):
        server.run_script("archive.sh", str(path), "000000010000000000000099")
    path.write_bytes(b"other")
    assert "in the archive already" in server.refusal("archive.sh", str(path), "000000010000000000000099")


def test_a_damaged_segment_ends_a_restore_and_leaves_the_old_cluster(server):
    with server.running():
        with server.connect() as connection:
            connection.execute("CREATE TABLE operations_pulse (name text PRIMARY KEY, seen_at timestamptz NOT NULL)")
            server.run_script("backup.sh")
            connection.execute("CREATE TABLE later (id int)")
        segment = server.script("psql", "-XAtc", "SELECT pg_walfile_name(pg_switch_wal())", "postgres").stdout.strip()
        archived = server.backup / "wal" / f"{segment}.gpg"
        assert eventually(archived.exists, 30)
    archived.write_bytes(archived.read_bytes()[:-40])
    base = next((server.backup / "base").iterdir()).name.removesuffix(".tar.gpg")
    server.refusal("restore.sh", base, told=server.private_key)
    with server.running(), server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)


def test_one_role_owns_the_database_and_the_application_s_owns_nothing(server):
    query = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = current_user"
    with server.running():
        server.run_script("postgres/10-levy.sh")  # once more, as after an upgrade
        with server.connect() as owner:
            assert owner.execute(query).fetchone() == (False, False, False, False)
            owner.execute("CREATE TABLE mine (id int)")
        with server.connect("levy_app", "DATABASE_PASSWORD") as application:
            assert application.execute(query).fetchone() == (False, False, False, False)
            for beyond in ("CREATE TABLE yours (id int)", "SELECT * FROM mine", "SET ROLE levy"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(beyond)
