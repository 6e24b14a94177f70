"""The components: their promises to readers, and the rules of every template."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.frame import display
from design.charts import bar_chart, cell_bar, line_chart
from design.fields import CountField
from design.styleguide import COLOURS, SampleForm, months, sample_form, styleguide_context

TEMPLATES = Path(settings.BASE_DIR) / "templates"
SHEET = (Path(settings.BASE_DIR) / "static/css/app.css").read_text(encoding="utf-8")


def test_a_rejected_form_says_so_in_the_title_and_lists_every_error() -> None:
    form = sample_form()
    html = render_to_string("accounts/display.html", {"form": form, "back": "/"})
    assert "<title>错误：" in html
    assert '<a href="#id_march_staff">3月在职职工人数：不能大于100,000，请核对是否多输了位数。</a>' in html
    assert 'href="#id_employment_0"' in html


def test_the_summary_takes_the_focus_without_script() -> None:
    html = render_to_string("components/error_summary.html", {"form": sample_form()})
    assert re.search(r'<div class="error-summary"[^>]*tabindex="-1"[^>]*autofocus', html, re.DOTALL)


def test_a_form_without_errors_has_no_error_in_its_title() -> None:
    assert "错误" not in render_to_string("accounts/display.html", {"form": SampleForm(), "back": "/"})


def test_every_error_is_tied_to_its_control() -> None:
    html = str(sample_form())
    assert 'id="id_march_staff_error"' in html
    assert re.search(r'<input[^>]*aria-describedby="id_march_staff_helptext id_march_staff_error"', html)
    assert re.search(r'<fieldset[^>]*aria-describedby="id_employment_error"', html)
    assert 'aria-invalid="true"' in html


def test_what_was_typed_is_kept() -> None:
    assert 'value="18,642,350.00"' in str(sample_form())


def test_only_the_optional_fields_are_marked() -> None:
    class Two(forms.Form):
        needed = forms.CharField(label="单位名称")
        extra = forms.CharField(label="备注", required=False)

    html = str(Two())
    assert html.count("（选填）") == 1
    assert html.index("备注") < html.index("（选填）")


def test_a_unit_is_spoken_with_the_label_and_shown_after_the_box() -> None:
    class Staff(forms.Form):
        staff = CountField(label="职工人数", unit="人")

    html = str(Staff())
    assert "（人）" in html
    assert '<span class="unit" aria-hidden="true">人</span>' in html
    assert 'inputmode="numeric"' in html


def test_a_formset_error_names_its_row() -> None:
    rows = forms.formset_factory(SampleForm, extra=0)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-county": "140105"}
    )
    html = render_to_string("components/error_summary.html", {"formset": rows})
    assert "第1行：全年工资总额：" in html
    assert 'href="#id_form-0-total_wages"' in html


def test_the_pager_keeps_the_rest_of_the_query() -> None:
    page = Paginator(range(663), 25).page(12)
    context = {"page": page, "query": QueryDict("year=2025&page=12"), "unit": "户"}
    html = render_to_string("components/pager.html", context)
    assert "第276至300户，共663户" in html
    assert 'href="?year=2025&amp;page=13"' in html
    assert html.count('aria-current="page"') == 1
    assert html.count("…") == 2


def test_one_page_has_no_page_links() -> None:
    page = Paginator(range(6), 25).page(1)
    html = render_to_string("components/pager.html", {"page": page, "query": QueryDict(), "unit": "户"})
    assert "共6户" in html
    assert "<a" not in html


@pytest.mark.parametrize(
    ("sort", "aria", "href"),
    [
        ("payable", 'aria-sort="ascending"', "?year=2025&amp;sort=-payable"),
        ("-payable", 'aria-sort="descending"', "?year=2025&amp;sort=payable"),
        ("name", "<th", "?year=2025&amp;sort=payable"),
    ],
)
def test_a_sorted_column_tells_its_direction_and_turns_it(sort: str, aria: str, href: str) -> None:
    context = {"label": "应缴", "key": "payable", "sort": sort, "query": QueryDict("year=2025&page=3")}
    html = render_to_string("components/sort_head.html", context)
    assert aria in html
    assert f'href="{href}"' in html


def test_a_strip_is_read_as_one_sentence_and_its_cells_are_silent() -> None:
    html = render_to_string("components/months.html", {"name": "王志强", "cells": months("......222222")})
    assert "王志强：1至6月未申报；7至12月计入，每月按2人月。" in html
    assert '<ol class="months" aria-hidden="true">' in html
    assert html.count("<li") == 12


def test_a_running_progress_renews_itself_and_a_finished_one_does_not() -> None:
    running = {"id": "run", "text": "已完成3片", "value": 3, "max": 5, "seconds": 5}
    assert 'data-refresh="5"' in render_to_string("components/progress.html", running)
    assert "data-refresh" not in render_to_string("components/progress.html", running | {"seconds": None})
    assert '<meta http-equiv="refresh" content="5">' in render_to_string("components/refresh.html", {"seconds": 5})


def test_bars_are_drawn_to_scale_and_leave_room_for_their_figures_on_a_phone() -> None:
    chart = bar_chart(
        id="a",
        title="安排人数（人）",
        description="增加。",
        labels=["2024年", "2025年"],
        series=[("应安排", [Decimal(100), Decimal(50)]), ("实际", [Decimal(25), Decimal(0)])],
        texts=[["100", "50"], ["25", "0"]],
    )
    widths = [bar.width for row in chart.rows for bar in row.bars]
    assert abs(widths[0] - 2 * widths[2]) <= Decimal("0.01")
    assert abs(widths[0] - 4 * widths[1]) <= Decimal("0.03")
    assert widths[3] == 0
    assert chart.left + 288 * widths[0] / 100 + 3 * 8 <= 288


def test_a_line_rises_with_its_values() -> None:
    chart = line_chart(
        id="a",
        title="比例",
        description="上升。",
        labels=["2024", "2025"],
        values=[Decimal("1.1"), Decimal("1.2")],
        texts=["1.1%", "1.2%"],
        rules=[(Decimal("1.0"), "1.0%")],
        reference=(Decimal("1.5"), "1.5%"),
    )
    assert chart.points[0].y > chart.points[1].y > chart.reference.y
    assert chart.rules[0].y == 216


def test_no_rule_is_written_over_the_prescribed_value() -> None:
    chart = line_chart(
        id="a",
        title="比例",
        description="平稳。",
        labels=["2025"],
        values=[Decimal("1.1")],
        texts=["1.1%"],
        rules=[(Decimal(percent) / 10, f"{percent / 10}%") for percent in range(10, 17)],
        reference=(Decimal("1.5"), "1.5%"),
    )
    assert [rule.text for rule in chart.rules] == ["1.0%", "1.1%", "1.2%", "1.3%", "1.4%", "1.6%"]


def test_a_loss_is_drawn_to_the_left_of_the_mark() -> None:
    bar = cell_bar(Decimal("-0.05"), low=Decimal("-0.1"), high=Decimal("0.4"), mark=Decimal(0))
    assert (bar.start, bar.width, bar.mark) == (Decimal("10.00"), Decimal("10.00"), Decimal("20.00"))


def test_a_bar_that_leaves_the_scale_is_cut_off() -> None:
    bar = cell_bar(Decimal(9), low=Decimal(0), high=Decimal(3), mark=Decimal(1))
    assert bar.width == 100


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+):\s+var\(--on-light, (#\w+)\) var\(--on-dark, (#\w+)\)", SHEET)
}
GROUNDS = {
    "page": ["ink", "ink-2", "brand", "brand-2", "bad"],
    "panel": ["ink", "ink-2", "brand", "brand-2"],
    "info-bg": ["ink", "ink-2", "brand"],
    "ok-bg": ["ink", "ok", "brand"],
    "warn-bg": ["ink", "warn", "brand"],
    "bad-bg": ["ink", "bad", "brand"],
    "brand": ["on-brand"],
    "brand-2": ["on-brand"],
    "band": ["on-band"],
}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ground", "text"), [(ground, text) for ground, texts in GROUNDS.items() for text in texts])
def test_text_is_seven_to_one_on_every_ground_it_stands_on(theme: int, ground: str, text: str) -> None:
    assert contrast(TOKENS[ground][theme], TOKENS[text][theme]) >= 7


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "panel"])
def test_borders_of_controls_are_three_to_one(theme: int, ground: str) -> None:
    assert contrast(TOKENS[ground][theme], TOKENS["line-2"][theme]) >= 3


def test_the_guide_shows_the_colours_of_the_style_sheet() -> None:
    assert {name: (light, dark) for name, _use, light, dark in COLOURS}.items() <= TOKENS.items()


def test_the_style_sheet_keeps_to_what_old_office_browsers_read() -> None:
    rules = re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL)
    for too_new in (":is(", ":where(", ":has(", "inset:", "light-dark(", "color-mix(", "@layer", "@container", "&"):
        assert too_new not in rules


ALL_TEMPLATES = sorted(TEMPLATES.rglob("*.html"))


def needs_an_exception(html: str) -> list[str]:
    """Markup that the content policy would refuse."""
    return re.findall(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*src=)", html)


def table_roles_by_hand(html: str) -> list[str]:
    """Roles of tables that become blocks: the table tags write them, so that none is forgotten."""
    return re.findall(r'<[^>]*(?:\brole="(?:table|row|rowgroup|rowheader|cell)"|class="[^"]*\bstack\b)', html)


@pytest.mark.parametrize("faults_of", [needs_an_exception, table_roles_by_hand])
def test_every_template_keeps_the_rule(faults_of: Callable[[str], list[str]]) -> None:
    found = {str(path.relative_to(TEMPLATES)): faults_of(path.read_text(encoding="utf-8")) for path in ALL_TEMPLATES}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_twin_what_a_template_may_not_hold_is_found() -> None:
    for refused in ('<p style="x">', "<style>", '<p onclick="x">', '<a href="javascript:x">', "<script>"):
        assert needs_an_exception(refused), refused
    assert table_roles_by_hand('<td role="cell">')
    assert table_roles_by_hand('<table class="fit stack">')
    assert table_roles_by_hand('<table class="fit">') == []


def test_every_component_names_its_arguments() -> None:
    components = (TEMPLATES / "components").glob("*.html")
    assert [p.name for p in components if not re.search(r"\{# (args|no args)\b", p.read_text(encoding="utf-8"))] == []


def test_the_guide_shows_every_component() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATES / "styleguide").glob("*.html"))
    drawn_by_tags = {"crumbs.html", "tag.html", "sort_head.html"}
    unseen = drawn_by_tags | {"refresh.html", "qr.html"}  # head only, paper only
    for component in (TEMPLATES / "components").glob("[!_]*.html"):
        assert component.name in unseen or f"components/{component.name}" in shown
    assert render_to_string("styleguide.html", styleguide_context())


@pytest.mark.parametrize("code", [400, 403, "403_csrf", 404, 405, 409, 413, 415, 429, 500, 503, "maintenance"])
def test_error_pages_need_neither_request_nor_database(code: int | str) -> None:
    html = render_to_string(f"errors/{code}.html")
    assert html.count("<h1>") == 1
    assert "回到首页" in html


CHOSEN = {"theme": "dark", "contrast": "more", "size": "large", "language": "zh-hans", "keys": "off"}


@pytest.mark.django_db
def test_display_settings_are_kept_and_applied_to_every_page(client: Client) -> None:
    answer = client.post(reverse("accounts:display"), CHOSEN | {"back": "/styleguide/"})
    assert answer.url == "/styleguide/"
    html = client.get(reverse("accounts:display")).content.decode()
    chosen = re.search(r"<html [^>]*>", html)[0].split()
    assert {'data-theme="dark"', 'data-contrast="more"', 'data-size="large"', 'data-keys="off"'} <= set(chosen)


@pytest.mark.django_db
def test_a_reader_chooses_the_language_of_the_pages(client: Client) -> None:
    client.post(reverse("accounts:display"), CHOSEN | {"language": "en"})
    assert '<html lang="en"' in client.get(reverse("accounts:display")).content.decode()


@pytest.mark.django_db
def test_display_settings_lead_to_no_other_site(client: Client) -> None:
    answer = client.post(reverse("accounts:display"), CHOSEN | {"back": "https://evil.example/"})
    assert answer.url == reverse("accounts:display")


@pytest.mark.django_db
def test_a_spoilt_cookie_counts_as_none(client: Client) -> None:
    client.cookies[display.COOKIE] = "theme=<script>&size=huge"
    html = client.get(reverse("accounts:display")).content.decode()
    assert 'data-theme="system"' in html
    assert 'data-size="standard"' in html


def test_a_part_with_a_form_is_given_the_token() -> None:
    """`only` keeps it out as well; without it the button answers 403, which test clients never notice."""
    texts = {str(path.relative_to(TEMPLATES)): path.read_text(encoding="utf-8") for path in ALL_TEMPLATES}
    parts = {name for name, text in texts.items() if "/_" in name and "{% csrf_token %}" in text}
    included = re.compile(r'{% include "([^"]+)"([^%]*)%}')
    assert parts
    assert [
        (name, part)
        for name, text in texts.items()
        for part, arguments in included.findall(text)
        if part in parts and arguments.rstrip().endswith("only") and "csrf_token=csrf_token" not in arguments
    ] == []
