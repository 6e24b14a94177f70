"""JSON bodies of the API: bounded before they are parsed, because Python's parser recurses and reads any number."""

import re
from collections.abc import Mapping
from io import BytesIO
from itertools import accumulate
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# An estimate takes about 1 KiB, 20 values and a depth of 2.
MOST_BYTES = 64 * 1024
MOST_VALUES = 1000
DEEPEST = 10
LONGEST_NUMBER = 40

STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # the last one may lack its end: no second look at it
LONG_NUMBER = re.compile(rb"[-+.0-9eE]{%d}" % (LONGEST_NUMBER + 1))


class BoundedJSONParser(JSONParser):
    """Django REST framework's parser for bodies within the bounds; 400 for others."""

    def parse(
        self, stream: BinaryIO, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if not is_bounded(body):
            message = _("JSON内容过大：不超过%(size)s KB、%(values)s个值、%(depth)s层，一个数不超过%(digits)s位。")
            bounds = {"size": MOST_BYTES // 1024, "values": MOST_VALUES, "depth": DEEPEST, "digits": LONGEST_NUMBER}
            raise ParseError(message % bounds)
        return super().parse(BytesIO(body), media_type, parser_context)


def is_bounded(body: bytes) -> bool:
    """True if size, depth, values and numbers are within bounds. Also for a body that is not JSON at all."""
    if len(body) > MOST_BYTES:
        return False
    bare = STRINGS.sub(b'""', body)
    depths = accumulate((sign in b"[{") - (sign in b"]}") for sign in bare)
    values = sum(bare.count(sign) for sign in (b"[", b"{", b","))
    return max(depths, default=0) <= DEEPEST and values <= MOST_VALUES and not LONG_NUMBER.search(bare)
