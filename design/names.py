"""Names as people and files give them: nothing in a name is invisible, and Latin letters have one width."""

import re
import unicodedata

# Letters, marks and blanks by their category, yet nothing to see: fillers, joiners and selectors of variants. Also the
# mark of a lost character.
EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffd\U000e0100-\U000e01ef]"
)
# Planes 2 and 3 hold nothing but Chinese characters. Python's table is older than the newest of them.
RARE_CHINESE = range(0x20000, 0x3FFFE)
FULL_WIDTH = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
NARROW = {code: code - 0xFEE0 for code in FULL_WIDTH}


def narrowed(text: str) -> str:
    """The text with half-width Latin letters and digits, so that twins become equal; brackets stay."""
    return text.translate(NARROW)


def is_visible(text: str) -> bool:
    """True unless the text has control, format, private or unassigned characters, line ends, or empty ones."""
    return not EMPTY.search(text) and (text.isprintable() or not any(map(_is_hidden, text)))


def _is_hidden(sign: str) -> bool:
    category = unicodedata.category(sign)
    is_rare = ord(sign) in RARE_CHINESE and ord(sign) & 0xFFFE != 0xFFFE
    return category in ("Zl", "Zp") or (category.startswith("C") and not is_rare)
