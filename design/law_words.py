"""The law's words and codes for pages and files: in the reader's language, or in official Chinese."""

from collections.abc import Iterable
from functools import cache

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext

from law.words import Code, Words


def translated(words: object) -> object:
    """Words with their figures in the reader's language; anything else stays as it is."""
    if not isinstance(words, Words):
        return words
    figures = {name: translated(figure) for name, figure in words.figures.items()}
    return gettext(words.pattern) % figures if figures else gettext(words.pattern)


_translated_later = lazy(translated, str)


def choices_of(codes: Iterable[Code]) -> list[tuple[str, Promise]]:
    """The choices of a model or form field: each code with its name in the reader's language."""
    return [(code.value, _translated_later(code.label)) for code in codes]


@cache
def official_words(choices: type[models.TextChoices] | type[Code]) -> dict[str, str]:
    """Code to Chinese word, for files: they are official and do not follow the reader's language."""
    if issubclass(choices, Code):
        return {code.value: str(code.label) for code in choices}
    with translation.override(settings.LANGUAGE_CODE):
        return {str(code): str(label) for code, label in choices.choices}
