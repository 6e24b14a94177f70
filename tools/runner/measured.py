"""docs/measured.md: measurements of the last whole test run, fault run and bench. Each writes its own section."""

import os
import platform
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree

from tools.runner.state import ROOT

# A fixed offset: a bare machine may have no time zone data.
CHINA = timezone(timedelta(hours=8))
PAGE = ROOT / "docs" / "measured.md"
GIB = 1024**3


def write(section: str, text: str, page: Path = PAGE) -> None:
    """Put the text into the section of the page. Raises ValueError as `filled` does."""
    page.write_text(filled(page.read_text(), section, text))


def filled(page: str, section: str, text: str) -> str:
    """The page with this text between the section's two marks. Raises ValueError if they are missing."""
    begin, end = f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"
    before, found_begin, rest = page.partition(begin)
    _old, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the page lacks the marks of {section}")
    return f"{before}{begin}{text}{end}{after}"


def circumstances() -> str:
    """Time, commit, machine and load, as one sentence without its full stop."""
    now = datetime.now(CHINA).strftime("%Y-%m-%d %H:%M")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"Measured {now} (China), commit {_commit()}, {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB,"
        f" Python {platform.python_version()}, load at the end {load}"
    )


def counts_of_tests(junit: Path) -> str:
    """The counts of a test run and its minutes, from the file of pytest's --junitxml."""
    suite = ElementTree.parse(junit).getroot()[0]
    failed, skipped = int(suite.attrib["failures"]) + int(suite.attrib["errors"]), int(suite.attrib["skipped"])
    passed = int(suite.attrib["tests"]) - failed - skipped
    minutes = float(suite.attrib["time"]) / 60
    return f"{passed:,} passed, {failed:,} failed, {skipped:,} skipped in {minutes:.0f} minutes.\n"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
