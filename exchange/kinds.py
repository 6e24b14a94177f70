"""Every kind of exchange file by name. Each app declares its own in `kinds.FILE_KINDS` (see exchange.apps)."""

from collections.abc import Iterable

from exchange.engine.contract import Kind

KINDS: dict[str, Kind] = {}


def declare(kinds: Iterable[Kind]) -> None:
    """Add the kinds of one app. Raises ValueError when two apps use one name."""
    for kind in kinds:
        if KINDS.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"two kinds of file are named {kind.name}")
