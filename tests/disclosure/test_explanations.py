"""The pages in plain words: every figure computed, every citation known, unchecked texts never shown as checked."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from disclosure.lexicon import GROUPS
from disclosure.queries.worked_example import periods, worked_example
from disclosure.sources import SOURCES, cited_source, is_checked
from law.amount import Outcome
from law.policy import POLICY_YEARS, PolicyYear
from quota.enums import NumberKind
from quota.models import RegionalSetting
from tests.accounts.factories import RegionFactory
from tests.disclosure.factories import SHANXI
from tests.quota.factories import regional_number

RULES = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
TERMS = [term for group in GROUPS for term in group.terms]
PAGES = ("how_it_works", "lexicon", "help", "accessibility", "privacy")


def cited_by_policy(policy: PolicyYear) -> list[str]:
    names = ("ratio_floor", "wage_cap_multiple", "tiers", "small_enterprise", "surcharge_daily_rate")
    return [getattr(policy, name).citation for name in names]


def documented_sources() -> dict[str, str]:
    """Section 8 of docs/rules.md: the first cell of each row, and the row."""
    section = RULES.split("## 8. Sources")[1]
    return {row.split("|")[1].strip(): row for row in section.splitlines() if row.startswith("| ")}


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.key)
def test_every_word_names_a_listed_source(term):
    assert cited_source(term.citation) in SOURCES
    assert term.meaning.endswith("。")


def test_every_citation_of_the_national_rules_is_in_the_list_that_readers_see():
    for policy in POLICY_YEARS.values():
        for citation in cited_by_policy(policy):
            assert cited_source(citation) in SOURCES


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.number)
def test_readers_and_developers_are_told_the_same_about_a_source(source):
    row = next(text for name, text in documented_sources().items() if name.startswith(source.number))
    if source.in_force:
        assert source.in_force.isoformat() in row
    assert source.is_seen == ("seen" in row)


def test_an_article_nobody_compared_is_marked_where_it_is_cited():
    assert is_checked("财税〔2015〕72号第七条第二款")
    assert not is_checked("财税〔2015〕72号第十七条")
    assert not is_checked("财政部公告2023年第8号第一条")  # the content was seen, the number of the article was not
    assert not is_checked("全国人大常委会关于实施渐进式延迟法定退休年龄的决定")
    with pytest.raises(LookupError):
        cited_source("某省规定第一条")


@pytest.mark.django_db
def test_the_lexicon_marks_what_is_unchecked_and_nothing_else(client):
    html = client.get(reverse("disclosure:lexicon")).content.decode()
    for term in TERMS:
        entry = re.search(rf'id="term-{term.key}".*?</div>', html, re.DOTALL)[0]
        assert ("待核对原文" in entry) == (not term.is_checked), term.key


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_public_cacheable_and_led_to(client, name):
    response = client.get(reverse(f"disclosure:{name}"))
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1
    assert response.headers["Cache-Control"].startswith("public")
    home = client.get("/").content.decode() + client.get(reverse("disclosure:how_it_works")).content.decode()
    assert f'href="{reverse(f"disclosure:{name}")}"' in home


@pytest.mark.django_db
def test_the_example_is_what_the_rules_compute(client):
    """200 heads × 1.5 % = 3; two placed; one short at 80,000; 1 % reached, so half of it."""
    page = client.get(reverse("disclosure:how_it_works"), {"levy_year": "2025"}).content.decode()
    assert "40,000.00" in page
    example = worked_example(2025)
    assert [(heads, assessed.outcome, assessed.payable) for heads, assessed in example.by_heads()] == [
        (0, Outcome.NINETY, Decimal("216000.00")),
        (1, Outcome.NINETY, Decimal("144000.00")),
        (2, Outcome.HALF, Decimal("40000.00")),
        (3, Outcome.MET, Decimal("0.00")),
        (4, Outcome.MET, Decimal("0.00")),
    ]
    assert worked_example(2018).assessed.payable == Decimal("80000.00")  # before the tiers


@pytest.mark.django_db
def test_a_region_lends_the_example_its_own_numbers_and_deadline(client):
    regional_number(NumberKind.REQUIRED_RATIO, "0.02")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    RegionalSetting.objects.create(
        region_id=SHANXI, name="filing_deadline", value="09-30", document_number="例", valid_from=date(2020, 1, 1)
    )
    answer = client.get(reverse("disclosure:how_it_works"), {"levy_year": "2025", "region": SHANXI})
    assert answer.context["example"].terms.required_ratio == Decimal("0.02")
    assert "2026年9月30日" in answer.content.decode()
    assert "假设数" not in re.sub(r"<select.*?</select>", "", answer.content.decode(), flags=re.DOTALL)


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{"levy_year": "1999"}, {"region": "999999"}, {"region": "'"}, {"levy_year": ""}])
def test_an_unknown_choice_falls_back_to_the_assumed_example(client, asked):
    answer = client.get(reverse("disclosure:how_it_works"), asked)
    assert answer.status_code == 200
    assert answer.context["example"].is_assumed


@pytest.mark.django_db
def test_a_region_without_parameters_says_so(client):
    RegionFactory(code=SHANXI)
    answer = client.get(reverse("disclosure:how_it_works"), {"levy_year": "2025", "region": SHANXI})
    assert "尚未登记" in answer.content.decode()


def test_the_periods_cover_every_listed_year_once():
    covered = [year for period in periods() for year in range(period.first, period.last + 1)]
    assert sorted(covered) == sorted(POLICY_YEARS)


@pytest.mark.django_db
def test_readers_turn_to_whom_the_deployment_names(client, settings):
    assert "残疾人服务热线12385" in client.get(reverse("disclosure:help")).content.decode()
    settings.CONTACTS = settings.CONTACTS | {"report": "某市残联维权部 0351-0000000"}
    assert "某市残联维权部 0351-0000000" in client.get(reverse("disclosure:help")).content.decode()
