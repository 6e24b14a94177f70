"""The production files as an operator uses them, for the tests of deployment and backup."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.runner.state import ROOT

BIN = Path(sys.prefix) / "bin"


def example_environment() -> dict[str, str]:
    """deploy/example.env as an operator fills it in."""
    found = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / "deploy/example.env").read_text(), re.MULTILINE))
    filled = {name: value or secrets.token_hex(32) for name, value in found.items()}
    return filled | {"LEVY_DOMAIN": "levy.example.cn", "BACKUP_DIR": "/srv/levy-backup"}


def compose(
    *arguments: str, environment: dict[str, str], files: Sequence[str] = ("docker-compose.yml",)
) -> subprocess.CompletedProcess[str]:
    named = [part for name in files for part in ("--file", ROOT / name)]
    command = [BIN / "docker-compose", *named, "--profile", "*", *arguments]
    return subprocess.run(command, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True)


def compose_parts(*more: str) -> dict[str, dict]:
    """docker-compose.yml and its override, with every anchor and variable filled in."""
    files = ("docker-compose.yml", *more)
    done = compose("config", "--format", "json", environment=example_environment(), files=files)
    assert done.returncode == 0, done.stderr
    # Compose writes every literal dollar sign twice.
    return json.loads(done.stdout.replace("$$", "$"))


def compose_services() -> dict[str, dict]:
    return compose_parts()["services"]


def eventually(condition: Callable[[], bool], seconds: float = 120) -> bool:
    """True if a condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False
