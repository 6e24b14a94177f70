"""The calculator: the rules of the annual run for facts that anyone enters."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework.exceptions import ValidationError

from design.law_words import translated
from law.amount import Assessed, Facts, Terms, assess
from law.averaging import MONTHS
from law.codes import EntityType
from law.policy import PolicyYearMissing
from levy.errors import ParametersMissing
from levy.queries.policy import regional_terms, usable_terms
from levy.serializers import EstimateSerializer

GIVEN = "按您填写的参数"
YUAN = "元"


def estimated(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The levy of one employer with every step, all numbers as strings. Raises DRF's ValidationError per field."""
    return as_json(assessed_estimate(payload))


def assessed_estimate(payload: Mapping[str, Any]) -> Assessed:
    """The same result as an object, for pages."""
    request = EstimateSerializer(data=payload)
    request.is_valid(raise_exception=True)
    given = request.validated_data
    return assess(_facts(given), _terms(given))


def _facts(given: Mapping[str, Any]) -> Facts:
    return Facts(
        entity_type=EntityType(given["entity_type"]),
        staff_months=_person_months(given, "staff_person_months", "staff_average", "staff_by_month"),
        total_wages=given.get("total_wages"),
        average_wage=given.get("average_wage"),
        credited_months=_person_months(given, "credited_person_months", "credited_headcount"),
        registered_on=given.get("registered_on"),
    )


def _person_months(given: Mapping[str, Any], months: str, heads: str, by_month: str = "") -> Decimal | int:
    if months in given:
        return given[months]
    if heads in given:
        return given[heads] * MONTHS
    return sum(given.get(by_month, []))


def _terms(given: Mapping[str, Any]) -> Terms:
    """The region's terms of today, with the numbers that the request gives instead."""
    region, levy_year = given["region"], given["levy_year"]
    numbers = {name: {"value": str(value), "document": GIVEN} for name, value in given.get("parameters", {}).items()}
    try:
        return usable_terms(region, levy_year, regional_terms(region, levy_year) | numbers)
    except PolicyYearMissing as missing:
        raise ValidationError({"levy_year": [translated(missing.args[0])]}) from None
    except ParametersMissing as fault:
        raise ValidationError({"parameters": [translated(*fault.args)]}) from None


def as_json(assessed: Assessed) -> dict[str, Any]:
    """A result in the API's form: numbers as strings, None where there is no figure."""
    names = ("average_wage", "charged_wage", "gross", "relief", "payable")
    return {
        "outcome": assessed.outcome.label,
        "outcome_code": assessed.outcome.value,
        **{name: _text(getattr(assessed, name)) for name in names},
        "steps": [
            {
                "code": step.code,
                "label": step.label,
                "formula": step.formula,
                "value": _text(step.value) if step.unit == YUAN else _plain(step.value),
                "unit": step.unit,
                "citation": step.citation,
            }
            for step in assessed.steps
        ],
    }


def _plain(value: Decimal | int | None) -> str | None:
    """Person-months without trailing zeros: 39.240000 becomes 39.24."""
    text = _text(value)
    return text.rstrip("0").rstrip(".") if text and "." in text else text


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
