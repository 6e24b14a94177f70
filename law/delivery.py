"""Ways of delivery (送达) and the day on which each counts as done.

行政强制法第三十八条, 行政处罚法第六十一条 and 行政复议法第八十八条 send to these articles of 民事诉讼法.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from law.deadlines import LegalPeriod, last_day
from law.holidays import WorkingCalendar
from law.statutory_periods import DELIVERY_BY_PUBLIC_NOTICE
from law.words import Code
from law.words import Words as _


class DeliveryWay(Code):
    """送达方式."""

    DIRECT = "direct", _("直接送达")
    LEFT = "left", _("留置送达")
    ENTRUSTED = "entrusted", _("委托送达")
    MAIL = "mail", _("邮寄送达")
    ELECTRONIC = "electronic", _("电子送达")
    PUBLIC_NOTICE = "public_notice", _("公告送达")


@dataclass(frozen=True, slots=True)
class DeliveryRule:
    """The day of delivery by one way, and the papers that the file must contain.

    With `period`, the day follows from the day of issue; otherwise it is the fact that `counts_on` names.
    """

    citation: str
    counts_on: str
    needs_reason: bool = False
    needs_consent: bool = False
    period: LegalPeriod | None = None


DELIVERY_RULES: Final = {
    DeliveryWay.DIRECT: DeliveryRule("民事诉讼法第八十七条、第八十八条", _("送达回证上的签收日期")),
    DeliveryWay.LEFT: DeliveryRule("民事诉讼法第八十九条", _("留置日期"), needs_reason=True),
    DeliveryWay.ENTRUSTED: DeliveryRule("民事诉讼法第八十七条、第九十一条", _("送达回证上的签收日期")),
    DeliveryWay.MAIL: DeliveryRule("民事诉讼法第九十一条", _("回执上注明的收件日期")),
    DeliveryWay.ELECTRONIC: DeliveryRule("民事诉讼法第九十条", _("到达受送达人特定系统的日期"), needs_consent=True),
    DeliveryWay.PUBLIC_NOTICE: DeliveryRule(
        DELIVERY_BY_PUBLIC_NOTICE.citation, _("公告期满之日"), needs_reason=True, period=DELIVERY_BY_PUBLIC_NOTICE
    ),
}


@dataclass(frozen=True, slots=True)
class DeliveryDay:
    """The day of delivery, None without a proven receipt. It may still move with the holidays of `unpublished`."""

    day: date | None
    unpublished: tuple[int, ...] = ()


def day_of_delivery(
    way: DeliveryWay, *, sent_on: date, received_on: date | None, calendar: WorkingCalendar
) -> DeliveryDay:
    """The day on which a document counts as delivered.

    **Our reading:** a public notice delivers on the last day of its period, which moves past days of rest.
    """
    period = DELIVERY_RULES[way].period
    if period is None:
        return DeliveryDay(received_on)
    last = last_day(period, sent_on, calendar)
    return DeliveryDay(last.day, last.unpublished)
