"""The writer of CSV: text never runs, numbers stay numbers, and SQL escapes by the same rule."""

from decimal import Decimal

import pytest
from django.db import connection
from django.utils.functional import lazystr

from design.csv_lines import RISKY, csv_file, csv_line, escape_formula, escaped_in_sql


def test_every_text_is_escaped_and_no_number() -> None:
    cells = ["=1+1", lazystr("＠x"), "清和=有限公司", -5, Decimal("-0.50"), None, True]
    assert csv_line(cells).decode() == "'=1+1,'＠x,清和=有限公司,-5,-0.50,,True\r\n"


def test_a_file_begins_with_the_mark_and_its_headings() -> None:
    content = b"".join(csv_file(["单位", "金额"], [["a,b", 1], ["-x", None]]))
    assert content == '\ufeff单位,金额\r\n"a,b",1\r\n\'-x,\r\n'.encode()


@pytest.mark.django_db
def test_sql_escapes_as_the_writer_does() -> None:
    texts = ["", "清和=有限公司", *RISKY, *(f"{mark}x" for mark in RISKY)]
    escaped = f"SELECT {escaped_in_sql('t.text')} FROM unnest(%s::text[]) WITH ORDINALITY t (text, n) ORDER BY n"
    with connection.cursor() as cursor:
        cursor.execute(escaped, [texts])
        assert [text for (text,) in cursor.fetchall()] == [escape_formula(text) for text in texts]
