"""Names: search by a part of two Chinese characters or more with one index (docs/decisions/0011), and comparison of
two names of a person.

A trigram index finds three characters or more. Names are therefore indexed with every character doubled: 有限 becomes
有有限限, which holds two trigrams. A doubled text contains another doubled one exactly where the plain texts do.
"""

from django.db.models import F, Func, Q, TextField
from django.db.models.lookups import Contains

MIDDLE_DOT = "·"
DOTS = "•・‧∙⋅．.･●"
SHORTEST = 2  # characters: what the index can find


class Doubled(Func):
    """A name as it is indexed: capitals, every character twice."""

    template = r"regexp_replace(upper(%(expressions)s), '(.)', '\1\1', 'g')"
    arity = 1
    output_field = TextField()


def folded(name: str) -> str:
    """SQL: a person's name for comparison, from the SQL of a name. The dots that keyboards give for the middle dot of
    minority names are one, capitals and small letters too, and blanks do not matter. Nothing else is repaired."""
    return f"translate(upper({name}), '{DOTS} \u3000', '{MIDDLE_DOT * len(DOTS)}')"


def contains(text: str, *, path: str = "name") -> Q:
    """Rows whose name at `path` holds the text, whatever its case. Below SHORTEST nothing is found."""
    if len(text) < SHORTEST:
        return Q(pk__in=[])
    return Q(Contains(Doubled(F(path)), "".join(character * 2 for character in text.upper())))
