"""The law's words in the language of the page."""

from django.utils.translation import gettext

from quota.rules.words import Words


def translated(words: object) -> object:
    """Words with their figures in the reader's language; whatever is not Words stays as it is."""
    if not isinstance(words, Words):
        return words
    figures = {name: translated(figure) for name, figure in words.figures.items()}
    return gettext(words.pattern) % figures if figures else gettext(words.pattern)
