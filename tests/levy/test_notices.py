"""征收核定通知书: its contents, and that markup in a name is only text on it."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.permissions import Role
from levy.documents.notice import amount_band, notice_pdf, notice_sheets
from levy.models import Notice
from levy.queries.explanations import explain
from quota.models import VerifiedHeadcount
from tests.levy.factories import confirmed_run
from tests.levy.papers import COUNTY, employer, issued, name_regions, squeezed, words
from tests.quota.factories import EmployerFactory, verified_year


@pytest.fixture(autouse=True)
def _shanxi(db: None) -> None:
    name_regions()


def test_the_amount_stands_in_figures_and_in_capital_numerals() -> None:
    made = employer()
    confirmed_run()
    text = words(notice_pdf([issued(made)]).content)
    assert "应缴费额为人民币肆万叁仟陆佰壹拾贰元捌角肆分（¥43,612.84）" in text
    assert "太原清和精密制造有限公司（统一社会信用代码" + made.uscc in text
    assert "山西省太原市小店区" in text


def test_every_step_of_the_calculation_is_on_the_paper_with_its_article() -> None:
    made = employer()
    confirmed_run()
    notice = issued(made)
    text = words(notice_pdf([notice]).content)
    for step in explain(notice.assessment).steps:
        assert step.label in text
        assert squeezed(step.formula.removesuffix("，四舍五入到分")) in text
        assert squeezed(step.citation.replace("财税〔2015〕72号", "《办法》")) in text
    assert "第2、7、8行四舍五入到分" in text


def test_the_verified_headcount_that_the_run_used_is_named() -> None:
    made = employer()
    used = made.verified_headcounts.get()
    confirmed_run()
    VerifiedHeadcount.objects.update(withdrawn_at=timezone.now())
    assert f"审核认定书{used.number}" in words(notice_pdf([issued(made)]).content)


def test_the_longest_notice_fits_on_one_page(settings: Any) -> None:
    settings.DOCUMENTS = settings.DOCUMENTS | {
        "payment_days": (30, "晋财综〔2026〕100号第十二条第三款"),
        "objection_days": (10, "晋残联〔2026〕200号第二十一条"),
    }
    made = employer("太原市小店区" + "长" * 54 + "有限责任公司")
    confirmed_run()
    assert notice_pdf([issued(made)]).page_count == 1


@pytest.mark.parametrize(
    ("credited", "staff", "said"),
    [(48, 218, "已达到规定比例，本年度无需缴纳"), (0, 20, "符合免征条件，本年度无需缴纳")],
)
def test_who_owes_nothing_is_told_so_and_why(credited: int, staff: int, said: str) -> None:
    made = employer(credited=credited, staff=staff)
    confirmed_run()
    text = words(notice_pdf([issued(made)]).content)
    assert "人民币零元整（¥0.00）" in text
    assert said in text
    assert "滞纳金" not in text


def test_whose_amount_comes_to_nothing_is_not_told_to_be_exempt() -> None:
    made = EmployerFactory(name="零工资有限公司")
    verified_year(made, staff=40, wages="0.00")
    confirmed_run()
    notice = issued(made)
    assert (notice.assessment.outcome, notice.assessment.payable) == ("ninety", 0)
    text = words(notice_pdf([notice]).content)
    assert "按上表计算应缴费额为零，本年度无需缴纳" in text
    assert "免征" not in text


def test_a_period_is_printed_only_with_the_text_that_gives_it(settings: Any) -> None:
    made = employer()
    confirmed_run()
    notice = issued(made)
    nothing = {name: None for name in ("payment_days", "objection_days", "review_days", "suit_months")}
    settings.DOCUMENTS = settings.DOCUMENTS | nothing
    assert "异议与救济" not in notice_sheets([notice])[0]
    settings.DOCUMENTS = settings.DOCUMENTS | {"objection_days": (10, "晋残联〔2026〕2号")}
    sheet = notice_sheets([notice])[0]
    assert "自收到本通知之日起10日内提出（晋残联〔2026〕2号）" in sheet
    assert "行政复议" not in sheet


def test_the_screen_shows_the_same_words_as_the_paper(signed_in: Any) -> None:
    made = employer()
    confirmed_run()
    notice = issued(made)
    page = signed_in(Role.LEVY_OFFICER, COUNTY).get(reverse("levy:notice", args=[notice.number])).content.decode()
    article = page[page.index("<article") : page.index("</article>")]
    shown = squeezed(re.sub(r"<title>.*?</title>|<[^>]*>", "", article))
    paper = words(notice_pdf([notice]).content)
    assert shown in paper


def test_twenty_notices_cost_as_many_queries_as_two() -> None:
    made = [employer(f"清和{number}有限公司") for number in range(6)]
    confirmed_run()
    notices = [issued(one) for one in made]
    counts = []
    for some in (notices[:2], notices):
        with CaptureQueriesContext(connection) as captured:
            notice_sheets(some)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("payable", "band"),
    [
        ("0.00", "无需缴纳"),
        ("0.01", "1万元以下"),
        ("10000.00", "1万元以下"),
        ("10000.01", "1万元至10万元"),
        ("10000000.01", "1000万元以上"),
    ],
)
def test_a_bound_belongs_to_the_lower_band(payable: str, band: str) -> None:
    assert amount_band(Decimal(payable)) == band


WRAPS = (
    "{}",
    '"{}',
    "'>{}",
    "</p></article>{}",
    "甲{}乙",
    "&lt;{}",
    "]]>{}",
    "{{% {} %}}",
    "{{{{ {} }}}}",
    "<!-- {} -->",
)
PAYLOADS = (
    "<img src=file:///etc/passwd>",
    "<img src=//127.0.0.1:9/x>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<link rel=stylesheet href=http://127.0.0.1:9/a.css>",
    "<style>@import 'http://127.0.0.1:9/b.css';</style>",
    "<style>*{position:fixed;width:1e9px}</style>",
    "<svg><image href='file:///etc/passwd'/></svg>",
    "<svg onload=alert(1)>",
    "<script>alert(1)</script>",
    "<iframe src=http://127.0.0.1:9>",
    "<object data=file:///etc/hosts>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9'>",
    "<a href='file:///etc/passwd'>付款</a>",
    "<base href=http://127.0.0.1:9>",
    "<p style='background:url(http://127.0.0.1:9)'>",
    "<table><td colspan=99999999>",
    "<h1>免征</h1>",
    "<bdo dir=rtl>元0</bdo>",
    "=cmd|' /C calc'!A0",
    "<video poster=file:///etc/passwd>",
)


class Tags(HTMLParser):
    """Every element of a sheet, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _value in attrs)))


def elements(sheet: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = Tags()
    parser.feed(sheet)
    return parser.seen


def named(notice: Notice, name: str) -> Notice:
    copy = Notice.objects.with_contents().get(pk=notice.pk)
    copy.assessment.employer.name = name
    return copy


@pytest.fixture
def notice() -> Notice:
    made = employer()
    confirmed_run()
    return issued(made)


def test_two_hundred_hostile_names_add_no_element_to_a_sheet(notice: Notice) -> None:
    harmless = elements(notice_sheets([notice])[0])
    names = [wrap.format(payload) for wrap, payload in product(WRAPS, PAYLOADS)]
    assert len(names) == 200
    for sheet in notice_sheets([named(notice, name) for name in names]):
        assert elements(sheet) == harmless


def test_hostile_names_are_printed_letter_by_letter(notice: Notice) -> None:
    pdf = notice_pdf([named(notice, payload) for payload in PAYLOADS])
    reader = PdfReader(BytesIO(pdf.content))
    text = words(pdf.content)
    assert all(squeezed(payload) in text for payload in PAYLOADS)
    assert reader.attachments == {}
    assert not any("/Annots" in page for page in reader.pages)


def test_the_signature_stands_under_the_words_it_signs(notice: Notice, settings: Any) -> None:
    said = "晋财综〔2020〕12号第十一条"
    periods = {"payment_days": (15, said), "objection_days": (10, said)}
    settings.DOCUMENTS = settings.DOCUMENTS | periods | {"issuer": "{region}残疾人联合会"}
    one, two = (notice_pdf([named(notice, "清" * length)]) for length in (100, 200))  # 200 is the most a name may have
    assert one.page_count == 1
    *_before, last = PdfReader(BytesIO(two.content)).pages
    assert "小店区残疾人联合会" in squeezed(last.extract_text())
    assert "行政诉讼" in squeezed(last.extract_text())
