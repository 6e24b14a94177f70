"""Answers as people read them."""

import re

from django.http import HttpResponse


def text_of(response: HttpResponse) -> str:
    """The page's words without its tags and blanks."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", response.content.decode()))
