"""One employer's account over all years: assessments, corrections and payments, day by day.

The surcharge (滞纳金) is no entry: it exists only after finance has ordered payment by a date and the date has passed
(财税〔2015〕72号第二十六条), and the system stores no such orders. The page computes what it would be for given days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from collection.models import Payment
from law.amount.settings import SurchargeCap
from law.collection.surcharge import surcharge
from levy.models import Assessment
from levy.models.runs import FINAL_STATES
from levy.queries.policy import current_terms
from quota.models import Employer

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement in yuan. `due` is what the employer owes more (+) or less (−), `paid` what came in (+) or went back
    (−), `balance` what it still owes afterwards (−: overpaid)."""

    day: date
    levy_year: int
    label: str
    reference: str
    due: Decimal | None
    paid: Decimal | None
    balance: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class YearBalance:
    """One levy year: due by the assessment in force, paid, and the difference. `due` None: nothing was assessed."""

    levy_year: int
    due: Decimal | None
    paid: Decimal

    @property
    def open(self) -> Decimal | None:
        return None if self.due is None else self.due - self.paid


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries from the first to the last day, and the years, newest first."""

    entries: list[Entry]
    years: list[YearBalance]

    @property
    def balance(self) -> Decimal:
        return self.entries[-1].balance if self.entries else ZERO


def ledger_of(employer: Employer) -> Ledger:
    """All confirmed assessments and all payments; two queries."""
    assessed = list(_assessed(employer))
    received = [
        Entry(
            payment.received_on,
            payment.levy_year,
            _("缴费") if payment.amount > 0 else _("退费"),
            payment.receipt_number,
            None,
            payment.amount,
        )
        for payment in Payment.objects.filter(employer=employer).order_by("received_on", "pk")
    ]
    movements = sorted(assessed + received, key=lambda entry: entry.day)
    return Ledger(list(_running(movements)), _years(movements))


def _assessed(employer: Employer) -> Iterator[Entry]:
    """A correction moves the account by the difference to the assessment it replaced; a supplement by its whole
    amount."""
    rows = Assessment.objects.filter(employer=employer, run__state__in=FINAL_STATES)
    rows = rows.annotate(replaced=F("supersedes__old__payable")).select_related("run", "supersedes")
    for row in rows.order_by("run__confirmed_at", "pk"):
        correction = getattr(row, "supersedes", None)
        if row.payable is None and (correction is None or correction.old_id is None):
            continue
        label = correction.get_ground_display() if correction else _("核定")
        day, due = timezone.localdate(row.run.confirmed_at), (row.payable or ZERO) - (row.replaced or ZERO)
        yield Entry(day, row.levy_year, label, str(row.run), due, None)


def _running(movements: list[Entry]) -> Iterator[Entry]:
    balance = ZERO
    for entry in movements:
        balance += (entry.due or ZERO) - (entry.paid or ZERO)
        yield Entry(entry.day, entry.levy_year, entry.label, entry.reference, entry.due, entry.paid, balance)


def _years(movements: list[Entry]) -> list[YearBalance]:
    found = []
    for year in sorted({entry.levy_year for entry in movements}, reverse=True):
        of_year = [entry for entry in movements if entry.levy_year == year]
        dues = [entry.due for entry in of_year if entry.due is not None]
        paid = sum((entry.paid for entry in of_year if entry.paid is not None), ZERO)
        found.append(YearBalance(year, sum(dues, ZERO) if dues else None, paid))
    return found


def surcharge_of(employer: Employer, year: YearBalance, default_on: date, paid_on: date) -> Decimal:
    """The additional cost of paying the year's open amount on a given day, if finance's order had passed; zero without
    arrears.

    Capped as the region has set. Raises ParametersMissing, PolicyYearMissing.
    """
    terms = current_terms(employer.region_id, year.levy_year)
    capped = terms.rules.surcharge_cap == SurchargeCap.PRINCIPAL
    return surcharge(max(year.open or ZERO, ZERO), default_on, paid_on, terms.policy, capped)
