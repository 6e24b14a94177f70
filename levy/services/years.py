"""One employer's year: where it stands, what it owes or would owe, and how that was reached."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.templatetags.formats import cn_date
from levy.errors import ParametersMissing
from levy.models import Assessment, Payment
from levy.models.runs import FINAL_STATES, RunState
from levy.policy import PolicyYearMissing
from levy.rules import Assessed, Facts, Margin, Terms, assess, marginal
from levy.services.explanations import explain, facts_of, pinned_terms
from levy.services.policy import current_terms
from quota.enums import ReturnState
from quota.models import DispatchTransfer, Employer, HeadcountReturn, VerifiedHeadcount
from quota.rules import registered_staff_months

FORECAST_STATES = [RunState.DRAFT, RunState.CHECKED, RunState.COMPUTING]


@dataclass(frozen=True, slots=True)
class EmployerYear:
    """Everything the year's page shows about the amount. `assessed` is the confirmed result, or a forecast from what
    is known today; None where the region's parameters are missing."""

    filed: HeadcountReturn | None
    headcount: VerifiedHeadcount | None
    assessment: Assessment | None
    assessed: Assessed | None
    margin: Margin
    paid: Decimal
    payments: list[Payment]

    @property
    def is_final(self) -> bool:
        return self.assessment is not None

    @property
    def balance(self) -> Decimal | None:
        """Still to pay (+) or paid too much (−)."""
        if self.assessment is None or self.assessment.payable is None:
            return None
        return self.assessment.payable - self.paid


def employer_year(employer: Employer, levy_year: int) -> EmployerYear:
    """The year as it stands now, in at most eight queries."""
    filed = employer.returns.in_force().filter(levy_year=levy_year).first()
    headcount = VerifiedHeadcount.objects.current().filter(employer=employer, levy_year=levy_year).first()
    assessment = (
        Assessment.objects.current()
        .filter(employer=employer, levy_year=levy_year)
        .select_related("run__policy_version", "notice")
        .first()
    )
    facts, terms = _basis(employer, levy_year, filed, headcount, assessment)
    assessed = None
    if terms is not None:
        assessed = explain(assessment) if assessment else assess(facts, terms)
    payments = list(Payment.objects.filter(employer=employer, levy_year=levy_year))
    return EmployerYear(
        filed=filed,
        headcount=headcount,
        assessment=assessment,
        assessed=assessed,
        margin=marginal(facts, terms) if terms else Margin(()),
        paid=sum((payment.amount for payment in payments), Decimal("0.00")),
        payments=payments,
    )


def _basis(
    employer: Employer,
    levy_year: int,
    filed: HeadcountReturn | None,
    headcount: VerifiedHeadcount | None,
    assessment: Assessment | None,
) -> tuple[Facts, Terms | None]:
    """What the amount stands on: the confirmed assessment's own inputs, or today's."""
    if assessment is not None:
        return facts_of(assessment), pinned_terms(assessment)
    facts = _facts_today(employer, levy_year, filed, headcount)
    try:
        return facts, current_terms(employer.region_id, levy_year)
    except (ParametersMissing, PolicyYearMissing):
        return facts, None


def _facts_today(
    employer: Employer, levy_year: int, filed: HeadcountReturn | None, headcount: VerifiedHeadcount | None
) -> Facts:
    """As the next run would read them; months not yet verified stand in with what the checks computed."""
    credited = headcount.credited_months if headcount else filed.computed_months if filed else 0
    moved = DispatchTransfer.objects.filter(levy_year=levy_year)
    out = moved.filter(agency=employer).aggregate(staff=Sum("staff_months"), weight=Sum("weight_months"))
    into = moved.filter(host=employer).aggregate(staff=Sum("staff_months"), weight=Sum("credited_months"))
    staff = filed.staff_months if filed else _registered(employer)
    return Facts(
        entity_type=employer.entity_type,
        staff_months=staff,
        total_wages=filed.total_wages if filed else employer.registered_wages,
        credited_months=max(credited - (out["weight"] or 0) + (into["weight"] or 0), 0),
        transferred_staff_months=(into["staff"] or 0) - (out["staff"] or 0),
        registered_on=employer.registered_on,
        is_registered_staff=filed is None,
    )


def _registered(employer: Employer) -> int | None:
    return None if employer.registered_staff is None else registered_staff_months(employer.registered_staff)


@dataclass(frozen=True, slots=True)
class Stage:
    label: str
    state: str
    note: str


def stages(year: EmployerYear) -> list[Stage]:
    """申报 审核 核定 移交 缴纳: what is done, what is under way, what is to come."""
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
        _on(filed.filed_on if filed else None),
        _on(year.headcount.issued_at.date() if year.headcount else None),
        _on(run.confirmed_at.date() if run and run.confirmed_at else None),
        _on(run.handed_over_at.date() if run and run.handed_over_at else None),
        "",
    ]
    current = done.index(False) if False in done else None
    states = ["now" if place == current else "done" if is_done else "todo" for place, is_done in enumerate(done)]
    labels = [_("申报"), _("审核"), _("核定"), _("移交"), _("缴纳")]
    return [Stage(*row) for row in zip(labels, states, notes, strict=True)]


def _on(day: date | None) -> str:
    return cn_date(day) if day else ""
