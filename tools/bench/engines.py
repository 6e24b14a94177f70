"""The same levy in OpenFisca-Core and in publicodes: the time of each, and the number of amounts wrong by a fen.

Both are installed for the comparison only, in a folder that is removed with it. Fractions give the right amounts.
"""

import csv
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from demo.units import SIZES, WAGES
from law.amount import Facts, Terms, assess
from law.codes import EntityType
from law.policy import policy_year
from tools.bench.measure import cost_of
from tools.bench.province import LEVY_YEAR, Size
from tools.bench.report import Line

OPENFISCA = "OpenFisca-Core==46.0.1"
PUBLICODES = "publicodes@1.10.3"
HERE = Path(__file__).parent
CASES = 20_000
CASES_OF_PUBLICODES = 1_000  # fewer, because it takes them one by one
RATIO, AVERAGE = Decimal("0.015"), Decimal("84876.00")
INSTALLATION = 300  # seconds


class Case(NamedTuple):
    """An enterprise: person-months of staff, credited person-months, wages of the year in fen."""

    staff: int
    credited: int
    wages: int


def lines(size: Size) -> Iterator[Line]:
    """Our result, then each of the others or the reason why it was not tried."""
    cases = make_cases(CASES)
    right = [exact(case) for case in cases]
    amounts: list[int] = []
    cost = cost_of(lambda: amounts.extend(ours(cases)))
    yield _line(f"levy.rules.assess: {len(cases):,} levies", cost.wall, amounts, right, bar=True)
    for name, find in (("OpenFisca-Core", by_openfisca), ("publicodes", by_publicodes)):
        try:
            with TemporaryDirectory() as folder:
                taken, amounts = find(Path(folder), cases)
        except (OSError, subprocess.SubprocessError, NotTried) as reason:
            yield Line(f"the same levies in {name}", f"not tried: {_first_words(reason)}")
        else:
            title = f"the same levies in {name}: {len(amounts):,}"
            yield _line(title, taken, amounts, right[: len(amounts)])


class NotTried(Exception):
    """The reason why an engine could not be tried here."""


def _first_words(reason: Exception) -> str:
    said = (getattr(reason, "stderr", None) or str(reason)).strip().splitlines() or ["no reason given"]
    return next((line for line in said if "error" in line.lower()), said[-1])[:120]


def _line(title: str, taken: float, amounts: list[int], right: list[int], *, bar: bool = False) -> Line:
    wrong = sum(found != wanted for found, wanted in zip(amounts, right, strict=True))
    measured = f"{taken:.2f} s, {taken / len(right) * 1e6:.0f} µs each; {wrong:,} amounts wrong"
    return Line(title, measured, "fractions", bar="no amount wrong" if bar else "–", holds=not wrong if bar else None)


def make_cases(count: int) -> list[Case]:
    """Enterprises above the exemption, paid as in the province; every other one places people."""
    rng = Random(1)
    cases = []
    for number in range(count):
        staff = (31 + SIZES[EntityType.ENTERPRISE].draw(rng)) * 12 + number % 12
        credited = staff * (number % 20) // 1000 if number % 2 else 0
        cases.append(Case(staff, credited, WAGES.draw(rng) * 100 * staff // 12 + rng.getrandbits(6)))
    return cases


def ours(cases: list[Case]) -> list[int]:
    """Amounts due in fen."""
    terms = Terms(policy=policy_year(LEVY_YEAR), required_ratio=RATIO, social_average_wage=AVERAGE)
    found = []
    for case in cases:
        wages = Decimal(case.wages).scaleb(-2)
        facts = Facts(EntityType.ENTERPRISE, case.staff, wages, credited_months=case.credited)
        found.append(int(assess(facts, terms).payable.scaleb(2)))
    return found


def exact(case: Case) -> int:
    """The amount due in fen by the articles, in fractions: three roundings, each half up."""
    average = _half_up(Fraction(case.wages * 12, case.staff))
    charged = min(average, Fraction(AVERAGE) * 2 * 100)
    gap = max(case.staff * Fraction(RATIO) - case.credited, Fraction(0))
    gross = _half_up(gap * charged / 12)
    if case.staff <= 30 * 12:
        return 0
    relief = Fraction(1, 2) if case.credited >= Fraction(case.staff, 100) else Fraction(1, 10)
    return gross - _half_up(gross * relief)


def _half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def by_openfisca(folder: Path, cases: list[Case]) -> tuple[float, list[int]]:
    """All cases at once, as OpenFisca is designed for, in a separate environment."""
    _run([sys.executable, "-m", "venv", folder / "venv"])
    python = folder / "venv" / "bin" / "python"
    _run([python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", OPENFISCA])
    return _answers(folder, cases, [python, HERE / "openfisca_levy.py"])


def by_publicodes(folder: Path, cases: list[Case]) -> tuple[float, list[int]]:
    """One case after the other, with Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise NotTried("Node is not installed")
    _run([npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--cache", folder / "cache", PUBLICODES])
    script = Path(shutil.copy(HERE / "publicodes_levy.mjs", folder))  # Node looks for modules beside the script
    return _answers(folder, cases[:CASES_OF_PUBLICODES], [node, script])


def _answers(folder: Path, cases: list[Case], command: list[str | Path]) -> tuple[float, list[int]]:
    """The seconds that the engine reports, without its start, and its amounts."""
    with (folder / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows([case.staff, case.credited, f"{Decimal(case.wages).scaleb(-2)}"] for case in cases)
    answer = json.loads(_run([*command, folder / "cases.csv", str(RATIO), str(AVERAGE)]))
    return answer["seconds"], [round(amount * 100) for amount in answer["amounts"]]


def _run(command: list[str | Path]) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=INSTALLATION, check=True
    )
    return done.stdout
