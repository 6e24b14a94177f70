"""滞纳金: what default costs once finance has ordered payment by a date and the date has passed (第二十六条)."""

from datetime import date
from decimal import Decimal

from law.arithmetic import EXACT, half_up
from law.policy import PolicyYear


def surcharge(unpaid: Decimal, default_on: date, paid_on: date, policy: PolicyYear, capped: bool = True) -> Decimal:
    """The surcharge on an unpaid amount in yuan: 5‰ for each day from the day of default to the day of payment.

    `default_on` is the first day on which the amount is overdue (欠缴之日); both days count, nothing is due before.
    Half up to the fen. Capped at the unpaid amount unless the region's setting says otherwise (行政强制法第四十五条).
    """
    days = max((paid_on - default_on).days + 1, 0)
    due = half_up(EXACT.multiply(EXACT.multiply(unpaid, policy.surcharge_daily_rate.value), days))
    return min(due, unpaid) if capped else due
