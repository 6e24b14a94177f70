"""Published and own examples, as data that a lawyer can read: every figure in them must agree to the fen."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from law.amount import Assessed, AssessmentRules, Facts, Terms, assess
from law.codes import CertificateKind, CertificateState, EmploymentForm, EntityType
from law.counting import CertificateFacts, Claim, CountingRules, count_person, staff_months
from law.policy import POLICY_YEARS, policy_year

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("worked_examples.toml").read_text(encoding="utf-8")
)["case"]

PUBLISHED_CASES = 41
OUT_OF_THE_CAPS_REACH = Decimal(10_000_000)
ENTITY_TYPES = {
    "机关": EntityType.ORGAN,
    "团体": EntityType.ASSOCIATION,
    "企业": EntityType.ENTERPRISE,
    "事业单位": EntityType.INSTITUTION,
    "民办非企业单位": EntityType.PRIVATE_NON_ENTERPRISE,
    "个体工商户": EntityType.SOLE_TRADER,
}
CERTIFICATES = {"残疾人证": CertificateKind.DISABLED_PERSON, "残疾军人证": CertificateKind.DISABLED_SOLDIER}


def cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in CASES if case["kind"] == kind]


def facts_of(case: dict[str, Any]) -> Facts:
    months = staff_months(case["staff_by_month"]) if "staff_by_month" in case else Decimal(case["staff_heads"]) * 12
    credited = case.get("credited_months") or Decimal(case["credited_heads"]) * 12
    return Facts(
        entity_type=ENTITY_TYPES[case["entity_type"]],
        staff_months=months,
        total_wages=Decimal(case["total_wages"]) if "total_wages" in case else None,
        average_wage=Decimal(case["average_wage"]) if "average_wage" in case else None,
        credited_months=Decimal(credited),
        transferred_staff_months=case.get("transferred_staff_months", 0),
        registered_on=case.get("registered_on"),
    )


def terms_of(case: dict[str, Any]) -> Terms:
    return Terms(
        policy=policy_year(case["levy_year"]),
        required_ratio=Decimal(case["required_ratio"]),
        social_average_wage=Decimal(case.get("social_average_wage", OUT_OF_THE_CAPS_REACH)),
        rules=AssessmentRules.from_settings(case.get("rules", {})),
    )


def two_decimals(heads: Decimal) -> str:
    return f"{heads:.2f}"


def figures(assessed: Assessed, months: int = 12) -> dict[str, Any]:
    """All figures that a case may expect, by their names there. Heads are compared as numbers, money as written."""
    if assessed.gross is None:
        return {"outcome": assessed.outcome.label}
    heads = {
        "staff_heads": Decimal(assessed.staff_months) / months,
        "required_heads": Decimal(assessed.required_months) / months,
        "credited_heads": Decimal(assessed.credited_months) / months,
        "shortfall_heads": Decimal(assessed.shortfall_months) / months,
    }
    money = ("average_wage", "charged_wage", "gross", "relief", "payable")
    return {
        "outcome": assessed.outcome.label,
        "shortfall_heads_shown": two_decimals(heads["shortfall_heads"]),
        **heads,
        **{name: str(getattr(assessed, name)) for name in money},
    }


@pytest.mark.parametrize("case", cases("levy"))
def test_the_example_comes_out_to_the_fen(case):
    found = figures(assess(facts_of(case), terms_of(case)))

    for name, expected in case["expected"].items():
        assert found[name] == (Decimal(expected) if name.endswith("_heads") else expected), name


@pytest.mark.parametrize("case", [case for case in cases("levy") if "published" in case.values[0]])
def test_a_published_figure_marked_wrong_is_not_what_the_law_gives(case):
    found = figures(assess(facts_of(case), terms_of(case)))

    assert case["why_wrong"]
    for name, published in case["published"].items():
        assert Decimal(found[name]) != Decimal(published)


@pytest.mark.parametrize("case", cases("heads"))
def test_the_people_of_the_example_add_up(case):
    year = case["levy_year"]
    people = [
        Claim(
            key=number,
            employer="employer",
            filed_on=date(year + 1, 5, 1),
            form=EmploymentForm.CONTRACT,
            contract_start=date(year, 1, 1),
            contract_end=None,
            certificate=CertificateFacts(
                CERTIFICATES[person["kind"]], person["level"], CertificateState.VALID, date(year, 1, 1), None
            ),
            born=date(year - 30, 1, 1),
            is_female=False,
            minimum_wages=(Decimal(1500),) * 12,
            wages=(Decimal(1500),) * person["months"],
            insured=(True,) * person["months"],
        )
        for number, person in enumerate(case["people"])
    ]

    counted = [count_person([claim], [], year, CountingRules())[0] for claim in people]

    months = sum(sum(count.weights) for count in counted)
    assert Decimal(months) / 12 == Decimal(case["expected"]["credited_heads"])


@pytest.mark.parametrize("case", cases("staff"))
def test_the_staff_of_the_example_adds_up(case):
    months = staff_months(case["staff_by_month"])

    assert months == case["expected"]["staff_months"]
    assert two_decimals(Decimal(months) / 12) == case["expected"]["staff_heads_shown"]


@pytest.mark.parametrize("case", cases("reference"))
def test_an_example_without_a_rule_says_why(case):
    pytest.skip(f"{case['name']}: {case['why_not_computed']}")


def test_every_policy_year_has_an_example_of_our_own():
    assert {case["levy_year"] for case in CASES if case["source"] == "own"} == set(POLICY_YEARS)


def test_no_published_example_was_lost():
    assert sum(not case["source"].startswith("own") for case in CASES) >= PUBLISHED_CASES
    assert {case["kind"] for case in CASES} == {"levy", "heads", "staff", "reference"}
