"""The expected amount of a return during typing, if all its claims are credited."""

from collections.abc import Sequence
from decimal import Decimal

from law.amount import Assessed, assess
from law.counting import staff_months
from law.policy import PolicyYearMissing
from levy.errors import ParametersMissing
from levy.queries.facts import facts_declared
from levy.queries.policy import current_terms
from quota.models import HeadcountReturn
from quota.queries.claims import declared_months


def forecast(draft: HeadcountReturn, staff_by_month: Sequence[int], total_wages: Decimal) -> Assessed | None:
    """The assessment of these declared figures; None where the region's parameters are missing. Stores nothing."""
    try:
        terms = current_terms(draft.employer.region_id, draft.levy_year)
    except (ParametersMissing, PolicyYearMissing):
        return None
    declared = facts_declared(
        draft.employer,
        draft.levy_year,
        staff_months=staff_months(staff_by_month),
        total_wages=total_wages,
        declared_months=declared_months(draft.draft_placements, draft.levy_year),
    )
    return assess(declared, terms)
