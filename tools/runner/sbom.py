"""The list of all locked packages (SBOM) in CycloneDX JSON, for scanners of known faults."""

import json
import re
import tomllib
from pathlib import Path

from tools.runner.state import ROOT

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^ ;\\]+)", re.MULTILINE)


def written(lock: Path) -> str:
    """CycloneDX 1.5 with the name, version and package URL of each package of the lock, which has the hashes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": project["name"], "version": project["version"]}},
        "components": [_component(name.lower(), version) for name, version in _PIN.findall(lock.read_text())],
    }
    return json.dumps(bill, indent=2)


def _component(name: str, version: str) -> dict[str, str]:
    address = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}
