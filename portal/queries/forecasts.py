"""What a return would come to while it is being typed, if everything it claims is credited."""

from collections.abc import Sequence
from decimal import Decimal

from law.amount import Assessed, assess
from law.counting import staff_months
from law.policy import PolicyYearMissing
from levy.errors import ParametersMissing
from levy.queries.policy import current_terms
from portal.queries.years import facts_today
from quota.models import HeadcountReturn
from quota.queries.claims import claimed_in_draft


def forecast(draft: HeadcountReturn, staff_by_month: Sequence[int], total_wages: Decimal) -> Assessed | None:
    """The assessment of these figures; None where the region's parameters are missing. Nothing is stored."""
    employer = draft.employer
    typed = HeadcountReturn(
        employer=employer,
        levy_year=draft.levy_year,
        staff_months=staff_months(staff_by_month),
        total_wages=total_wages,
        computed_months=claimed_in_draft(draft),
    )
    try:
        terms = current_terms(employer.region_id, draft.levy_year)
    except (ParametersMissing, PolicyYearMissing):
        return None
    return assess(facts_today(employer, draft.levy_year, typed, None), terms)
