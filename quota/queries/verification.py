"""A return and its placements as the federation has decided them so far."""

from uuid import UUID

from django.db.models import Func, IntegerField, QuerySet, Sum

from accounts.identity import former_look_up_key, look_up_key
from casework.decisions import digest_of
from quota.models import HeadcountReturn, PlacementCheck


def decision_seen(result: PlacementCheck) -> str:
    """A digest of one placement's months as a page shows them."""
    return digest_of(result.reasons, result.computed, result.decided, result.decision_reason, result.decision_note)


def shown_of_return(filed: HeadcountReturn) -> tuple[object, ...]:
    """The values of a return on a page: an approval is valid for exactly these (promise A10)."""
    months = results_of(filed).order_by("pk").values_list("pk", "reasons", "computed", "decided", "decision_reason")
    return filed.state, filed.filed_on, filed.staff_months, filed.total_wages, filed.claimed_months, list(months)


def numbered_seed(number: str) -> UUID:
    """The seed of a certificate's code that the first version printed: it follows from the number, under the key of
    that time."""
    return former_look_up_key(f"headcount certificate {number}") or look_up_key(f"headcount certificate {number}")


def results_of(filed: HeadcountReturn) -> QuerySet[PlacementCheck]:
    """The checks of the return's placements."""
    return PlacementCheck.objects.filter(placement__employer=filed.employer_id, placement__levy_year=filed.levy_year)


def decided_months(filed: HeadcountReturn) -> int:
    """Person-months as decided so far."""
    total = results_of(filed).aggregate(total=Sum(MonthsTotal("decided")))["total"]
    return total or 0


class MonthsTotal(Func):
    """The sum of a twelve-month array."""

    template = "(SELECT sum(m) FROM unnest(%(expressions)s) m)"
    output_field = IntegerField()
