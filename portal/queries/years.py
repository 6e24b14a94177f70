"""One employer's year: its stage, the amount it owes or would owe, and the steps to it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.utils.translation import gettext as _

from collection.models import Payment
from design.stages import Stage, in_order, noted_at, noted_on
from law.amount import Assessed, Margin, Terms, assess, marginal
from law.averaging import MONTHS
from law.counting import CountingRules
from law.notation import percent_of
from law.policy import PolicyYearMissing
from levy.errors import ParametersMissing
from levy.models import Assessment
from levy.models.runs import FINAL_STATES, RunState
from levy.queries.explanations import explain, facts_of, pinned_terms
from levy.queries.facts import FactsBasis, facts_expected, facts_told
from levy.queries.policy import counting_rules_of, regional_terms, usable_terms
from quota.enums import ReturnState
from quota.models import Employer, HeadcountReturn, VerifiedHeadcount
from quota.queries.claims import declared_months
from quota.queries.returns import to_write_in


@dataclass(frozen=True, slots=True)
class EmployerYear:
    """The facts about the amount for the year's page.

    `assessed` is the confirmed result, or the expected one, which rests on `basis` (None: confirmed); None where the
    region's parameters are missing. `declared_months` is set for an employer that may not yet know what the checks
    found: its claim in its own words. `counting` has the date by which returns are due. `returns` (each with the
    number of `people` on its draft) and `headcounts` are all of the year; `others` are the confirmed results of other
    years, newest first.
    """

    filed: HeadcountReturn | None
    declared_months: int | None
    headcount: VerifiedHeadcount | None
    assessment: Assessment | None
    assessed: Assessed | None
    basis: FactsBasis | None
    counting: CountingRules
    margin: Margin
    paid: Decimal
    payments: list[Payment]
    returns: list[HeadcountReturn]
    headcounts: list[VerifiedHeadcount]
    others: list[Assessment]

    @property
    def draft(self) -> HeadcountReturn | None:
        """The return that the employer may still edit: its draft, or the one sent back."""
        return to_write_in(self.returns)

    @property
    def claimed_months(self) -> int:
        """申报人月 as the reader may know it."""
        if self.declared_months is not None:
            return self.declared_months
        return self.filed.claimed_months if self.filed else 0

    @property
    def months(self) -> int:
        """The number of months over which heads are averaged."""
        return self.assessed.months if self.assessed else MONTHS

    @property
    def is_final(self) -> bool:
        return self.assessment is not None

    @property
    def balance(self) -> Decimal | None:
        """Still to pay (+) or overpaid (−)."""
        if self.assessment is None or self.assessment.payable is None:
            return None
        return self.assessment.payable - self.paid

    @property
    def overpaid(self) -> Decimal:
        """The amount paid beyond the amount due, never below 0."""
        return max(-(self.balance or Decimal(0)), Decimal(0))


def employer_year(employer: Employer, levy_year: int, *, is_own: bool = False) -> EmployerYear:
    """The present state of the year, in at most seven queries. `is_own`: the reader is the employer's clerk, who
    learns from a return that no officer has decided nothing but its own words (docs/decisions/0017)."""
    returns = list(
        employer.returns.filter(levy_year=levy_year).annotate(people=Count("draft_placements")).order_by("pk")
    )
    headcounts = list(employer.verified_headcounts.filter(levy_year=levy_year))
    results = Assessment.objects.current().filter(employer=employer).order_by("-levy_year")
    assessments = list(results.select_related("run__policy_version", "notice"))
    filed = next((row for row in returns if row.is_in_force), None)
    headcount = next((row for row in headcounts if row.withdrawn_at is None), None)
    assessment = next((row for row in assessments if row.levy_year == levy_year), None)
    declared = _declared(employer, levy_year, filed) if is_own and filed and not filed.is_told else None
    if assessment is not None:
        facts, basis = facts_of(assessment), None
        terms, counting = _terms_of(assessment)
    else:
        told = facts_told(employer, levy_year, declared) if is_own else facts_expected(employer, levy_year)
        facts, basis = told
        terms, counting = _terms_today(employer.region_id, levy_year)
    payments = list(Payment.objects.filter(employer=employer, levy_year=levy_year))
    return EmployerYear(
        filed=filed,
        declared_months=declared,
        headcount=headcount,
        assessment=assessment,
        assessed=assess(facts, terms) if terms else None,
        basis=basis,
        counting=counting,
        margin=marginal(facts, terms) if terms else Margin(()),
        paid=sum((payment.amount for payment in payments), Decimal("0.00")),
        payments=payments,
        returns=returns,
        headcounts=headcounts,
        others=[row for row in assessments if row.levy_year != levy_year],
    )


def _declared(employer: Employer, levy_year: int, filed: HeadcountReturn) -> int:
    """The year's claim in the employer's words; none of a late return, which counts as no placement."""
    return 0 if filed.is_late else declared_months(employer.placements.filter(levy_year=levy_year), levy_year)


@dataclass(frozen=True, slots=True)
class YearComparison:
    """A year and the one before, with the placed share of each in per cent."""

    before: Assessed
    before_share: str
    now: Assessed
    now_share: str


def comparison(year: EmployerYear, levy_year: int) -> YearComparison | None:
    """The year and last year's confirmed result; None where one of them has no figures."""
    last, now = next((row for row in year.others if row.levy_year == levy_year - 1), None), year.assessed
    if last is None or now is None or not last.staff_months or not now.staff_months:
        return None
    before = explain(last)
    return YearComparison(before, _placed_share(before, now.terms), now, _placed_share(now, now.terms))


def _placed_share(row: Assessed, terms: Terms) -> str:
    """The credited share of staff, rounded so that it stays on its own side of every threshold."""
    thresholds = (*(tier.at_least for tier in terms.policy.tiers.value), terms.required_ratio)
    return percent_of(row.credited_months or 0, row.staff_months or 1, thresholds)


def _terms_today(region_code: str, levy_year: int) -> tuple[Terms | None, CountingRules]:
    """The region's terms of assessing and counting today; no terms where its parameters are missing."""
    today = regional_terms(region_code, levy_year)
    try:
        return usable_terms(region_code, levy_year, today), counting_rules_of(today)
    except (ParametersMissing, PolicyYearMissing):
        return None, counting_rules_of(today)


def _terms_of(assessment: Assessment) -> tuple[Terms, CountingRules]:
    """The terms of assessing and counting that its run used."""
    pinned = assessment.run.policy_version.content["regions"][assessment.region_id]
    return pinned_terms(assessment), counting_rules_of(pinned)


def year_stages(year: EmployerYear) -> list[Stage]:
    """申报 审核 核定 移交 缴纳: which are done, under way, or to come."""
    filed, run = year.filed, year.assessment.run if year.assessment else None
    is_paid = year.balance is not None and year.balance <= 0
    done = [
        filed is not None and filed.state != ReturnState.SENT_BACK,
        year.headcount is not None,
        run is not None and run.state in FINAL_STATES,
        run is not None and run.state == RunState.HANDED_OVER,
        run is not None and run.state == RunState.HANDED_OVER and is_paid,
    ]
    notes = [
        noted_on(filed.filed_on if filed else None),
        noted_at(year.headcount.issued_at if year.headcount else None),
        noted_at(run.confirmed_at if run else None),
        noted_at(run.handed_over_at if run else None),
        "",
    ]
    return in_order([_("申报"), _("审核"), _("核定"), _("移交"), _("缴纳")], done, notes)
