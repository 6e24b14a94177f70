"""The accessibility statement: dated, and never changed without its date."""

from datetime import date

import pytest
from django.urls import reverse

from disclosure.queries.accessibility import statement, statement_digest
from tests.browser.test_public_pages import OPENED


def test_the_statement_is_what_was_tested_on_its_date():
    """Changed a word, a fault or a page? Test again, put the day into `tested_on` and this digest beside it."""
    assert statement()["digest"] == statement_digest(statement())


@pytest.mark.parametrize(
    "change",
    [
        {"state": {"zh": "完全符合", "en": "Compliant"}},
        {"faults": []},
        {"tested_on": date(2030, 1, 1)},
        {"tested": {}},
    ],
    ids=str,
)
def test_twin_another_word_page_or_date_has_another_digest(change):
    assert statement_digest(statement() | change) != statement()["digest"]


def test_the_pages_it_names_are_those_the_browser_opens():
    assert set(statement()["tested"]["pages"]) == set(OPENED)


def test_every_text_stands_in_both_languages():
    texts = [statement()["state"], *[method["text"] for method in statement()["methods"]]]
    texts += [standard["result"] for standard in statement()["standards"]]
    texts += [fault["text"] for fault in statement()["faults"]]
    assert all(text["zh"] and text["en"] for text in texts)


@pytest.mark.django_db
def test_the_page_tells_its_date_its_state_and_its_faults(client):
    for language, state in (("zh-hans", "部分符合"), ("en", "Partially compliant")):
        client.cookies["language"] = language
        page = client.get(reverse("disclosure:accessibility")).content.decode()
        assert state in page
        assert statement()["tested_on"].isoformat() in page
        assert page.count('data-label="') >= len(statement()["faults"])
