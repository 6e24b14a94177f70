"""Spacing of Chinese text that browsers do and WeasyPrint does not (text-autospace, text-spacing-trim).

Tags draw the space and never change the text, so that copying and searching find the words as they are."""

import re

_TAG = re.compile(r"(<[^>]*>)")
_HAN, _WESTERN = r"㐀-鿿〇", r"0-9A-Za-z¥"
_GAP = re.compile(rf"(?<=[{_HAN}])(?=[{_WESTERN}])|(?<=[{_WESTERN}%‰])(?=[{_HAN}])")
_GAP_AT_PHRASE = re.compile(  # a date, which stays on one line
    rf'(?<=[{_HAN}])<span class="phrase">(?=[{_WESTERN}])|(?<=[{_WESTERN}])</span>(?=[{_HAN}])'
)
_OPENING, _CLOSING = "（《〈〔“‘", "）》〉〕”’，。；：、"
# In a row of punctuation only one sign keeps its full width: the first of the opening, the last of the closing ones.
_HALF = re.compile(rf"[{_CLOSING}](?=[{_CLOSING}{_OPENING}])|(?<=[{_OPENING}])[{_OPENING}]")


def spaced(html: str) -> str:
    """HTML for paper: gaps between Chinese and western signs, half-width signs where punctuation runs together."""
    parts = _TAG.split(_GAP_AT_PHRASE.sub(r'\g<0><i class="gap"></i>', html))
    parts[::2] = [_spaced_text(text) for text in parts[::2]]
    return "".join(parts)


def _spaced_text(text: str) -> str:
    return _HALF.sub(r'<i class="half">\g<0></i>', _GAP.sub('<i class="gap"></i>', text))
