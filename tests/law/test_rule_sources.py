"""The law stays exact, independent and documented: code that the pure modules may not contain."""

import ast
import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest

from law.amount import AssessmentRules
from law.counting import CountingRules, Reason
from law.policy import POLICY_YEARS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
PURE = sorted((ROOT / "law").rglob("*.py"))
INEXACT_CALLS = {"float", "round", "getcontext", "setcontext"}
ALLOWED_IMPORTS = {
    *("calendar", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "itertools", "operator"),
    *("pathlib", "re", "tomllib", "typing", "law"),
}
CITATION = re.compile(
    r"(?:财税〔\d{4}〕\d+号|财政部公告\d{4}年第\d+号|残联厅函〔\d{4}〕\d+号|行政强制法|民法典"
    r"|全国人大常委会关于\w+决定|国务院关于\w+办法|GB(?:/T)? \d+(?:-\d{4})?)"
    r"(?:第[一二三四五六七八九十百零]+条(?:第[一二三四五六七八九十]+款)?|（[一二三四五六七八九十]）)?"
)

modules = pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))


@modules
def test_no_float_no_bare_round_and_no_true_division(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.lineno
        assert not (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)), node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            assert name not in INEXACT_CALLS, node.lineno


@modules
def test_the_law_imports_nothing_but_itself(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED_IMPORTS), name


@modules
def test_every_citation_in_the_code_is_listed_in_the_document(path):
    for citation in CITATION.findall(path.read_text(encoding="utf-8")):
        assert citation in DOCUMENT


def test_the_pattern_of_citations_finds_those_that_results_carry():
    carried = {part for reason in Reason for part in reason.citation.split("；")}
    for year in POLICY_YEARS.values():
        cited = (year.wage_cap_multiple, year.tiers, year.small_enterprise, year.surcharge_daily_rate)
        carried |= {each.citation for each in cited}

    assert all(CITATION.fullmatch(citation) for citation in carried)


@pytest.mark.parametrize("rules", [CountingRules, AssessmentRules])
def test_every_regional_setting_is_documented_with_its_values(rules):
    for rule in fields(rules):
        (row,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{rule.name}`")]
        assert rule.metadata["label"]
        assert rule.metadata["citation"] in row
        if issubclass(rule.type, StrEnum):
            assert re.findall(r"`([a-z0-9_]+)`", row.split("|")[2]) == list(rule.type)


def test_every_reason_is_documented():
    for reason in Reason:
        if reason is not Reason.COUNTED:
            name = reason.name.removeprefix("ABOVE_").removeprefix("BELOW_")
            assert name in DOCUMENT, reason
