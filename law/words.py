"""The texts of the law's modules: Chinese, with the sentence apart from its figures, so that pages translate it."""

from enum import StrEnum
from typing import Self


class Words(str):
    """A Chinese text that is also its pattern and figures, which may be Words themselves.

    Modules call it `_`, the name that marks a text for the catalogue; `design.law_words.translated` reads it there.
    """

    pattern: str
    figures: dict[str, object]

    def __new__(cls, pattern: str, **figures: object) -> Self:
        words = super().__new__(cls, pattern % figures if figures else pattern)
        words.pattern, words.figures = pattern, figures
        return words


class Code(StrEnum):
    """A code as it is stored and sent, with the official name that files and pages show."""

    label: Words

    def __new__(cls, value: str, label: Words) -> Self:
        code = str.__new__(cls, value)
        code._value_, code.label = value, label
        return code

    @classmethod
    def values(cls) -> list[str]:
        """Every code of this kind, as it is stored."""
        return [code.value for code in cls]
