"""How the law's modules speak: in Chinese, with the sentence kept apart from its figures for pages in English."""

from typing import Self


class Words(str):
    """A Chinese text that is also its pattern and figures, which may be Words themselves.

    Modules call it `_`, the name that marks a text for the catalogue; `quota.words.translated` reads it there.
    """

    pattern: str
    figures: dict[str, object]

    def __new__(cls, pattern: str, **figures: object) -> Self:
        words = super().__new__(cls, pattern % figures if figures else pattern)
        words.pattern, words.figures = pattern, figures
        return words
