"""The calculator: the run's own arithmetic for facts that anyone enters."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from levy.queries.explanations import explain
from quota.enums import NumberKind
from quota.models import RegionalNumber, RegionalSetting
from tests.accounts.factories import RegionFactory
from tests.levy.factories import draft_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year

FACTS = {
    "levy_year": 2025,
    "region": "140105",
    "entity_type": "企业",
    "staff_person_months": 2616,
    "credited_person_months": 24,
    "total_wages": "18642350.00",
}


@pytest.fixture(autouse=True)
def _region(db: None) -> None:
    for code in ("140000", "140105"):
        RegionFactory(code=code)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "84876.00")


def post(client: Client, facts: Any) -> Any:
    return client.post("/api/v1/estimate", json.dumps(facts), content_type="application/json")


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (FACTS | changes).items() if value is not None}


def test_anybody_gets_the_amount_with_every_step(client: Client) -> None:
    answer = post(client, FACTS).json()
    figures = ("outcome", "average_wage", "charged_wage", "gross", "relief", "payable")
    assert {name: answer[name] for name in figures} == {
        "outcome": "九折", "average_wage": "85515.37", "charged_wage": "85515.37",
        "gross": "108604.52", "relief": "10860.45", "payable": "97744.07",
    }  # fmt: skip
    assert [step["value"] for step in answer["steps"]] == [
        "2616", "85515.37", "85515.37", "39.24", "24", "15.24", "108604.52", "10860.45", "97744.07",
    ]  # fmt: skip
    assert all(step["citation"] for step in answer["steps"])


def test_the_estimate_says_what_the_run_says(client: Client) -> None:
    verified_year(EmployerFactory(region__code="140105"), staff=218, wages="18642350.00", credited=24)
    assessment = draft_run().assessments.get()
    answer = post(client, FACTS).json()
    assert Decimal(answer["payable"]) == assessment.payable
    assert [step["formula"] for step in answer["steps"]] == [step.formula for step in explain(assessment).steps]


@pytest.mark.parametrize(
    "staff", [{"staff_by_month": [218] * 12}, {"staff_average": "218"}, {"staff_person_months": "2616"}]
)
def test_staff_may_be_given_in_three_ways(client: Client, staff: dict[str, Any]) -> None:
    assert post(client, changed(staff_person_months=None) | staff).json()["payable"] == "97744.07"


def test_heads_and_average_wage_may_be_given_instead(client: Client) -> None:
    facts = changed(credited_person_months=None, total_wages=None, credited_headcount=2, average_wage="85515.37")
    assert post(client, facts).json()["payable"] == "97744.07"


def test_parameters_override_the_regions(client: Client) -> None:
    answer = post(client, changed(parameters={"required_ratio": "0.017", "social_average_wage": "40000"})).json()
    assert answer["charged_wage"] == "80000.00"
    assert "1.7%" in json.dumps(answer, ensure_ascii=False)


RATIO, WAGE = {"required_ratio": "0.015"}, {"social_average_wage": "84876.00"}


@pytest.mark.parametrize("given", [RATIO, WAGE, RATIO | WAGE])
def test_the_regions_other_rules_hold_whatever_is_given(client: Client, given: dict[str, str]) -> None:
    RegionalSetting.objects.create(
        region_id="140000", name="wage_base", value="social_average", valid_from="2020-01-01", document_number="测试"
    )
    asked = post(client, FACTS).json()
    answer = post(client, changed(parameters=given)).json()
    assert asked["charged_wage"] == "84876.00"
    assert (answer["charged_wage"], answer["payable"]) == (asked["charged_wage"], asked["payable"])


@pytest.mark.parametrize("given", [RATIO, WAGE])
def test_what_the_region_lacks_may_be_given(client: Client, given: dict[str, str]) -> None:
    """And what it has need not be given."""
    RegionalNumber.objects.filter(kind__in=given).delete()
    assert "parameters" in post(client, FACTS).json()["fields"]
    answer = post(client, changed(parameters=given))
    assert (answer.status_code, answer.json()["payable"]) == (200, "97744.07")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"levy_year": 2027}, "levy_year"),
        ({"levy_year": 2014}, "levy_year"),
        ({"region": "149999"}, "region"),
        ({"region": ""}, "region"),
        ({"entity_type": "公司"}, "entity_type"),
        ({"staff_person_months": None}, "staff_person_months"),
        ({"staff_average": "218"}, "staff_person_months"),
        ({"staff_person_months": "-1"}, "staff_person_months"),
        ({"staff_person_months": "NaN"}, "staff_person_months"),
        ({"staff_person_months": "Infinity"}, "staff_person_months"),
        ({"staff_person_months": "1e400"}, "staff_person_months"),
        ({"staff_person_months": None, "staff_by_month": [1] * 11}, "staff_by_month"),
        ({"total_wages": "1.234"}, "total_wages"),
        ({"total_wages": "99999999999999"}, "total_wages"),
        ({"average_wage": "1"}, "total_wages"),
        ({"credited_headcount": "1"}, "credited_headcount"),
        ({"parameters": {"required_ratio": "0.01"}}, "parameters"),
    ],
)
def test_bad_input_gets_a_message_at_its_field(client: Client, changes: dict[str, Any], field: str) -> None:
    response = post(client, changed(**changes))
    assert response.status_code == 400
    assert field in response.json()["fields"]


@pytest.mark.parametrize("body", ["", "{", "[]", "3", '"x"', "null"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: str) -> None:
    assert client.post("/api/v1/estimate", body, content_type="application/json").status_code == 400


def test_the_estimate_is_given_while_the_cache_is_away(client: Client, settings: Any) -> None:
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": cache}
    assert post(client, FACTS).json()["payable"] == "97744.07"


def test_a_region_without_parameters_says_so(client: Client) -> None:
    RegionFactory(code="150102")
    assert "parameters" in post(client, changed(region="150102")).json()["fields"]


def run_command(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    call_command("estimate")


def test_the_command_answers_an_object_with_an_object_and_a_list_with_a_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(monkeypatch, json.dumps(FACTS))
    assert json.loads(capsys.readouterr().out)["payable"] == "97744.07"
    run_command(monkeypatch, json.dumps([FACTS, changed(credited_person_months=40)]))
    assert [case["outcome"] for case in json.loads(capsys.readouterr().out)] == ["九折", "已达比例"]


def test_the_command_fails_with_a_message_per_field(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError):
        run_command(monkeypatch, json.dumps(changed(levy_year=2027)))
    assert "levy_year" in json.loads(capsys.readouterr().out)["fields"]
    with pytest.raises(CommandError, match="JSON"):
        run_command(monkeypatch, "{")
