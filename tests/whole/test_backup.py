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
from tools.runner import postgres, processes
from tools.runner.state import ROOT, State

pytestmark = pytest.mark.system
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
        self.port = postgres.free_port()
        here = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        self.command = [self.home.programs / command[0], "-D", self.home.cluster]
        self.command += [part.replace("/backup", str(self.backup)) for part in command[1:]]
        self.command += [part for setting in here for part in ("-c", setting)]
        self.environment = {
            "PATH": f"{self.home.programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "POSTGRES_USER": "postgres",
            "PGDATA": str(self.home.cluster),
            "BACKUP_DIR": str(self.backup),
            "BACKUP_KEEP_DAYS": "35",
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
            env=os.environ,
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

    def script(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command as the database user, as the containers do."""
        identity = processes.drop_to(self.home.identity)
        return subprocess.run(
            command, env=self.environment, cwd=self.home.folder, capture_output=True, text=True, **identity
        )

    def run_script(self, name: str, *arguments: str) -> str:
        # The clone may lie where the database user cannot go.
        scripts = self.home.folder / "deploy"
        shutil.copytree(ROOT / "deploy", scripts, dirs_exist_ok=True)
        done = self.script("/bin/sh", scripts / name, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

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
            assert "restored and read" in server.run_script("drill.sh")
            signs = connection.execute("SELECT name FROM operations_pulse ORDER BY name").fetchall()
            assert signs == [("backup",), ("restore",)]
            assert not (server.backup / "drill").exists()
            connection.execute("INSERT INTO paid SELECT n::numeric(14, 2) / 11 FROM generate_series(1, 5000) n")
            wanted = contents(connection)
            moment = str(connection.execute("SELECT clock_timestamp()").fetchone()[0])
            time.sleep(0.1)
            connection.execute("DELETE FROM paid WHERE amount > 5")
            assert contents(connection) != wanted
        # Archived by itself within a minute (archive_timeout); here at once.
        segment = server.script("psql", "-XAtc", "SELECT pg_walfile_name(pg_switch_wal())", "postgres").stdout.strip()
        assert eventually((server.backup / "wal" / segment).exists, 30)
        refused = server.script("/bin/sh", "-c", (ROOT / "deploy/restore.sh").read_text(), "restore.sh", "any")
        assert refused.returncode == 1
        assert "The server is running" in refused.stderr

    base = next((server.backup / "base").iterdir()).name
    server.run_script("restore.sh", base, moment)
    with server.running(), server.connect() as connection:
        assert contents(connection) == wanted

    dump = next((server.backup / "dump").glob("*.dump"))
    with server.running():
        server.script("createdb", "--owner=levy", "other")
        assert server.script("pg_restore", "--exit-on-error", "--dbname=other", dump).returncode == 0
        restored = server.script("psql", "-XAtF,", "-c", "SELECT count(*), sum(amount) FROM paid", "other").stdout
        assert restored.strip() == f"{at_backup[0]},{at_backup[1]}"


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
