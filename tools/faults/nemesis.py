"""Chooses faults from one seed, injects them and logs each with its offset: the same seed plans the same faults."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

# In per cent. Workers die most often, as in production.
STORM = {
    "child killed": 45,
    "worker killed": 25,
    "session ended": 10,
    "broker emptied": 8,
    "broker killed": 7,
    "database crashed": 5,
}


@dataclass(frozen=True)
class Planned:
    """A fault to come: its kind, the wait before it, and a number that chooses its target."""

    kind: str
    pause: float
    choice: int


class Nemesis:
    """One per run. `log` is the report's list of faults."""

    def __init__(self, seed: int, log: list[dict[str, object]]) -> None:
        self.seed = seed
        self._log = log
        self._began = time.monotonic()

    def chance(self, step: str) -> random.Random:
        """A step's own generator, so that a step plans the same faults when another is left out."""
        return random.Random(f"{self.seed} {step}")

    def storm(self, faults: int) -> Iterator[Planned]:
        """So many faults in random order, each kind at least once."""
        chance = self.chance("storm")
        kinds = [*STORM, *chance.choices([*STORM], [*STORM.values()], k=faults - len(STORM))]
        chance.shuffle(kinds)
        for kind in kinds:
            yield Planned(kind, chance.uniform(0.3, 1.1), chance.randrange(1 << 30))

    def note(self, step: str, kind: str, target: object = "") -> None:
        """Log a fault that was injected."""
        offset = round(time.monotonic() - self._began, 2)
        self._log.append({"offset": offset, "step": step, "kind": kind, "target": str(target)})

    def count(self, step: str, kind: str | None = None) -> int:
        """The number of logged faults of a step."""
        return sum(fault["step"] == step and kind in (None, fault["kind"]) for fault in self._log)
