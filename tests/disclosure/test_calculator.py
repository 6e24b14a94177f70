"""The public calculator gives the results of the annual run, and explains its refusals."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from levy.queries.estimates import estimated
from quota.enums import NumberKind
from tests.accounts.factories import RegionFactory
from tests.quota.factories import regional_number
from tests.reading import text_of

pytestmark = pytest.mark.django_db

ASKED = {
    "levy_year": "2025",
    "region": "140000",
    "entity_type": "enterprise",
    "staff_average": "200",
    "total_wages": "16,000,000.00",
    "credited_headcount": "1",
}


@pytest.fixture(autouse=True)
def _parameters():
    RegionFactory(code="140000", name="山西省")
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "84876")


def ask(client, **changes: str):
    return client.get(reverse("disclosure:calculator"), {**ASKED, **changes})


def test_the_empty_form_opens_without_an_answer(client):
    page = text_of(client.get(reverse("disclosure:calculator")))
    assert "测算不代替申报" in page
    assert "测算结果" not in page


def test_the_answer_shows_the_amount_and_every_step(client):
    page = text_of(ask(client))
    # (200 × 1.5 % − 1) × 80,000.00 × 90 %
    assert "144,000.00元" in page
    for step in estimated({**ASKED, "total_wages": "16000000.00"})["steps"]:
        assert step["label"] in page
        assert re.sub(r"\s+", "", step["formula"]) in page
        assert step["citation"] in page


def test_full_width_digits_and_separators_are_read(client):
    assert "144,000.00元" in text_of(ask(client, staff_average="２００"))


def test_what_more_heads_would_change_is_shown(client):
    response = ask(client)
    assert [t.further_months for t in response.context["margin"].thresholds] == [12, 24]
    assert "80,000.00" in text_of(response)  # two of three heads: (3 − 2) × 80,000 × 50 % and so on


def test_own_parameters_replace_the_regions(client):
    response = ask(client, required_ratio="1.6", social_average_wage="30000")
    terms = response.context["assessed"].terms
    assert (terms.required_ratio, terms.social_average_wage) == (Decimal("0.016"), Decimal("30000"))
    assert "按您填写的参数" in text_of(response)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"staff_average": ""}, "该字段是必填项"),
        ({"staff_average": "-1"}, "不能小于0"),
        ({"staff_average": "NaN"}, "请填写人数"),
        ({"total_wages": "1e400"}, "不能大于9,999,999,999,999.99"),
        ({"levy_year": "2031"}, "2031不在可用的选项中"),
        ({"required_ratio": "1.4"}, "不能小于1.5"),
        ({"region": "999999"}, "999999不在可用的选项中"),
    ],
)
def test_bad_input_is_explained_at_its_field_and_keeps_what_was_typed(client, changes, answer):
    response = ask(client, **changes)
    assert response.status_code == 200
    page = text_of(response)
    assert page.startswith("错误：")
    assert answer in page
    assert 'value="1"' in response.content.decode()


def test_a_year_without_parameters_says_which_are_missing(client):
    assert "社会平均工资" in text_of(ask(client, levy_year="2015"))


def test_the_answer_sets_no_cookie_and_stores_nothing(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        response = ask(client)
    assert not response.cookies
    assert "csrfmiddlewaretoken" not in response.content.decode()
