"""Public pages: their contents, their caching and their cost."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Region
from disclosure.models import PublishedEntry
from disclosure.services import publications as services
from tests.disclosure.factories import (
    DATONG,
    PINGCHENG,
    SHANXI,
    TAIYUAN,
    XIAODIAN,
    YINGZE,
    employer,
    finance,
    mixed_employers,
    pay,
    published,
    published_province,
    regions,
)
from tests.levy.factories import confirmed_run
from tests.quota.factories import verified_year
from tests.reading import text_of

pytestmark = pytest.mark.django_db


JSON_TYPES = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: type(value) is int,
    "decimal": lambda value: re.fullmatch(r"\d+\.\d\d", value),
}


def read(response) -> bytes:
    """The whole of a streamed answer; closes it afterwards as the client does."""
    return b"".join(response.streaming_content)


def queries_for(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def addresses() -> list[str]:
    entry = PublishedEntry.objects.first()
    return [
        reverse("disclosure:home"),
        reverse("disclosure:search"),
        reverse("disclosure:search") + "?q=清和精密",
        reverse("disclosure:employer", args=[entry.uscc]),
        reverse("disclosure:regions"),
        reverse("disclosure:region", args=[SHANXI, 2025]),
        reverse("disclosure:region", args=[XIAODIAN, 2025]),
        reverse("disclosure:open_data"),
    ]


def test_pages_need_no_sign_in_set_no_cookie_and_may_be_cached(client):
    published_province()
    for url in addresses():
        response = client.get(url)
        assert response.status_code == 200, url
        assert not response.cookies, url
        assert "csrfmiddlewaretoken" not in response.content.decode(), url
        assert response.headers["Cache-Control"] == "public, max-age=5", url
        assert "Cookie" in response.headers["Vary"], url


def test_a_signed_in_readers_copy_is_kept_by_no_cache(client):
    published_province()
    client.force_login(finance())
    for url in addresses():
        assert client.get(url).headers["Cache-Control"] == "no-store, private", url


def test_every_page_has_one_heading_a_title_and_captions(client):
    published_province()
    for url in addresses():
        html = client.get(url).content.decode()
        assert html.count("<h1") == 1, url
        assert re.search(r"<title>\s*\S", html), url
        assert html.count("<table") == html.count("<caption"), url


def test_pages_only_answer_reading(client):
    published_province()
    for url in addresses():
        assert client.post(url).status_code == 405, url


def test_before_anything_is_published_every_page_says_so(client):
    regions()
    assert "还没有公布的数据" in text_of(client.get("/"))
    assert "还没有地区公布" in text_of(client.get(reverse("disclosure:regions")))
    assert "还没有公布的数据" in text_of(client.get(reverse("disclosure:open_data")))
    assert "2025年度尚未公布" in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2025])))
    assert "尚未公布" in text_of(client.get(reverse("disclosure:region_newest", args=[SHANXI])))
    assert "没有找到" in text_of(client.get(reverse("disclosure:search"), {"q": "清和精密"}))


@pytest.mark.parametrize(
    "path", ["/units/91350100M000100Y43/", "/regions/999999/2025/", "/regions/140000/1999/", "/regions/000000/2025/"]
)
def test_what_does_not_exist_is_not_found(client, path):
    published_province()
    assert client.get(path).status_code == 404


def test_an_employers_page_shows_bands_and_its_years(client):
    regions()
    unit = employer(name="清和物业有限公司")
    for levy_year in (2024, 2025):
        verified_year(unit, levy_year=levy_year, credited=12)
        confirmed_run(levy_year)
        published(levy_year)
    page = text_of(client.get(reverse("disclosure:employer", args=[unit.uscc])))
    assert "1万元以上，不足10万元" in page
    assert "应安排1.50人" in page
    assert "2024年度" in page
    assert "15,000.00" not in page  # half of 6 × 60,000 ÷ 12: nobody's business
    assert "财税〔2015〕72号第二十条" in page


def test_a_region_page_adds_up_its_parts_and_types(client):
    regions()
    for place, credited in ((XIAODIAN, 12), (YINGZE, 24), (TAIYUAN, 0), (PINGCHENG, 12)):
        for _ in range(3):
            pay(unit := employer(place), "1000.00")
            verified_year(unit, credited=credited)
    confirmed_run()
    published()
    page = client.get(reverse("disclosure:region", args=[TAIYUAN, 2025])).context["page"]
    assert [part.name for part in page.parts] == ["太原市本级", "小店区", "迎泽区"]
    assert sum(part.totals.unit_count for part in page.parts) == page.whole.totals.unit_count == 9
    assert sum(line.totals.credited_months for line in page.types) == page.whole.totals.credited_months == 108
    assert page.required_ratio == Decimal("0.015")
    html = text_of(client.get(reverse("disclosure:region", args=[TAIYUAN, 2025])))
    assert "9,000.00元" in html
    assert "规定比例1.50%" in html


def test_unit_types_of_a_region_follow_the_language_of_the_reader(client):
    regions()
    for _ in range(3):
        pay(unit := employer(XIAODIAN), "1000.00")
        verified_year(unit, credited=12)
    confirmed_run()
    published()
    page = reverse("disclosure:region", args=[TAIYUAN, 2025])
    assert "机关" in [line.name for line in client.get(page).context["page"].types]
    client.cookies["language"] = "en"
    assert [line.name for line in client.get(page).context["page"].types if not line.name.isascii()] == []


def test_a_region_with_few_payers_shows_no_money(client):
    regions()
    verified_year(employer())
    confirmed_run()
    published()
    page = text_of(client.get(reverse("disclosure:region", args=[XIAODIAN, 2025])))
    assert "应缴单位过少" in page
    assert "81,000.00" not in page


def test_the_trend_appears_with_the_second_year(client):
    regions()
    unit = employer()
    for levy_year in (2024, 2025):
        assert "历年变化" not in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2025])))
        verified_year(unit, levy_year=levy_year, credited=12)
        confirmed_run(levy_year)
        published(levy_year)
    page = client.get(reverse("disclosure:region", args=[SHANXI, 2025]))
    assert "历年变化" in text_of(page)
    assert [year.levy_year for year in page.context["page"].years] == [2024, 2025]
    chosen = client.get(reverse("disclosure:region_newest", args=[SHANXI]), {"year": "2024"})
    assert chosen.headers["Location"] == reverse("disclosure:region", args=[SHANXI, 2024])


def test_withdrawing_empties_every_page_at_once(client):
    publication = published_province()
    file = reverse("disclosure:download", args=[publication.pk, "entries", "csv"])
    assert read(client.get(file))
    uscc = PublishedEntry.objects.first().uscc
    services.withdraw(publication, actor=finance(), reason="数据有误")
    assert client.get(reverse("disclosure:employer", args=[uscc])).status_code == 404
    assert client.get(file).status_code == 404
    assert "没有找到" in text_of(client.get(reverse("disclosure:search"), {"q": "清和精密"}))
    assert "尚未公布" in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2025])))


def test_an_embargo_keeps_every_page_closed(client):
    regions()
    unit = mixed_employers()["half"]
    confirmed_run()
    publication = published(embargo_until=timezone.now() + timedelta(hours=1))
    assert client.get(reverse("disclosure:employer", args=[unit.uscc])).status_code == 404
    assert client.get(reverse("disclosure:download", args=[publication.pk, "entries", "csv"])).status_code == 404


def test_a_download_is_the_stored_file_and_is_not_sent_twice(client):
    publication = published_province()
    file = publication.files.get(name="entries", format="csv")
    url = reverse("disclosure:download", args=[publication.pk, "entries", "csv"])
    response = client.get(url)
    with file.stored.open("rb") as stored:
        assert read(response) == stored.read()
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="2025-140000-v1-entries.csv"'
    assert response.headers["Cache-Control"] == "public, max-age=5"
    again = client.get(url, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(reverse("disclosure:download", args=[publication.pk, "persons", "csv"])).status_code == 404


def test_open_data_lists_digests_a_licence_and_addresses_that_work(client):
    publication = published_province()
    page = text_of(client.get(reverse("disclosure:open_data")))
    for file in publication.files.all():
        assert file.sha256 in page
    assert "CCBY4.0" in page
    assert reverse("disclosure:download", args=[publication.pk, "entries", "csv"]) in page


def test_the_request_that_the_open_data_page_shows_is_answered(client):
    published_province()
    html = unescape(client.get(reverse("disclosure:open_data")).content.decode())
    body = re.search(r"-d '(\{.*?\})'</code>", html, re.DOTALL)[1]
    answer = client.post(reverse("api:estimate"), body, content_type="application/json")
    assert answer.json()["payable"] == "40000.00"


def test_the_dictionary_explains_every_column_of_every_file(client):
    publication = published_province()
    html = client.get(reverse("disclosure:data_dictionary")).content.decode()
    for file in publication.files.filter(format="json"):
        with file.stored.open("rb") as stored:
            head = json.load(stored)
        assert head["licence"] == "CC BY 4.0"
        for key, column in head["columns"].items():
            assert f"<code>{key}</code>" in html
            assert column["meaning"] in html
            for row in head["rows"]:
                value = row[key]
                assert value is None or JSON_TYPES[column["type"]](value), (key, value)
                assert "codes" not in column or value in (*column["codes"], "all", None), (key, value)


def test_an_employers_page_opens_at_any_published_year(client):
    regions()
    unit = employer()
    for levy_year in (2024, 2025):
        verified_year(unit, levy_year=levy_year, credited=levy_year - 2020)
        confirmed_run(levy_year)
        published(levy_year)
    page = text_of(client.get(reverse("disclosure:employer_year", args=[unit.uscc, 2024])))
    assert "2024年度按比例安排残疾人就业情况" in page
    assert "实际安排1人" in page  # four person-months: a whole number tells nobody's months
    assert "按整数或区间公布" in page
    assert client.get(reverse("disclosure:employer_year", args=[unit.uscc, 2023])).status_code == 404


def test_a_region_says_how_it_moved_since_the_year_before(client):
    regions()
    unit = employer()
    for levy_year, credited in ((2023, 24), (2024, 24), (2025, 12)):
        verified_year(unit, levy_year=levy_year, credited=credited)
        confirmed_run(levy_year)
        published(levy_year)
    assert "比上年减少1.00人" in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2025])))
    assert "比上年降低1.00个百分点" in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2025])))
    assert "与上年持平" in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2024])))
    assert "比上年" not in text_of(client.get(reverse("disclosure:region", args=[SHANXI, 2023])))


def test_two_regions_stand_side_by_side(client):
    regions()
    verified_year(employer(XIAODIAN), credited=12)
    verified_year(employer(PINGCHENG), credited=24)
    confirmed_run()
    published()
    url = reverse("disclosure:region_compare")
    page = text_of(client.get(url, {"first": XIAODIAN, "second": PINGCHENG, "year": 2025}))
    assert "实际安排（人）1.002.00" in page
    assert "不公布不公布" in page  # one payer each
    led_here = client.get(url, {"first": XIAODIAN, "year": 2025})  # from a region's page
    assert "错误" not in text_of(led_here)
    for start in (client.get(url), led_here):
        chosen = re.findall(r'<option value="(\d{6})" selected', start.text)
        assert len(set(chosen)) == 2, "a region is compared with itself"


def test_two_districts_of_one_name_are_told_apart_each_with_its_own_source(client):
    regions()
    for code in (XIAODIAN, PINGCHENG):
        Region.objects.filter(code=code).update(name="城区")
        verified_year(employer(code), credited=12)
    confirmed_run()
    published(region=TAIYUAN)
    published(region=DATONG)
    asked = {"first": XIAODIAN, "second": PINGCHENG, "year": 2025}
    page = text_of(client.get(reverse("disclosure:region_compare"), asked))
    assert page.count(f"城区（{XIAODIAN}）") == page.count(f"城区（{PINGCHENG}）") == 2
    assert f"城区{XIAODIAN}城区{PINGCHENG}" in page
    assert "来源：太原市" in page
    assert "来源：大同市" in page


def test_cost_does_not_depend_on_the_number_of_rows(client):
    regions()
    for place in (XIAODIAN, YINGZE):
        verified_year(employer(place), levy_year=2024)
    confirmed_run(2024)
    published(2024)
    urls = [
        reverse("disclosure:search") + "?q=有限公司",
        reverse("disclosure:region", args=[SHANXI, 2024]),
        reverse("disclosure:open_data"),
        reverse("disclosure:regions"),
        "/",
    ]
    few = [queries_for(client, url) for url in urls]
    for place in (XIAODIAN, YINGZE, TAIYUAN, PINGCHENG):
        for _ in range(5):
            verified_year(employer(place), levy_year=2025)
    confirmed_run(2025)
    published(2025)
    urls[1] = reverse("disclosure:region", args=[SHANXI, 2025])
    assert [queries_for(client, url) for url in urls] == few
