"""The contents of a publication: bands as amounts were decided, no sum that reveals one employer's debt or payment."""

import csv
from collections.abc import Iterable
from datetime import date

import pytest
from django.db import connection

from disclosure.models import PublishedRegion, ShareBand
from levy.models.assessments import OutcomeCode
from quota.models import Employer, HeadcountReturn, RegionalSetting
from tests.disclosure.factories import (
    PINGCHENG,
    SHANXI,
    TAIYUAN,
    XIAODIAN,
    YINGZE,
    draft,
    employer,
    pay,
    published,
    regions,
)
from tests.levy.factories import confirmed_run
from tests.quota.factories import verified_year
from tests.reading import text_of
from tools.roles import as_owner

pytestmark = pytest.mark.django_db

DUE = "81000.00"  # 100 staff at 60,000 yuan, nobody placed: 18 person-months × 5,000 yuan × 90 %


def payers(place: str, count: int) -> list[Employer]:
    owing = [employer(place) for _ in range(count)]
    for one in owing:
        verified_year(one)
    return owing


def paid_in_full(owing: Iterable[Employer]) -> None:
    for one in owing:
        pay(one, DUE)


def test_the_band_is_the_one_that_decided_the_amount():
    """2,404 person-months are 200.33 heads, which the region rounds to 200: two people placed are one per cent."""
    regions()
    RegionalSetting.objects.create(
        region_id=SHANXI,
        name="staff_rounding",
        value="whole",
        valid_from=date(2015, 1, 1),
    )
    one = employer()
    verified_year(one, credited=24)
    HeadcountReturn.objects.update(staff_months=2404)
    run = confirmed_run()
    assert run.assessments.get().outcome == OutcomeCode.HALF
    assert draft().entries.get().share_band == ShareBand.FROM_ONE_PERCENT


def test_money_of_a_region_with_few_payers_is_not_shown_nor_derivable():
    regions()
    for place, count in ((XIAODIAN, 4), (YINGZE, 1), (PINGCHENG, 3)):
        payers(place, count)
    confirmed_run()
    shown = dict(PublishedRegion.objects.filter(publication=draft()).values_list("name", "is_money_shown"))
    assert shown == {
        "山西省": True, "太原市": True, "小店区": False, "迎泽区": False, "大同市": True, "平城区": True,
    }  # fmt: skip


def paid_shown() -> dict[str, bool | None]:
    return dict(PublishedRegion.objects.filter(publication=draft()).values_list("name", "is_paid_shown"))


@pytest.mark.parametrize("paid", [1, 2, 3])
def test_what_one_of_three_or_all_but_one_of_four_paid_is_shown_nowhere(client, paid):
    """With one who paid the sum is its levy; with one who has not, what is due less the sum is."""
    regions()
    paid_in_full(payers(XIAODIAN, max(3, paid + 1))[:paid])
    run = confirmed_run()
    publication = published()
    page = text_of(client.get(f"/regions/{XIAODIAN}/2025/"))
    assert f"{run.payable_total:,.2f}元" in page
    assert "已缴费额不公布" in page
    assert "元，截至" not in page
    compared = text_of(client.get("/regions/compare/", {"first": XIAODIAN, "second": TAIYUAN, "year": 2025}))
    assert "已缴费额（元）不公布不公布" in compared
    with publication.files.get(name="figures", format="csv").stored.open() as stored:
        rows = csv.DictReader(stored.read().decode("utf-8-sig").splitlines())
    whole = [row for row in rows if row["单位类型"] == "合计"]
    assert {row["应缴费额（元）"] for row in whole} == {str(run.payable_total)}
    assert {row["已缴费额（元）"] for row in whole} == {""}


def test_what_many_paid_while_many_did_not_is_shown(client):
    regions()
    paid_in_full(payers(XIAODIAN, 6)[:3])
    confirmed_run()
    published()
    assert "243,000.00元，截至" in text_of(client.get(f"/regions/{XIAODIAN}/2025/"))


def test_a_county_whose_paid_sum_is_hidden_does_not_follow_from_the_city():
    regions()
    paid_in_full(payers(XIAODIAN, 6)[:1])
    paid_in_full(payers(YINGZE, 6)[:3])
    paid_in_full(payers(PINGCHENG, 6)[:3])
    confirmed_run()
    assert paid_shown() == {
        "山西省": True, "太原市": True, "小店区": False, "迎泽区": False, "大同市": True, "平城区": True,
    }  # fmt: skip


def test_where_nobody_or_everybody_has_paid_the_sum_tells_nothing_new():
    regions()
    paid_in_full(payers(XIAODIAN, 3))
    payers(PINGCHENG, 3)
    confirmed_run()
    assert set(paid_shown().values()) == {True}


def test_one_who_paid_too_much_or_owes_nothing_any_more_is_not_told():
    regions()
    paid_in_full(payers(XIAODIAN, 3))
    met = employer(XIAODIAN)
    verified_year(met, credited=24)
    pay(met, "5000.00")
    confirmed_run()
    assert set(paid_shown().values()) == {False}


def test_a_paid_sum_that_a_version_hid_stays_hidden_in_the_next():
    regions()
    owing = payers(XIAODIAN, 6)
    paid_in_full(owing[:1])
    confirmed_run()
    published()
    paid_in_full(owing[1:3])
    assert set(paid_shown().values()) == {False}


def test_rows_from_before_it_was_asked_show_nothing_and_bind_nobody(client):
    regions()
    paid_in_full(payers(XIAODIAN, 6)[:3])
    confirmed_run()
    published()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE disclosure_publishedregion DISABLE TRIGGER USER")
        cursor.execute("UPDATE disclosure_publishedregion SET is_paid_shown = NULL")
        cursor.execute("ALTER TABLE disclosure_publishedregion ENABLE TRIGGER USER")
    assert "已缴费额不公布" in text_of(client.get(f"/regions/{XIAODIAN}/2025/"))
    assert set(paid_shown().values()) == {True}
