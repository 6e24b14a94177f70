"""run.py from outside: its messages when it cannot continue, and no leftovers after any end."""

import ast
import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.production import BIN, eventually
from tools.runner import commands, packages, postgres, processes
from tools.runner.processes import Child, Identity
from tools.runner.state import ROOT, Lock, State

pytestmark = pytest.mark.system
RUN = str(ROOT / "run.py")
is_root = os.geteuid() == 0


def run(state_folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"LEVY_VAR": str(state_folder)} | environment
    return subprocess.run([sys.executable, RUN, *arguments], env=env, capture_output=True, text=True, timeout=180)


def assert_refused(done: subprocess.CompletedProcess[str], *, english: str, chinese: str) -> None:
    """One sentence in each language, exit code 1 and no traceback."""
    assert done.returncode == 1
    *_, first, second = done.stderr.strip().splitlines()
    assert first.startswith("错误：")
    assert chinese in first
    assert second.startswith("Error: ")
    assert english in second
    assert "Traceback" not in done.stderr


def free_port() -> int:
    return postgres.free_port()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A state folder that borrows this virtual environment; other users may pass through it."""
    root = Path(tempfile.mkdtemp(prefix="levy-run-"))
    root.chmod(0o711)
    (root / "venv").symlink_to(sys.prefix)
    try:
        yield root
    finally:
        shutil.rmtree(root)


# What it says when it cannot go on


def test_an_old_python_is_told_the_version_it_needs():
    pretend = (
        f"import sys, runpy; sys.version_info = (3, 10, 4, 'final', 0); runpy.run_path({RUN!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert_refused(done, english="Python 3.11 or newer is needed, this is 3.10.4", chinese="需要 Python 3.11")


def test_run_py_can_be_read_by_an_old_python():
    ast.parse(Path(RUN).read_text(), feature_version=(3, 6))


def test_a_python_without_ensurepip_names_the_package_to_install(tmp_path):
    pretend = "import sys, runpy; sys.modules['ensurepip'] = None; sys.argv = ['run.py', 'shell', 'check'];"
    pretend += f"runpy.run_path({RUN!r}, run_name='__main__')"
    env = os.environ | {"LEVY_VAR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", pretend], env=env, capture_output=True, text=True)
    assert_refused(done, english="apt-get install python3-venv", chinese="apt-get install python3-venv")


def test_an_unreachable_package_index_is_said_in_one_sentence(tmp_path):
    nowhere = f"http://127.0.0.1:{free_port()}/simple"
    done = run(
        tmp_path,
        "shell",
        "check",
        PIP_CONFIG_FILE="/dev/null",
        PIP_INDEX_URL=nowhere,
        PIP_FIND_LINKS="",
        PIP_RETRIES="0",
    )
    assert_refused(done, english="the package index cannot be reached", chinese="无法连接软件包源")


@pytest.mark.skipif(not is_root, reason="mounting a small disk needs root")
def test_a_full_disk_is_said_before_anything_is_installed(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", tmp_path], check=True)
    try:
        done = run(tmp_path, "shell", "check")
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert_refused(done, english="the disk is full", chinese="磁盘空间不足")


def test_a_folder_that_cannot_be_written_to_is_named():
    done = run(Path("/proc/levy"), "shell", "check")
    assert_refused(done, english="the folder /proc/levy cannot be written to", chinese="/proc/levy")


@pytest.mark.skipif(not is_root, reason="giving a folder away needs root")
def test_a_folder_of_another_user_is_left_alone(folder):
    os.chown(folder, 65534, 65534)
    done = run(folder, "shell", "check")
    assert_refused(done, english="belongs to user 65534", chinese="属于用户 65534")
    assert [path.name for path in folder.iterdir()] == ["venv"]


def test_a_taken_port_names_the_option(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(folder, "--port", str(taken.getsockname()[1]))
    assert_refused(done, english="--port 8080", chinese="--port 8080")


def test_a_second_run_on_the_same_folder_names_the_first(folder):
    lock = Lock(folder / "lock")
    assert lock.try_exclusive()
    done = run(folder, "--port", str(free_port()))
    lock.close()
    assert_refused(done, english=f"another run.py (process {os.getpid()})", chinese=f"进程 {os.getpid()}")


# What it is made of


def test_the_runner_needs_nothing_but_the_standard_library():
    allowed = sys.stdlib_module_names | {"tools"}
    for path in [ROOT / "run.py", *(ROOT / "tools" / "runner").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path


def test_the_runner_is_strictly_typed():
    # Without the project's configuration, whose Django plugin needs the services.
    command = [BIN / "mypy", "--config-file=", "--strict", "--python-version=3.11", "tools/runner", "run.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("lock", [packages.RUNTIME_LOCK, packages.DEVELOPMENT_LOCK], ids=lambda path: path.name)
def test_every_locked_package_has_a_hash_and_no_address(lock):
    text = lock.read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text, flags=re.IGNORECASE)
    assert len(entries) > 50
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_the_development_lock_contains_the_runtime_lock():
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^ ;]*", path.read_text(), re.MULTILINE | re.IGNORECASE))

    assert pins(packages.RUNTIME_LOCK) <= pins(packages.DEVELOPMENT_LOCK)


def test_the_list_of_packages_names_each_locked_one(folder):
    done = run(folder, "sbom")
    bill = json.loads(done.stdout)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    listed = {(part["name"], part["version"], part["purl"]) for part in bill["components"]}
    locked = re.findall(r"^([a-z0-9][^ =\[]*)(?:\[.*\])?==(\S+)", packages.RUNTIME_LOCK.read_text(), re.M | re.I)
    assert listed == {(name, version, f"pkg:pypi/{name}@{version}") for name, version in locked}
    assert len(listed) > 50


def test_nothing_that_installs_packages_is_left_in_the_environment():
    assert importlib.metadata.version("django")
    for name in ("pip", "setuptools"):
        with pytest.raises(importlib.metadata.PackageNotFoundError):
            importlib.metadata.version(name)


def test_secrets_are_made_once_and_readable_by_their_owner_only(folder):
    state = State(folder)
    first = state.secrets()
    assert state.secrets() == first
    assert len(set(first.values())) == len(first)
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600


# How it tests

TWO = ["-n", "2"]


@pytest.mark.parametrize("arguments", [[], ["-k", "name"], ["tests/levy", "tests/quota"], ["a.py::one", "b.py"]])
def test_tests_run_in_two_processes(arguments):
    assert commands._two_processes(arguments, "loadgroup")[:2] == TWO


@pytest.mark.parametrize(
    "arguments",
    [["a.py::one", "a.py::two"], ["-n0"], ["-n", "4"], ["-p", "no:xdist"], ["--numprocesses=1"], ["--pdb"], ["--co"]],
)
def test_the_caller_decides_about_processes_and_a_single_file_needs_one(arguments):
    assert commands._two_processes(arguments, "loadgroup") == []


def test_the_lane_without_services_takes_tests_of_the_law_only(folder):
    done = run(folder, "test", "law", "tests/quota")
    assert_refused(done, english="tests/quota needs the database and the cache", chinese="需要数据库和缓存")


# What a killed run leaves


def sleeper(state_folder: Path, owner: Path) -> Child:
    env = {**os.environ, processes.MARK: str(owner)}
    return processes.start("sleeper", ["sleep", "60"], log=state_folder / "sleeper.log", env=env, cwd=state_folder)


def test_leftovers_of_this_folder_are_ended_and_those_of_others_are_not(folder):
    ours, spared, others = sleeper(folder, folder), sleeper(folder, folder), sleeper(folder, folder / "other")
    try:
        processes.end_leftovers(folder, spare=[spared])
        assert [child.has_ended() for child in (ours, spared, others)] == [True, False, False]
    finally:
        processes.stop([ours, spared, others], 5)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal exists on Linux only")
def test_a_child_dies_with_a_killed_parent(tmp_path):
    code = (
        "import os, sys, time; from pathlib import Path; from tools.runner import processes; here = Path(sys.argv[1]);"
        "child = processes.start('x', ['sleep', '60'], log=here / 'x.log', env=os.environ, cwd=here);"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    assert eventually(lambda: not is_alive(child), 20)


def test_a_stale_postmaster_file_never_kills_who_has_its_number_now(folder):
    home = postgres.Home(folder, folder, None)
    home.cluster.mkdir()
    lock = home.cluster / "postmaster.pid"
    stranger = sleeper(folder, folder)
    try:
        lock.write_text(f"{stranger.process.pid}\n{home.cluster}\n")
        postgres.end_leftover(home)
        assert not lock.exists()
        assert not stranger.has_ended()
    finally:
        processes.stop([stranger], 5)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    return False


# A whole life


@pytest.mark.skipif(not is_root, reason="only root hands PostgreSQL to another user")
def test_the_database_stays_in_the_folder_where_its_user_can_enter(folder):
    home = postgres.find_home(State(folder), "instance")
    assert home.folder == folder / "postgres"
    assert home.identity == Identity(65534, 65534)
