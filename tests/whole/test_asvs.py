"""docs/asvs.md goes through OWASP ASVS 5.0, levels 1 and 2, without a gap, and each of its proofs exists."""

import re
from collections.abc import Iterator

from tests.promises import DOCS
from tests.whole.test_project import is_missing

# Section: the requirements of levels 1 and 2 (OWASP_Application_Security_Verification_Standard_5.0.0_en.csv).
STANDARD = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4 3.4:1-6 3.5:1-5 3.7:1-2 4.1:1-3
4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3 6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3
7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2 8.1:1-2 8.2:1-3 8.3:1 8.4:1 9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4
10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1 12.1:1-3 12.2:1-2 12.3:1-4
13.1:1 13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2 14.2:1-4 14.3:1-3 15.1:1-3 15.2:1-3 15.3:1-7 16.1:1 16.2:1-5 16.3:1-4
16.4:1-3 16.5:1-3 17.1:1 17.2:1-4 17.3:1-2
"""
ROW = re.compile(r"^\| (?P<numbers>\d[\d., –]*) \| (?P<subject>[^|]+) \| (?P<how>[^|]*) \| (?P<proof>[^|]*) ?\|$")


def standard() -> set[str]:
    """Every requirement of levels 1 and 2."""
    sections = (part.split(":") for part in STANDARD.split())
    return {f"{section}.{last}" for section, spans in sections for last in numbers(spans.split(","), "-")}


def numbers(spans: list[str], dash: str) -> Iterator[int]:
    for span in spans:
        first, _, last = span.partition(dash)
        yield from range(int(first), int(last or first) + 1)


def rows() -> list[re.Match[str]]:
    lines = [line for line in (DOCS / "asvs.md").read_text().splitlines() if re.match(r"\| (?!No\.)", line)]
    assert [line for line in lines if not ROW.match(line)] == []
    return [row for row in map(ROW.match, lines) if row]


def requirements(row: re.Match[str]) -> Iterator[str]:
    for part in row["numbers"].split(","):
        first, _, last = part.strip().partition("–")
        section, _, number = first.rpartition(".")
        yield from (f"{section}.{n}" for n in numbers([f"{number}-{(last or first).rpartition('.')[2]}"], "-"))


def test_every_requirement_stands_once_in_the_table() -> None:
    listed = [number for row in rows() for number in requirements(row)]
    assert (sorted(set(listed) ^ standard()), len(listed)) == ([], 253)


def test_every_row_has_its_proof_or_its_reason() -> None:
    for row in rows():
        proofs = re.findall(r"`(tests/[^`]+)`", row["proof"])
        assert [proof for proof in proofs if is_missing(proof)] == [], row["numbers"]
        if row["how"].strip() == "exception":
            assert len(row["proof"].split()) > 5, row["numbers"]
        elif not row["how"].startswith("none"):
            assert proofs, row["numbers"]
