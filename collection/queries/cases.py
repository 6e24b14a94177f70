"""Collection in a region: assessed and received amounts, and the employers where they differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from collection.models import Payment, PaymentQuerySet
from design.csv_lines import csv_file
from levy.models import Assessment
from quota.models import Employer

ZERO = Decimal("0.00")
FETCHED_ROWS = 2_000
CASES = {"arrears": _("欠缴"), "overpaid": _("多缴"), "unassessed": _("已入库、未核定")}
HEADINGS = ("统一社会信用代码", "单位名称", "行政区划代码", "费款所属年度", "应缴费额", "实缴金额", "差额")


@dataclass(frozen=True, slots=True)
class Collected:
    """A region's year in yuan and employers.

    `assessed` is None if nothing is confirmed, which differs from nothing due. `relief` is the amount
    relieved by law, `refunded` the amount paid back.
    """

    assessed: Decimal | None
    relief: Decimal | None
    received: Decimal
    refunded: Decimal
    counts: dict[str, int]
    sums: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Account:
    """One employer's year in yuan. `due` is None if nothing is assessed; `difference` is still to pay (+) or overpaid
    (−)."""

    uscc: str
    name: str
    region_code: str
    region: str
    due: Decimal | None
    paid: Decimal
    difference: Decimal


# Conditions on the amount due `d` and the amount paid `p`, each with at most one row per employer.
CONDITIONS = {
    "arrears": "d.payable > coalesce(p.paid, 0)",
    "overpaid": "d.payable < coalesce(p.paid, 0)",
    "unassessed": "d.payable IS NULL AND p.paid <> 0",
}
DIFFERENCE = "coalesce(d.payable, 0) - coalesce(p.paid, 0)"
ORDERS = {"arrears": "DESC", "overpaid": "ASC", "unassessed": "ASC"}


@dataclass(frozen=True, slots=True)
class Sides:
    """SQL (with its values) that joins each employer's amount due `d` with its payments `p` of a year, and the
    payments."""

    sql: str
    values: tuple[Any, ...]
    payments: PaymentQuerySet


def both_sides(levy_year: int, region: Region) -> Sides:
    """Two passes, joined once: looking up each of a million employers would take a minute. One query."""
    due = Assessment.objects.current().filter(levy_year=levy_year, payable__isnull=False)
    paid = Payment.objects.filter(levy_year=levy_year)
    # For a whole province the filter changes nothing, but its join with all employers would cost a third pass.
    if not Employer.objects.are_all_below(region.prefix):
        due, paid = due.filter(employer__region__code__startswith=region.prefix), paid.in_region(region.code)
    in_, out = Q(amount__gt=0), Q(amount__lt=0)
    sums = {"paid": Sum("amount"), "received": Sum("amount", filter=in_), "refunded": Sum("amount", filter=out)}
    left, left_values = due.order_by().values("employer_id", "payable", "relief").query.sql_with_params()
    right, right_values = paid.order_by().values("employer_id").annotate(**sums).query.sql_with_params()
    joined = f"({left}) d FULL JOIN ({right}) p ON p.employer_id = d.employer_id"
    return Sides(joined, (*left_values, *right_values), paid)


@dataclass(frozen=True, slots=True)
class CaseList:
    """Employers of one of CASES, the largest difference first. A slice is one query; iteration too, in chunks."""

    sides: Sides
    case: str

    def __getitem__(self, part: slice) -> list[Account]:
        with connection.cursor() as cursor:
            cursor.execute(*self._select(part.stop - part.start, part.start))
            return [Account(*row) for row in cursor.fetchall()]

    def __iter__(self) -> Iterator[Account]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(*self._select(None, 0))
            while rows := cursor.fetchmany(FETCHED_ROWS):
                yield from (Account(*row) for row in rows)

    def _select(self, limit: int | None, offset: int) -> tuple[str, tuple[Any, ...]]:
        order = f"difference {ORDERS[self.case]}, employer_id"
        chosen = (
            f"SELECT coalesce(d.employer_id, p.employer_id) AS employer_id, d.payable, coalesce(p.paid, 0.00) AS paid,"
            f" {DIFFERENCE} AS difference FROM {self.sides.sql} WHERE {CONDITIONS[self.case]}"
            f" ORDER BY {order} LIMIT %s OFFSET %s"
        )
        query = (
            f"SELECT e.uscc, e.name, e.region_id, place.name, c.payable, c.paid, c.difference FROM ({chosen}) c"
            " JOIN quota_employer e ON e.id = c.employer_id JOIN accounts_region place ON place.code = e.region_id"
            f" ORDER BY {order}"
        )
        return query, (*self.sides.values, limit, offset)


def collected(sides: Sides) -> Collected:
    """The region's figures in one pass; one query."""
    columns = ["sum(d.payable)", "sum(d.relief)", "sum(p.received)", "sum(p.refunded)"]
    for condition in CONDITIONS.values():
        columns += [f"count(*) FILTER (WHERE {condition})", f"sum({DIFFERENCE}) FILTER (WHERE {condition})"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {sides.sql}", sides.values)
        assessed, relief, received, refunded, *figures = cursor.fetchone()
    return Collected(
        assessed=assessed,
        relief=relief,
        received=received or ZERO,
        refunded=-(refunded or ZERO),
        counts=dict(zip(CONDITIONS, figures[::2], strict=True)),
        sums={case: abs(total or ZERO) for case, total in zip(CONDITIONS, figures[1::2], strict=True)},
    )


@dataclass(frozen=True, slots=True)
class MonthReceipts:
    """The money that reached the treasury in a calendar month, less refunds."""

    month: date
    receipts: int
    amount: Decimal


def receipts_by_month(sides: Sides) -> list[MonthReceipts]:
    """Months with a receipt or refund, oldest first; one query."""
    rows = sides.payments.order_by().annotate(month=TruncMonth("received_on")).values("month")
    summed = rows.annotate(receipts=Count("pk"), total=Sum("amount")).order_by("month")
    return [MonthReceipts(row["month"], row["receipts"], row["total"]) for row in summed]


def cases_csv(levy_year: int, found: CaseList) -> Iterator[bytes]:
    """One of the lists as CSV."""
    rows = ((row.uscc, row.name, row.region_code, levy_year, row.due, row.paid, row.difference) for row in found)
    return csv_file(HEADINGS, rows)
