"""Tables that turn into cards: the output of the tags compared with the template."""

import re

import pytest
from django.http import QueryDict
from django.template import Context, Template, TemplateSyntaxError

TABLE = """
{% table "dense" caption=_("人员") %}
  {% columns %}{% column "keep" %}姓名{% endcolumn %}{% column %}金额{% endcolumn %}{% endcolumns %}
  {% rows %}
    {% for name in names %}
      {% row forloop.first|yesno:"is-on," %}
        {% head %}{{ name }}{% endhead %}
        {% cell "n" label=heading lang="zh-CN" %}
          {{ forloop.counter }}
        {% endcell %}
      {% endrow %}
    {% endfor %}
  {% endrows %}
  {% totals %}{% row %}{% head colspan="1" %}合计{% endhead %}{% cell %}3{% endcell %}{% endrow %}{% endtotals %}
{% endtable %}
"""
ROLES = {
    "table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tfoot": "rowgroup", "tr": "row",
    "th": "columnheader|rowheader", "td": "cell",
}  # fmt: skip


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def shown() -> str:
    return render(TABLE, names=["<太原>", "大同"], heading='金额"元"')


@pytest.mark.parametrize("tag", ROLES)
def test_every_part_of_the_table_carries_its_role(tag: str) -> None:
    openings = re.findall(rf"<{tag}\b[^>]*>", shown())
    assert openings
    assert [opening for opening in openings if not re.search(rf'role="(?:{ROLES[tag]})"', opening)] == []


def test_headings_say_what_they_head() -> None:
    assert '<th role="columnheader" scope="col" class="keep">姓名</th>' in shown()
    assert '<th role="rowheader" scope="row">大同</th>' in shown()


def test_a_cell_shows_its_heading_on_a_card_and_nothing_around_its_value() -> None:
    assert '<td role="cell" class="n" data-label="金额&quot;元&quot;" lang="zh-CN">2</td>' in shown()
    assert '<td role="cell">3</td>' in shown()


def test_a_table_is_named_and_becomes_cards() -> None:
    assert '<table role="table" class="stack dense"><caption class="visually-hidden">人员</caption>' in shown()
    assert '<table role="table" class="stack" aria-label="人员"></table>' in render(
        '{% table label="人员" %}{% endtable %}'
    )


def test_values_are_escaped_and_rows_tell_their_state() -> None:
    assert '<tr role="row" class="is-on">' in shown()
    assert "&lt;太原&gt;</th>" in shown()


def test_a_column_that_sorts_is_a_heading_too() -> None:
    tag = '{% sort_column "金额" "amount" sort="-amount" css="n" query=query %}'
    html = render(tag, query=QueryDict("year=2025"))
    assert re.search(r'<th\s+role="columnheader"\s+scope="col"\s+class="n"\s+aria-sort="descending"', html)
    assert "?year=2025&amp;sort=amount" in html


def test_a_table_that_is_not_closed_is_refused() -> None:
    with pytest.raises(TemplateSyntaxError):
        render("{% table %}{% rows %}{% endtable %}")
