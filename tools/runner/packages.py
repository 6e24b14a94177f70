"""Installations before the first start: the virtual environment from the lock, and the libraries for PDFs."""

import ctypes
import ctypes.util
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import xml.sax.saxutils
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.runner import processes
from tools.runner.console import Refusal, note, step
from tools.runner.state import ROOT, Lock, State

RUNTIME_LOCK = ROOT / "requirements.lock"
DEVELOPMENT_LOCK = ROOT / "requirements-dev.lock"
_ROOM_FOR_INSTALLATION = 1_500 * 1024 * 1024

# WeasyPrint's shared libraries: on Linux no Python package brings them. Debian's package, and the file to look for.
_PDF_LIBRARIES = {
    "libpango-1.0-0": "libpango-1.0.so.0",
    "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
    "libharfbuzz-subset0": "libharfbuzz-subset.so.0",
}


def install(state: State, *, development: bool = False) -> None:
    """Bring the virtual environment to the lock; does nothing when its stamp is up to date.

    The development lock is a superset of the other one, so it satisfies both.
    """
    locks = [DEVELOPMENT_LOCK, RUNTIME_LOCK] if development else [RUNTIME_LOCK]
    wanted = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in locks}
    wanted["python"] = "{}.{}".format(*sys.version_info)
    stamp = state.venv / "levy-stamp.json"
    if _is_stamped(stamp, wanted):
        return
    guard = Lock(state.root / "venv.lock")
    guard.exclusive()  # a test run and a live system share the folder: one installs, the other waits
    if not _is_stamped(stamp, wanted):
        _check_room(state)
        _create_venv(state, wanted["python"])
        stamp.unlink(missing_ok=True)
        _ensure_pip(state)
        _pip_install(state, locks[0])
        _remove_pip(state)
        stamp.write_text(json.dumps(wanted, indent=2))
    guard.close()


def _is_stamped(stamp: Path, wanted: Mapping[str, str]) -> bool:
    try:
        return bool(json.loads(stamp.read_text()).items() >= wanted.items())
    except (OSError, ValueError):
        return False


def _check_room(state: State) -> None:
    free = shutil.disk_usage(state.root).free
    if free < _ROOM_FOR_INSTALLATION:
        raise Refusal(
            f"磁盘空间不足：{state.root} 所在磁盘仅剩 {free // 1024**2} MB，安装需要 1500 MB；"
            "请清理磁盘，或用 LEVY_VAR 指定其他目录。",
            f"the disk is full: {state.root} has {free // 1024**2} MB left, the installation needs 1500 MB: free some"
            " or name another folder in LEVY_VAR.",
        )


def _create_venv(state: State, python: str) -> None:
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Refusal(
            "此 Python 缺少 venv 或 ensurepip 模块；Debian/Ubuntu 请执行：apt-get install python3-venv。",
            "this Python lacks the module venv or ensurepip; on Debian or Ubuntu: apt-get install python3-venv.",
        )
    made_for = state.venv / "pyvenv.cfg"
    if state.python.exists() and f"version = {python}." in made_for.read_text():
        return
    with step("建立虚拟环境", "Creating the virtual environment"):
        log = state.log("install")
        command: list[str | Path] = [sys.executable, "-m", "venv", "--clear", "--without-pip", state.venv]
        if processes.run_to_end(command, log=log, env=os.environ, cwd=ROOT):
            raise _no_environment(log)


def _ensure_pip(state: State) -> None:
    """Python's own pip, for the time of an installation."""
    log = state.log("install")
    command: list[str | Path] = [state.python, "-m", "ensurepip", "--default-pip"]
    if processes.run_to_end(command, log=log, env=os.environ, cwd=ROOT):
        raise _no_environment(log)


def _no_environment(log: Path) -> Refusal:
    return Refusal("无法建立虚拟环境。", "the virtual environment cannot be created.", processes.last_lines(log))


def _remove_pip(state: State) -> None:
    """The system runs without pip and setuptools, whose bundled versions have known faults."""
    command: list[str | Path] = [state.python, "-m", "pip", "uninstall", "--yes", "--quiet", "pip", "setuptools"]
    processes.run_to_end(command, log=state.log("install"), env=os.environ, cwd=ROOT)


def _pip_install(state: State, lock: Path) -> None:
    total = len(re.findall(r"^[a-z0-9]", lock.read_text(), re.MULTILINE | re.IGNORECASE))
    log = state.log("install")
    log.write_bytes(b"")
    command: list[str | Path] = [state.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "--retries", "2", "--require-hashes", "--only-binary", ":all:", "-r", lock]
    with step("安装依赖", "Installing the packages") as redraw:
        code = processes.run_to_end(command, log=log, env=os.environ, cwd=ROOT, tick=_pip_progress(log, total, redraw))
        if code:
            raise _pip_refusal(log)


def _pip_progress(log: Path, total: int, redraw: Callable[[str], None]) -> Callable[[], None]:
    def tick() -> None:
        done = len(re.findall(rb"^(?:Collecting|Requirement already)", log.read_bytes(), re.MULTILINE))
        redraw(f"{min(done, total)}/{total}")

    return tick


def _pip_refusal(log: Path) -> Refusal:
    text = log.read_text(errors="replace")
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return disk_is_full(log.parent)
    if re.search(r"NewConnectionError|NameResolution|ConnectTimeout|Failed to establish|ProxyError|ReadTimeout", text):
        return Refusal(
            "安装依赖时无法连接软件包源；请检查网络或 pip 的镜像设置后重试。",
            "the package index cannot be reached: check the network or pip's mirror settings and try again.",
        )
    return Refusal(
        f"安装依赖失败，完整记录见 {log}。",
        f"the packages could not be installed; the whole log is {log}.",
        processes.last_lines(log),
    )


def disk_is_full(folder: Path) -> Refusal:
    """The refusal for a full disk."""
    return Refusal(
        f"磁盘空间不足：{folder} 所在磁盘已满；请清理后重试，已有数据不受影响。",
        f"the disk is full: {folder} has no room left; free some and try again, the data so far are unharmed.",
    )


def pdf_libraries_are_present() -> bool:
    """True if PDFs can be made here. As root on Debian it installs missing libraries; elsewhere it names them."""
    missing = [package for package, file in _PDF_LIBRARIES.items() if not _loads(file)]
    if not missing:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("安装 PDF 所需的系统库", "Installing the libraries for PDFs"):
            _apt_install(missing)
        missing = [package for package in missing if not _loads(_PDF_LIBRARIES[package])]
    if missing:
        cure = "brew install pango" if sys.platform == "darwin" else f"sudo apt-get install {' '.join(missing)}"
        note(f"  ! 缺少 Pango 系统库，暂不生成 PDF；安装命令：{cure}")
        note(f"    Pango is missing, PDFs are turned off; to turn them on: {cure}")
    return not missing


def _loads(file: str) -> bool:
    if sys.platform == "darwin":
        return ctypes.util.find_library(file.removeprefix("lib").split(".so")[0]) is not None
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


def _apt_install(packages: list[str]) -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install_command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in (install_command, ["apt-get", "update", "-q"], install_command):
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if command is install_command and done.returncode == 0:
            return


def write_fonts_conf(path: Path, site_packages: Path, cache: Path) -> None:
    """Write a fontconfig file with only the project's own Chinese fonts, so that every machine prints alike."""
    folder, cache_folder = (
        xml.sax.saxutils.escape(str(part)) for part in (site_packages / "pylopdf_fonts_zh_cn", cache)
    )
    preferences = "".join(
        f"  <alias binding='same'><family>{generic}</family><prefer><family>{family}</family></prefer></alias>\n"
        for generic, family in (
            ("serif", "Noto Serif SC"),
            ("sans-serif", "Noto Sans SC"),
            ("system-ui", "Noto Sans SC"),
            ("monospace", "Noto Sans SC"),
        )
    )
    path.write_text(
        "<?xml version='1.0'?>\n<!DOCTYPE fontconfig SYSTEM 'fonts.dtd'>\n<fontconfig>\n"
        f"  <dir>{folder}</dir>\n  <cachedir>{cache_folder}</cachedir>\n{preferences}</fontconfig>\n"
    )


def site_packages(state: State) -> Path:
    """The folder of the virtual environment's packages."""
    return next(state.venv.glob("lib/python3*/site-packages"))


def renew_locks(state: State, environment: dict[str, str]) -> int:
    """Resolve the newest allowed versions and write both lock files: hashes, no download addresses. Returns the exit
    code."""
    uv = state.venv / "bin" / "uv"
    export: list[str | Path] = [uv, "export", "--quiet", "--frozen", "--no-header", "--extra", "embedded"]
    commands: tuple[list[str | Path], ...] = (
        [uv, "lock", "--upgrade", "--system-certs"],
        [*export, "--no-default-groups", "--output-file", RUNTIME_LOCK],
        [*export, "--all-groups", "--output-file", DEVELOPMENT_LOCK],
    )
    codes = (processes.run_in_foreground(command, env=environment, cwd=ROOT) for command in commands)
    return next(filter(None, codes), 0)
