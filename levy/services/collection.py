"""Collection in a region: what was assessed, what came in, and the employers where the two differ."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from levy.models import Assessment, Payment
from levy.services.lists import BOM, csv_line
from quota.exchange.escape import escape_formula
from quota.models import Employer

ZERO = Decimal("0.00")
YUAN = DecimalField(max_digits=18, decimal_places=2)
CASES = {"arrears": _("欠缴"), "overpaid": _("多缴"), "unassessed": _("已入库、未核定")}
HEADINGS = ("统一社会信用代码", "单位名称", "行政区划代码", "费款所属年度", "应缴费额", "实缴金额", "差额")


@dataclass(frozen=True, slots=True)
class Collected:
    """A region's year in yuan and employers. `assessed` is None where nothing has been confirmed: not the same as
    nothing due. `relief` is what the law relieved, `refunded` what went back."""

    assessed: Decimal | None
    relief: Decimal | None
    received: Decimal
    refunded: Decimal
    counts: dict[str, int]
    sums: dict[str, Decimal]


def _paid_by(levy_year: int) -> Coalesce:
    payments = Payment.objects.filter(employer=OuterRef("pk"), levy_year=levy_year).order_by()
    summed = payments.values("employer").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(summed, output_field=YUAN), ZERO, output_field=YUAN)


def _due_from(levy_year: int) -> Subquery:
    current = Assessment.objects.current().filter(employer=OuterRef("pk"), levy_year=levy_year, payable__isnull=False)
    return Subquery(current.order_by().values("payable")[:1], output_field=YUAN)


def _accounts(levy_year: int, region: Region) -> QuerySet[Employer]:
    """Employers of the region with `due` (None: nothing assessed), `paid`, and `difference`, still to pay (+)."""
    accounts = Employer.objects.in_region(region.code).annotate(due=_due_from(levy_year), paid=_paid_by(levy_year))
    return accounts.annotate(difference=Coalesce(F("due"), ZERO, output_field=YUAN) - F("paid"))


CONDITIONS = {
    "arrears": Q(due__isnull=False, difference__gt=0),
    "overpaid": Q(due__isnull=False, difference__lt=0),
    "unassessed": Q(due=None) & ~Q(paid=0),
}


def cases(levy_year: int, region: Region, case: str) -> QuerySet[Employer]:
    """Employers of one of CASES, the largest difference first."""
    found = _accounts(levy_year, region).filter(CONDITIONS[case]).select_related("region")
    return found.order_by("-difference" if case == "arrears" else "difference", "pk")


def collected(levy_year: int, region: Region) -> Collected:
    """The region's figures; three queries."""
    assessed = Assessment.objects.current().filter(levy_year=levy_year).in_region(region.code)
    due = assessed.aggregate(payable=Sum("payable"), relief=Sum("relief"))
    payments = Payment.objects.filter(levy_year=levy_year).in_region(region.code)
    money = payments.aggregate(
        received=Sum("amount", filter=Q(amount__gt=0), default=ZERO),
        refunded=Sum("amount", filter=Q(amount__lt=0), default=ZERO),
    )
    differing = _accounts(levy_year, region).aggregate(
        **{f"{case}_count": Count("pk", filter=condition) for case, condition in CONDITIONS.items()},
        **{f"{case}_sum": Sum("difference", filter=condition, default=ZERO) for case, condition in CONDITIONS.items()},
    )
    return Collected(
        assessed=due["payable"],
        relief=due["relief"],
        received=money["received"],
        refunded=-money["refunded"],
        counts={case: differing[f"{case}_count"] for case in CASES},
        sums={case: abs(differing[f"{case}_sum"]) for case in CASES},
    )


@dataclass(frozen=True, slots=True)
class MonthReceipts:
    """What reached the treasury in a calendar month, refunds subtracted."""

    month: date
    receipts: int
    amount: Decimal


def receipts_by_month(levy_year: int, region: Region) -> list[MonthReceipts]:
    """Months in which something came in or went back, oldest first; one query."""
    payments = Payment.objects.filter(levy_year=levy_year).in_region(region.code).order_by()
    rows = payments.annotate(month=TruncMonth("received_on")).values("month")
    summed = rows.annotate(receipts=Count("pk"), total=Sum("amount")).order_by("month")
    return [MonthReceipts(row["month"], row["receipts"], row["total"]) for row in summed]


def cases_csv(levy_year: int, found: Iterable[Employer]) -> Iterator[bytes]:
    """One of the lists as CSV, with the mark that spreadsheets look for; no cell is ever a formula (promise C6)."""
    yield BOM
    yield csv_line(HEADINGS)
    for row in found:
        yield csv_line(
            (row.uscc, escape_formula(row.name), row.region_id, levy_year, row.due, row.paid, row.difference)
        )
