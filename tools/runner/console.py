"""The messages of run.py: steps with their times, and one sentence in Chinese and English when it cannot go on."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator


class Refusal(Exception):
    """Ends run.py with exit code 1: a cause and its cure that the person can act on, in both languages."""

    def __init__(self, chinese: str, english: str, details: str = "") -> None:
        super().__init__(english)
        self.chinese = chinese
        self.english = english
        self.details = details

    def show(self) -> None:
        """Write both sentences to stderr, below the log lines they explain."""
        if self.details:
            print(self.details.rstrip(), file=sys.stderr)
        print(f"错误：{self.chinese}\nError: {self.english}", file=sys.stderr, flush=True)


def say(text: str = "") -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


def note(text: str, end: str = "\n") -> None:
    """Progress for the person. Not on stdout, which belongs to the command that run.py carries out."""
    print(text, end=end, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(chinese: str, english: str) -> Iterator[Callable[[str], None]]:
    """Announce a step and, when it is done, its time; yields a function that shows progress.

    On a terminal the line is redrawn; a file or pipe gets only its beginning and its end.
    """
    began = time.monotonic()
    title = f"{chinese} {english}"
    live = sys.stderr.isatty()

    def redraw(progress: str = "") -> None:
        if live:
            note(f"\r\x1b[K  … {title}  {progress} {time.monotonic() - began:.0f} s", end="")

    redraw()
    try:
        yield redraw
    except BaseException:
        note("\r\x1b[K" * live + f"  ✗ {title}  {time.monotonic() - began:.1f} s")
        raise
    note("\r\x1b[K" * live + f"  ✓ {title}  {time.monotonic() - began:.1f} s")
