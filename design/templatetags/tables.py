"""Tables that turn into cards on telephones. Only this module writes their roles, scopes and labels.

On a narrow screen the parts of such a table are displayed as blocks, and a browser then no longer treats them as a
table. So each part has an explicit role. `css` takes classes of the style sheet: `n` figures, `keep` one line,
`at-end` the corner of the card, `wide-cell` a line of its own. `label` is the heading that a cell shows on a card.

{% table "dense" caption=_("人员") %}
  {% columns %}{% column "keep" %}…{% endcolumn %}{% endcolumns %}
  {% rows %}
    {% row %}{% head "keep" %}…{% endhead %}{% cell "n" label=_("金额") %}…{% endcell %}{% endrow %}
  {% endrows %}
{% endtable %}
"""

from typing import Any

from django import template
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


def _element(tag: str, content: SafeString, **attributes: object) -> SafeString:
    """One element without its empty attributes; `_` in a name becomes `-`."""
    given = [(name.replace("_", "-"), value) for name, value in attributes.items() if value]
    written = format_html_join("", ' {}="{}"', given)
    return format_html("<{0}{1}>{2}</{0}>", tag, written, SafeString(content.strip()))


@register.simple_block_tag
def table(content: SafeString, css: str = "", *, caption: str = "", label: str = "") -> SafeString:
    """The whole table. `caption` is for screen readers only; write a visible one as <caption>, or name the table by
    `label`."""
    if caption:
        content = format_html('<caption class="visually-hidden">{}</caption>{}', caption, content)
    return _element("table", content, role="table", **{"class": f"stack {css}".strip()}, aria_label=label)


@register.simple_block_tag
def columns(content: SafeString) -> SafeString:
    """The line of headings, each a {% column %}."""
    return _element("thead", _element("tr", content, role="row"), role="rowgroup")


@register.simple_block_tag
def column(content: SafeString, css: str = "") -> SafeString:
    """The heading of a column."""
    return _element("th", content, role="columnheader", scope="col", **{"class": css})


@register.inclusion_tag("components/sort_head.html", takes_context=True)
def sort_column(
    context: template.Context, label: str, key: str, *, sort: str, css: str = "", query: QueryDict | None = None
) -> dict[str, Any]:
    """The heading of a column that sorts by `key`. `sort` is the present order, with `-` descending; `query` defaults
    to the request's."""
    query = context["request"].GET if query is None else query
    return {"label": label, "key": key, "sort": sort, "css": css, "query": query}


@register.simple_block_tag
def rows(content: SafeString) -> SafeString:
    """The rows of the table, without headings and totals."""
    return _element("tbody", content, role="rowgroup")


@register.simple_block_tag
def totals(content: SafeString) -> SafeString:
    """The rows of totals, below a line."""
    return _element("tfoot", content, role="rowgroup")


@register.simple_block_tag
def row(content: SafeString, css: str = "") -> SafeString:
    """One row: a {% head %}, and a {% cell %} for each further column."""
    return _element("tr", content, role="row", **{"class": css})


@register.simple_block_tag
def head(content: SafeString, css: str = "", *, label: str = "", colspan: str = "", scope: str = "row") -> SafeString:
    """The heading of a row, or of a group of rows with the scope `rowgroup`."""
    attributes = {"class": css, "data_label": label, "colspan": colspan}
    return _element("th", content, role="rowheader", scope=scope, **attributes)


@register.simple_block_tag
def cell(content: SafeString, css: str = "", *, label: str = "", colspan: str = "", lang: str = "") -> SafeString:
    """One value, under the heading of its column and beside that of its row."""
    attributes = {"class": css, "data_label": label, "colspan": colspan, "lang": lang}
    return _element("td", content, role="cell", **attributes)
