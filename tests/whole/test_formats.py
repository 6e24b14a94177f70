"""Figures, dates and states as an office writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from design.fields import CountField, MoneyField
from design.styleguide import months
from design.templatetags import formats


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.yuan(Decimal("97744.07")), "97,744.07"),
        (formats.yuan(0), "0.00"),
        (formats.yuan(Decimal("-0.001")), "0.00"),
        (formats.yuan(Decimal("-12.5")), "−12.50"),
        (formats.yuan("43612.845"), "43,612.85"),
        (formats.wan_yuan(Decimal("240555215.68")), "24,055.52"),
        (formats.person_months(2616), "2,616"),
        (formats.person_months(Decimal("39.2400")), "39.24"),
        (formats.person_months(Decimal("39.2553")), "39.2553"),
        (formats.person_months(100), "100"),
        (formats.headcount(Decimal("39.24")), "3.27"),
        (formats.headcount(24), "2.00"),
        (formats.number(85625), "85,625"),
        (formats.percent(Decimal(24) / Decimal(2616)), "0.92%"),
        (formats.percent(Decimal("0.09282"), 1), "9.3%"),
        (formats.rate(Decimal("0.0150")), "1.5%"),
        (formats.rate(Decimal("0.5")), "50%"),
        (formats.rate(1), "100%"),
        (formats.signed(618), "+618"),
        (formats.signed(-12), "−12"),
        (formats.signed(0), "0"),
        (formats.growth(Decimal("0.066")), "+6.6%"),
        (formats.growth(Decimal("-0.0592")), "−5.9%"),
        (formats.growth(Decimal("0.0004")), "0.0%"),
        (formats.quantity(Decimal("85515.37"), "元"), "85,515.37"),
        (formats.quantity("2616", "人月"), "2,616"),
        (formats.quantity("已达比例", ""), "已达比例"),
        (formats.short_digest("9f2c71ab" + 52 * "0" + "e04d"), "9f2c71ab…e04d"),
    ],
)
def test_figures_are_written_as_the_guide_says(written: str, expected: str) -> None:
    assert written == expected


FIGURES = ["yuan", "wan_yuan", "person_months", "headcount", "number", "percent", "rate", "signed", "growth"]
DATES = ["cn_date", "cn_month", "cn_time", "iso_date"]


@pytest.mark.parametrize("name", FIGURES + DATES)
def test_a_missing_value_is_a_dash(name: str) -> None:
    assert getattr(formats, name)(None) == "—"


@pytest.mark.parametrize("wrong", [1.5, True, object()])
def test_a_float_is_never_written_as_money(wrong: object) -> None:
    with pytest.raises(TypeError):
        formats.yuan(wrong)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("43612.84", "肆万叁仟陆佰壹拾贰元捌角肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("107000.53", "壹拾万零柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("100000000", "壹亿元整"),
        ("100000005", "壹亿零伍元整"),
        ("10050", "壹万零伍拾元整"),
        ("0.05", "伍分"),
        ("0", "零元整"),
    ],
)
def test_a_document_writes_money_in_capitals(amount: str, words: str) -> None:
    assert formats.yuan_in_words(Decimal(amount)) == words


def read_capitals(words: str) -> int:
    """Fen from capital numerals: an independent reading, unit by unit."""
    yuan, _sep, cents = (
        words.removesuffix("整").partition("元") if "元" in words else ("", "", words.removesuffix("整"))
    )
    total = group = digit = 0
    for sign in yuan:
        if sign in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(sign)
        elif sign in "拾佰仟":
            group, digit = group + digit * 10 ** ("拾佰仟".index(sign) + 1), 0
        else:
            total, group, digit = total + (group + digit) * 10 ** (4 * ("万亿兆".index(sign) + 1)), 0, 0
    fen = (total + group + digit) * 100
    for sign, following in pairwise(cents):
        if following in "角分":
            fen += "零壹贰叁肆伍陆柒捌玖".index(sign) * (10 if following == "角" else 1)
    return fen


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_capitals_say_exactly_the_amount(fen: int) -> None:
    words = formats.yuan_in_words(Decimal(fen).scaleb(-2))
    assert read_capitals(words) == fen
    assert "零零" not in words


@pytest.mark.parametrize("amount", [Decimal("-0.01"), Decimal(10) ** 16])
def test_what_cannot_be_said_in_capitals_is_refused(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        formats.yuan_in_words(amount)


def test_moments_are_told_in_chinese_time() -> None:
    moment = datetime(2026, 10, 13, 18, 5, tzinfo=UTC)
    assert formats.cn_time(moment) == "2026年10月14日02:05"
    assert formats.cn_date(moment) == "2026年10月14日"
    assert formats.cn_date(date(2026, 1, 3)) == "2026年1月3日"
    assert formats.cn_month(date(2025, 7, 1)) == "2025年7月"
    assert formats.iso_date(date(2026, 1, 3)) == "2026-01-03"


@pytest.mark.parametrize("name", ["cn_date", "cn_month", "cn_time"])
def test_no_line_ends_within_a_date(name: str) -> None:
    day = datetime(2026, 3, 31, 8, 40, tzinfo=UTC)
    until = f"{{% load i18n %}}{{% blocktranslate with day=day|{name} %}}至{{{{ day }}}}{{% endblocktranslate %}}"
    sentence = Template(f"{until}，{{{{ none|{name} }}}}")
    written = getattr(formats, name)(day)
    assert sentence.render(Context({"day": day, "none": None})) == f'至<span class="phrase">{written}</span>，—'


def test_a_year_is_heard_in_runs_of_equal_months() -> None:
    cells = months("...---xxx222", dict.fromkeys(range(4, 7), "未查到工资记录"))
    assert [run.spoken for run in formats.month_runs(cells)] == [
        "1至3月未申报",
        "4至6月无数据（未查到工资记录）",
        "7至9月不计入",
        "10至12月计入，每月按2人月",
    ]


def test_a_single_month_is_not_a_range() -> None:
    assert formats.month_runs(months("1..........."))[0].months == "1月"


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_a_state_shows_its_word_and_its_shape() -> None:
    overdue = SimpleNamespace(label="逾期", tone="bad")
    assert 'class="tag tag-bad">逾期<' in render("{% status state %}", state=overdue)
    assert ">逾期2天<" in render('{% status state "逾期2天" %}', state=overdue)


def test_an_unknown_tone_is_refused() -> None:
    with pytest.raises(ValueError, match="tone"):
        render("{% status state %}", state=SimpleNamespace(label="新", tone="pink"))


def test_the_way_to_a_page_escapes_what_it_shows() -> None:
    html = render("{% crumbs %}<li>{{ name }}</li>{% endcrumbs %}", name="<太原>")
    assert "<li>&lt;太原&gt;</li>" in html


def test_sentences_over_several_lines_are_read_without_a_gap() -> None:
    source = "共3户。\n  {% if late %}\n  逾期<b\n    class='n'\n  >{{ late }}</b>户。\n  {% endif %}\n  {{ name }}"
    values = {"late": 1, "name": " <太原>\n 市"}
    shown = render(f"{{% joined %}}\n  {source}\n{{% endjoined %}}", **values)
    assert shown == "共3户。逾期<b\n    class='n'\n  >1</b>户。 &lt;太原&gt;\n 市"
    assert "。\n" in render(source, **values)


def test_dates_follow_the_language_of_the_page() -> None:
    with translation.override("en"):
        assert formats.cn_date(date(2026, 10, 23)) == "23 October 2026"
        assert formats.cn_month(date(2025, 7, 1)) == "July 2025"
        assert formats.cn_time(datetime(2026, 10, 14, 8, 40, tzinfo=UTC)) == "14 October 2026, 16:40"
        assert formats.iso_date(date(2026, 10, 23)) == "2026-10-23"


@pytest.mark.parametrize("typed", ["18,642,350.00", "１８６４２３５０.00", " 18642350.0 ", "18642350"])
def test_money_is_read_as_people_type_it(typed: str) -> None:
    assert MoneyField().clean(typed) == Decimal("18642350.00")


def test_counts_are_read_as_people_type_them() -> None:
    assert CountField().clean("２,１６０") == 2160
