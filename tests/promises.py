"""docs/promises.toml as data, and the page docs/promises.md that shows it."""

import textwrap
import tomllib
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tools.runner.measured import filled
from tools.runner.state import ROOT

DOCS = ROOT / "docs"
PAGE = DOCS / "promises.md"
WIDTH = 119
GROUPS = {
    "A": "Figures and decisions",
    "B": "Faults",
    "C": "Files and documents",
    "D": "Access",
    "E": "Privacy and the trail",
    "F": "Sessions and public pages",
    "G": "Operation",
    "H": "Pages for everybody",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """One entry; the head of docs/promises.toml explains each field."""

    id: str
    kind: str
    promise: str
    proofs: list[str]
    twins: list[str]
    removed: str
    step: str
    form: str


def read() -> list[Promise]:
    """Every promise, in the order of the file."""
    return [_promise(entry) for entry in _file()["promise"]]


def page() -> str:
    """docs/promises.md with the present promises between its marks. Raises ValueError when a mark is missing."""
    return filled(PAGE.read_text(), "promises", _sections())


def _sections() -> str:
    parts = []
    for letter, promises in groupby(read(), lambda promise: promise.id[0]):
        parts.append(f"\n## {letter}. {GROUPS[letter]}\n\n" + "".join(map(_line, promises)))
    parts.append("\n## Not proved yet\n\n" + "".join(_wrapped(f"- {text}") for text in _file()["not_proved"]))
    return "".join(parts)


def _line(promise: Promise) -> str:
    step = f" (`{promise.step}`)" if promise.step else ""
    return _wrapped(f"- **{promise.id}** {promise.promise}{step}")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False) + "\n"


def _promise(entry: dict[str, Any]) -> Promise:
    return Promise(
        id=entry["id"],
        kind=entry["kind"],
        promise=entry["promise"],
        proofs=entry["proofs"],
        twins=entry.get("twins", []),
        removed=entry.get("removed", ""),
        step=entry.get("step", ""),
        form=entry.get("form", "whole"),
    )


def _file() -> dict[str, Any]:
    return tomllib.loads((DOCS / "promises.toml").read_text())
