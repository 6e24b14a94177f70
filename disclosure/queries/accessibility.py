"""无障碍声明, read from a data file with the day of its tests and a digest of its contents on that day."""

import hashlib
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".toml")


@cache
def statement() -> dict[str, Any]:
    """state, standards, methods, faults, tested pages, tested_on and digest; every text by language (zh, en)."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def statement_digest(said: dict[str, Any]) -> str:
    """The digest that the statement must have. It covers the date, so nobody changes the content or the date alone."""
    content = {name: value for name, value in said.items() if name != "digest"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
