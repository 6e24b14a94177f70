"""The result of the fault run: one line per promise, on the terminal, as JSON and as Markdown."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.runner.console import note, say

KEPT, BROKEN, NOT_RUN = "kept", "broken", "not run"
WORDS = {KEPT: "兑现 kept", BROKEN: "违背 BROKEN", NOT_RUN: "未做 not run"}


class Broken(Exception):
    """A promise was not kept; the text gives the observation that shows it."""


class NotPossible(Exception):
    """This machine does not allow the step; the text gives the reason."""


def demand(condition: bool, observed: str) -> None:
    """Raise Broken with `observed` unless the condition is true."""
    if not condition:
        raise Broken(observed)


@dataclass
class Line:
    """The result of one promise in one step."""

    promise: str
    step: str
    title: str
    faults: int = 0
    verdict: str = KEPT
    seconds: float = 0.0
    remark: str = ""


class Report:
    """Collects lines; `faults` returns the number of faults so far."""

    def __init__(self, seed: int, employers: int) -> None:
        self.seed = seed
        self.employers = employers
        self.lines: list[Line] = []
        self.faults: list[dict[str, object]] = []
        self.step = ""
        self._began = time.monotonic()

    @contextmanager
    def promise(self, promise: str, title: str) -> Iterator[Line]:
        """Any exception inside breaks this promise; the run goes on with the next one."""
        line = Line(promise, self.step, title)
        faults, began = len(self.faults), time.monotonic()
        try:
            yield line
        except NotPossible as reason:
            line.verdict, line.remark = NOT_RUN, str(reason)
        except Exception as failure:
            line.verdict = BROKEN
            line.remark = str(failure) if isinstance(failure, Broken) else f"{type(failure).__name__}: {failure}"[:400]
        line.faults, line.seconds = len(self.faults) - faults, time.monotonic() - began
        self.lines.append(line)
        note(f"  {line.promise:<9}{WORDS[line.verdict]:<14}{line.seconds:6.1f} s  {line.title}  {line.remark}")

    def demand_faults(self, steps: Iterable[str], fewest: int) -> None:
        """Raise Broken unless there were enough faults in all, and one in each step that the machine allowed."""
        spared = {line.step for line in self.lines if line.verdict == NOT_RUN}
        idle = set(steps) - spared - {str(fault["step"]) for fault in self.faults}
        demand(not idle, f"no fault was injected in {sorted(idle)}")
        demand(len(self.faults) >= fewest, f"only {len(self.faults)} faults were injected")

    @property
    def is_kept(self) -> bool:
        return all(line.verdict != BROKEN for line in self.lines)

    def show(self) -> None:
        """Print the table for a person."""
        say(f"故障演练 Fault run: seed {self.seed}, {self.employers:,} employers, {len(self.faults)} faults")
        for line in self.lines:
            say(
                f"{line.promise:<9}{line.step:<10}{line.faults:>4} faults {line.seconds:>6.1f} s  "
                f"{WORDS[line.verdict]:<14} {line.title}{f'（{line.remark}）' if line.remark else ''}"
            )
        counts = {verdict: sum(line.verdict == verdict for line in self.lines) for verdict in WORDS}
        say(" · ".join(f"{WORDS[verdict]} {count}" for verdict, count in counts.items()))
        sys.stdout.flush()

    def summary(self) -> str:
        """The run in two sentences, then a line for each promise that is broken or was not tried."""
        kept = [line for line in self.lines if line.verdict == KEPT]
        promises = sorted({name for line in kept for name in line.promise.split()}, key=_by_letter_and_number)
        head = (
            f"Seed {self.seed}, {self.employers:,} employers, {len(self.faults):,} faults, {self._seconds:.0f} s."
            f" {len(kept)} of {len(self.lines)} lines kept: {', '.join(promises)}.\n"
        )
        others = [line for line in self.lines if line.verdict != KEPT]
        rows = [f"- {line.promise} {WORDS[line.verdict]}: {line.remark}\n" for line in others]
        return head + "".join(["\n", *rows] if rows else [])

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def write(self, folder: Path) -> Path:
        """Write faults.json and faults.md into the folder. Returns the path of the readable one."""
        whole = {
            "seed": self.seed,
            "employers": self.employers,
            "seconds": round(self._seconds, 1),
            "promises": [asdict(line) for line in self.lines],
            "faults": self.faults,
        }
        (folder / "faults.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1))
        rows = [
            f"| {line.promise} | {line.step} | {line.faults} | {WORDS[line.verdict]} | {line.seconds:.1f} "
            f"| {line.title}{': ' + line.remark if line.remark else ''} |"
            for line in self.lines
        ]
        head = f"# 故障演练 Fault run\n\nSeed {self.seed}, {self.employers:,} employers, {len(self.faults)} faults, "
        table = "\n\n| | Step | Faults | Verdict | s | What |\n|---|---|---|---|---|---|\n"
        path = folder / "faults.md"
        path.write_text(f"{head}{whole['seconds']} s.{table}" + "\n".join(rows) + "\n")
        return path


def _by_letter_and_number(promise: str) -> tuple[str, int]:
    """Sort A2 before A10; a name without a number, such as mutants, sorts by its text."""
    number = promise[1:]
    return (promise[0], int(number)) if number.isdigit() else (promise, 0)
