"""The levy if an employer placed more people: in a year that is over, the running year or the next one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from law.amount import Assessed, Facts, Hire, Terms, Threshold, assess, fewest, marginal, with_hire
from law.arithmetic import divided_half_up
from law.counting import MONTHS
from law.policy import POLICY_YEARS
from levy.errors import ParametersMissing
from levy.queries.facts import FactsBasis
from levy.queries.policy import current_terms
from portal.queries.years import employer_year
from quota.models import Employer, HeadcountReturn

PLANNED_PEOPLE = (1, 2, 3)
WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class HireEffect:
    """An amount before and after a hire."""

    hire: Hire
    before: Assessed
    after: Assessed

    @property
    def saved(self) -> Decimal | None:
        """The saving in yuan (negative: an increase); None where one of the two has no amount."""
        if self.before.payable is None or self.after.payable is None:
            return None
        return self.before.payable - self.after.payable

    @property
    def more(self) -> Decimal | None:
        """The increase in yuan: the thirty-first person of staff ends an exemption."""
        return None if self.saved is None else -self.saved


@dataclass(frozen=True, slots=True)
class ThresholdAhead:
    """A threshold not reached yet, and the fewest people of either weight who reach it in the months left, as (people,
    months each)."""

    threshold: Threshold
    saved: Decimal
    ordinary: tuple[int, int]
    severe: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outlook:
    """One levy year of one employer for what-if questions. `assessed` is the result without any hire; `basis` says
    what its figures rest on (None: confirmed ones).

    For a year that is not over, figures of `facts_year` replace those that are not known yet, and terms of
    `terms_year` those not published yet. If only `facts_months` of the year of registration are known, the figures are
    extended to twelve months.
    """

    levy_year: int
    is_over: bool
    first_month: int
    facts_year: int
    terms_year: int
    assessed: Assessed
    basis: FactsBasis | None = None
    facts_months: int = MONTHS
    is_barred: bool = False  # filed late: nobody counts, whatever else is true (第十二条)

    def change(self, *, people: int, weight: int, first_month: int, last_month: int = MONTHS) -> HireEffect:
        """The year with this hire. In a year that is over the people were already part of the staff."""
        hire = Hire(people, weight, first_month, last_month, joins_staff=not self.is_over)
        facts, terms = self.assessed.facts, self.assessed.terms
        return HireEffect(hire, self.assessed, assess(with_hire(facts, terms, hire), terms))

    def steps(self) -> list[ThresholdAhead]:
        """The people needed to reach the next thresholds at the present staff and wages; none where nothing is due."""
        due = self.assessed.payable
        if not due:
            return []
        left = MONTHS + 1 - self.first_month
        return [
            ThresholdAhead(threshold, due - threshold.payable, fewest(months, 1, left), fewest(months, 2, left))
            for threshold in marginal(self.assessed.facts, self.assessed.terms).thresholds
            if (months := threshold.further_months)
        ]

    def plan(self, weight: int) -> list[tuple[int, Sequence[HireEffect]]]:
        """For each month left: one, two or three people from that month to the end of the year."""
        return [
            (month, [self.change(people=people, weight=weight, first_month=month) for people in PLANNED_PEOPLE])
            for month in range(self.first_month, MONTHS + 1)
        ]


def outlook(employer: Employer, levy_year: int, today: date, *, is_own: bool = False) -> Outlook | None:
    """The year as the reader may know it today (`is_own`: the employer's clerk); None where the region's
    parameters are missing."""
    is_over = levy_year < today.year
    facts_year = levy_year if is_over else today.year - 1
    year = employer_year(employer, facts_year, is_own=is_own)
    known = year.assessed
    if known is None:
        return None
    terms = known.terms if is_over else _newest_terms(known.terms, employer.region_id, levy_year)
    months = MONTHS if is_over else _months_known(year.filed, known.facts)
    facts = _of_twelve_months(known.facts, months)
    if terms.policy.levy_year != levy_year:
        facts = replace(facts, registered_on=None)  # the registration is not in the year of the replacing terms
    return Outlook(
        levy_year=levy_year,
        is_over=is_over,
        first_month=today.month if levy_year == today.year else 1,
        facts_year=facts_year,
        terms_year=terms.policy.levy_year,
        assessed=known if is_over else assess(facts, terms),
        basis=year.basis,
        facts_months=months,
        is_barred=is_over and year.filed is not None and year.filed.is_late,
    )


def _months_known(filed: HeadcountReturn | None, facts: Facts) -> int:
    """The number of months that the figures cover: in the year of registration, from the first month with staff.

    The staff of the tax registration is already an average.
    """
    if filed is None or facts.registered_on is None or facts.registered_on.year != filed.levy_year:
        return MONTHS
    return next((MONTHS - place for place, staff in enumerate(filed.staff_by_month) if staff), MONTHS)


def _of_twelve_months(facts: Facts, months: int) -> Facts:
    """The figures if every month were like these; whole person-months, wages to 0.01."""
    if months == MONTHS:
        return facts
    staff, wages = facts.staff_months, facts.total_wages
    return replace(
        facts,
        staff_months=None if staff is None else int(divided_half_up(staff * MONTHS, months, WHOLE)),
        total_wages=None if wages is None else divided_half_up(wages * MONTHS, months),
        credited_months=int(divided_half_up(facts.credited_months * MONTHS, months, WHOLE)),
        transferred_staff_months=int(divided_half_up(facts.transferred_staff_months * MONTHS, months, WHOLE)),
    )


def _newest_terms(known: Terms, region_code: str, levy_year: int) -> Terms:
    """The terms of the year, or of the nearest earlier year that has any; at the latest the known ones."""
    for year in range(min(levy_year, max(POLICY_YEARS)), known.policy.levy_year, -1):
        with suppress(ParametersMissing):
            return current_terms(region_code, year)
    return known
