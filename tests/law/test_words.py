"""The law's words: Chinese in texts, English for a reader who chose it."""

import pytest
from django.template import Context, Template
from django.utils import translation

from design.law_words import official_words, translated
from law.codes import EntityType
from law.counting import Reason
from law.identifiers import IdentifierError, check_uscc
from law.policy import Outcome
from law.words import Words
from levy.models.assessments import OutcomeCode

RELIEF = Words("%(difference)s，不足0的按0", difference="3 − 5")


def test_words_are_the_chinese_text() -> None:
    assert RELIEF == "3 − 5，不足0的按0"
    assert Words("按100%计") == "按100%计"
    assert translated(RELIEF) == RELIEF


def test_in_english_the_figures_stand_in_the_english_sentence() -> None:
    with translation.override("en"):
        assert translated(RELIEF) == "3 − 5, 0 if negative"
        assert RELIEF == "3 − 5，不足0的按0"


def test_words_within_words_are_translated_too() -> None:
    with pytest.raises(IdentifierError) as refused:
        check_uscc(" ")
    with translation.override("en"):
        assert translated(*refused.value.args) == "Unified social credit code is empty. Please fill it in."


def test_a_template_says_them_in_the_readers_language() -> None:
    page = Template("{% load law %}{{ reason.label|translated }} {{ other|translated }}")
    with translation.override("en"):
        told = page.render(Context({"reason": Reason.CERTIFICATE_EXPIRED, "other": 12}))
    assert told == "certificate expired on the day of filing 12"


def test_every_reason_and_outcome_of_the_law_has_english_words() -> None:
    with translation.override("en"):
        for word in [*(reason.label for reason in Reason), *(outcome.label for outcome in Outcome)]:
            assert str(translated(word)).isascii()
        assert str(OutcomeCode.MET.label).isascii()


def test_files_use_the_official_words_whatever_the_reader_speaks() -> None:
    official_words.cache_clear()
    with translation.override("en"):
        assert official_words(EntityType)["enterprise"] == "企业"
