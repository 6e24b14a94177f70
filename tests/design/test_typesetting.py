"""Gaps and half-width punctuation on paper: tags draw them, the words stay unchanged."""

import re

from hypothesis import given
from hypothesis import strategies as st

from design.typesetting import spaced


def test_western_signs_keep_a_gap_to_chinese_on_both_sides() -> None:
    assert spaced("现核定2025年度") == '现核定<i class="gap"></i>2025<i class="gap"></i>年度'


def test_what_stays_on_one_line_keeps_its_gaps_too() -> None:
    gap = '<i class="gap"></i>'
    assert spaced('于<span class="phrase">8</span>前') == f'于<span class="phrase">{gap}8</span>{gap}前'


def test_only_one_of_two_neighbouring_signs_keeps_its_full_width() -> None:
    assert spaced("《办法》）和") == '《办法<i class="half">》</i>）和'
    assert spaced("（《办法") == '（<i class="half">《</i>办法'


def test_attributes_are_left_alone() -> None:
    tag = '<article data-document="残核〔2026〕140105-000001　核验码8AAA">'
    assert spaced(tag) == tag


@given(st.text(alphabet="核定2025年A（《》）、，。：<>&; "))
def test_the_words_never_change(text: str) -> None:
    assert re.sub(r'<i class="(gap|half)">|</i>', "", spaced(text)) == text
