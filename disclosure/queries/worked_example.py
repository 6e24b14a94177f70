"""残保金怎么算: one example computed by the rules themselves, and the relief of every listed year."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from law.amount import Assessed, Facts, Terms, assess
from law.codes import EntityType
from law.counting import MONTHS, CountingRules, deadline
from law.policy import POLICY_YEARS, PolicyYear, policy_year
from levy.errors import ParametersMissing
from levy.queries.policy import current_terms
from quota.queries.parameters import counting_rules

HEADS = 200
WAGES = Decimal("16000000.00")
PLACED = 2  # heads of the example
MOST_PLACED = 4
ASSUMED_SOCIAL_AVERAGE_WAGE = Decimal("90000.00")
NEWEST = max(POLICY_YEARS)


@dataclass(frozen=True, slots=True)
class Example:
    """An enterprise's year under the parameters of a region; assumed ones if no region is chosen or none are
    recorded."""

    levy_year: int
    terms: Terms
    is_assumed: bool
    deadline: date

    @property
    def assessed(self) -> Assessed:
        return assess(_facts(PLACED), self.terms)

    def by_heads(self) -> list[tuple[int, Assessed]]:
        """The levy of the same enterprise with nobody, one, two … placed."""
        return [(heads, assess(_facts(heads), self.terms)) for heads in range(MOST_PLACED + 1)]


@dataclass(frozen=True, slots=True)
class PolicyPeriod:
    """Successive levy years with the same national rules."""

    first: int
    last: int
    policy: PolicyYear


def worked_example(levy_year: int, region_code: str = "") -> Example:
    """The example of a region and year. Raises PolicyYearMissing for an unlisted year."""
    rules = counting_rules([region_code], levy_year)[region_code] if region_code else CountingRules()
    terms = _regional(levy_year, region_code) if region_code else None
    return Example(levy_year, terms or _assumed(levy_year), terms is None, deadline(levy_year, rules))


def periods() -> Iterator[PolicyPeriod]:
    """The listed years, newest first; successive years with equal caps, tiers and exemption are one period."""
    years = sorted(POLICY_YEARS.values(), key=lambda policy: policy.levy_year, reverse=True)
    for _rules, same in groupby(years, key=lambda p: (p.wage_cap_multiple, p.tiers, p.small_enterprise)):
        together = list(same)
        yield PolicyPeriod(together[-1].levy_year, together[0].levy_year, together[0])


def _facts(heads: int) -> Facts:
    return Facts(
        entity_type=EntityType.ENTERPRISE,
        staff_months=HEADS * MONTHS,
        total_wages=WAGES,
        credited_months=heads * MONTHS,
    )


def _regional(levy_year: int, region_code: str) -> Terms | None:
    try:
        return current_terms(region_code, levy_year)
    except ParametersMissing:
        return None


def _assumed(levy_year: int) -> Terms:
    policy = policy_year(levy_year)
    return Terms(
        policy=policy,
        required_ratio=policy.ratio_floor.value,
        social_average_wage=ASSUMED_SOCIAL_AVERAGE_WAGE,
        required_ratio_citation=policy.ratio_floor.citation,
        social_average_wage_citation=_("示例假设"),
    )
