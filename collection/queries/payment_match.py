"""The receipts of one payments file, by employer and year, compared with the assessment in force.

Refused rows (unknown employers, other contents under a known receipt) are the file's faults and do not appear here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from collection.models import Payment
from collection.queries.cases import CASES, ZERO
from design.csv_lines import csv_file
from exchange.models import ImportedFile
from levy.models import Assessment

YUAN = DecimalField(max_digits=18, decimal_places=2)
# Of one employer's year: the total ever received for it, and the amount due.
CONDITIONS = {
    "settled": Q(paid=F("due")),
    "arrears": Q(paid__lt=F("due")),
    "overpaid": Q(paid__gt=F("due")),
    "unassessed": Q(due=None),
}
LABELS = {"settled": _("缴清")} | CASES


@dataclass(frozen=True, slots=True)
class PaymentMatch:
    """Every case of one file, and True if any year is not settled exactly."""

    lines: list["MatchLine"]

    @property
    def has_mismatches(self) -> bool:
        return any(line.employers for line in self.lines if line.case != "settled")


@dataclass(frozen=True, slots=True)
class MatchLine:
    """The number of employers' years of one case, and the yuan that the file brought for them."""

    case: str
    label: Promise
    employers: int
    received: Decimal


def match_lines(file: ImportedFile) -> list[MatchLine]:
    """Every case with its present count and sum; one query."""
    found = _years_paid(file).aggregate(
        **{f"{case}_count": Count("employer_id", filter=condition) for case, condition in CONDITIONS.items()},
        **{f"{case}_sum": Sum("received", filter=condition, default=ZERO) for case, condition in CONDITIONS.items()},
    )
    return [MatchLine(case, LABELS[case], found[f"{case}_count"], found[f"{case}_sum"]) for case in CONDITIONS]


def _years_paid(file: ImportedFile) -> QuerySet:
    """The employers' years for which the file brought money: `received` by it, `paid` in all, `due` or None."""
    same = {"employer": OuterRef("employer"), "levy_year": OuterRef("levy_year")}
    paid = Payment.objects.filter(**same).order_by().values("employer").annotate(total=Sum("amount")).values("total")
    due = Assessment.objects.current().filter(**same, payable__isnull=False).order_by().values("payable")[:1]
    years = Payment.objects.filter(imported_from=file).order_by().values("employer_id", "levy_year")
    return years.annotate(received=Sum("amount")).annotate(
        paid=Subquery(paid, output_field=YUAN), due=Subquery(due, output_field=YUAN)
    )


HEADINGS = (
    "统一社会信用代码", "单位名称", "行政区划代码", "费款所属年度", "本文件金额", "应缴费额", "累计实缴金额", "差额",
)  # fmt: skip


def mismatch_csv(file: ImportedFile) -> Iterator[bytes]:
    """The employers' years that are not settled exactly, as CSV."""
    unsettled = (
        _years_paid(file)
        .filter(~CONDITIONS["settled"] | CONDITIONS["unassessed"])
        .order_by("levy_year", "employer__uscc")
    )
    found = unsettled.values_list(
        "employer__uscc", "employer__name", "employer__region_id", "levy_year", "received", "due", "paid"
    )
    return csv_file(HEADINGS, ((*cells, due, paid, (due or ZERO) - paid) for *cells, due, paid in found.iterator()))
