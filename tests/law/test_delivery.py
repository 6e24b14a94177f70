"""A document counts as delivered on the day that its way of delivery gives."""

from datetime import date

import pytest

from law.delivery import DELIVERY_RULES, DeliveryDay, DeliveryWay, day_of_delivery
from law.holidays import PUBLISHED

SENT, RECEIVED = date(2026, 3, 2), date(2026, 3, 6)


def day_of(way: DeliveryWay, sent_on: date = SENT, received_on: date | None = None) -> DeliveryDay:
    return day_of_delivery(way, sent_on=sent_on, received_on=received_on, calendar=PUBLISHED)


def test_every_way_has_a_rule_with_its_article() -> None:
    assert set(DELIVERY_RULES) == set(DeliveryWay)
    assert all("民事诉讼法第" in rule.citation and rule.counts_on for rule in DELIVERY_RULES.values())


@pytest.mark.parametrize("way", [way for way in DeliveryWay if way is not DeliveryWay.PUBLIC_NOTICE])
def test_a_receipt_gives_the_day_and_without_one_nothing_is_delivered(way: DeliveryWay) -> None:
    assert day_of(way, received_on=RECEIVED) == DeliveryDay(RECEIVED)
    assert day_of(way) == DeliveryDay(None)


@pytest.mark.parametrize(
    ("sent_on", "day"),
    [
        (date(2026, 3, 2), date(2026, 4, 1)),
        (date(2026, 1, 20), date(2026, 2, 24)),  # the thirtieth day lies in Spring Festival
        (date(2026, 3, 5), date(2026, 4, 7)),  # 清明节
    ],
)
def test_a_public_notice_delivers_when_thirty_days_have_passed(sent_on: date, day: date) -> None:
    assert day_of(DeliveryWay.PUBLIC_NOTICE, sent_on) == DeliveryDay(day)


def test_a_public_notice_into_a_year_without_a_notice_on_holidays_says_so() -> None:
    assert day_of(DeliveryWay.PUBLIC_NOTICE, date(2080, 12, 9)).unpublished == (2081,)
