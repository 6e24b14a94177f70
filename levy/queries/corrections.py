"""Corrections and supplements before anybody proposes one: the figures of today, and the obstacles."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from audit.models import AuditEntry
from audit.queries import trail_of
from casework.decisions import digest_of
from law.amount import Assessed, assess
from levy.errors import AgencyReopened, HeadcountReopened, ParametersMissing
from levy.models import Assessment, AssessmentRun, PolicyVersion, Supersession
from levy.models.runs import FINAL_STATES
from levy.queries.explanations import explain
from levy.queries.facts import facts_today
from levy.queries.policy import current_terms, terms_of
from quota.enums import ReturnState
from quota.models import Employer, HeadcountReturn, VerifiedHeadcount
from quota.queries.dispatch import agencies_of

AT_THE_FEDERATION = [ReturnState.SUBMITTED, ReturnState.CHECKED, ReturnState.REVIEWED]


@dataclass(frozen=True, slots=True)
class Reassessment:
    """A confirmed result (None if there is none) beside the result of today's facts under the same policy version.
    Nothing is stored."""

    before: Assessed | None
    after: Assessed

    @property
    def changes_anything(self) -> bool:
        return _figures(self.before) != _figures(self.after)

    @property
    def seen(self) -> str:
        """A digest of the figures on the page: a proposal is valid for exactly these."""
        return digest_of(*_figures(self.before), *_figures(self.after))


def _figures(result: Assessed | None) -> tuple[object, ...]:
    if result is None:
        return ()
    figures = [(step.code, step.formula, step.value) for step in result.steps]
    return (str(result.outcome), *figures)


def reassess(assessment: Assessment) -> Reassessment:
    """The effect of a correction made now. Raises ParametersMissing if the employer has moved to a region that is not
    in the policy version of its assessment."""
    employer = assessment.employer
    version = assessment.run.policy_version
    if not pins_region(version, employer.region_id):
        raise ParametersMissing(_("单位已迁入本批次范围以外的地区，不能按原政策版本更正。"))
    facts = facts_today(employer, assessment.levy_year)
    return Reassessment(explain(assessment), assess(facts, terms_of(version, employer.region_id)))


def run_that_missed(employer: Employer, levy_year: int) -> AssessmentRun | None:
    """The confirmed run of the employer's present region, if the employer has no assessment of the year; else None."""
    assessed = employer.assessments.current().filter(levy_year=levy_year)
    confirmed = AssessmentRun.objects.filter(levy_year=levy_year, is_correction=False, state__in=FINAL_STATES)
    covering = confirmed.filter(~Exists(assessed), region__in=employer.region.lineage())
    return covering.select_related("policy_version").first()


def first_assessment(employer: Employer, run: AssessmentRun) -> Reassessment:
    """The result of a supplement to the run, made now. Raises ParametersMissing, PolicyYearMissing."""
    region, version = employer.region_id, run.policy_version
    terms = terms_of(version, region) if pins_region(version, region) else current_terms(region, run.levy_year)
    return Reassessment(None, assess(facts_today(employer, run.levy_year), terms))


def pins_region(version: PolicyVersion, region_code: str) -> bool:
    """True if the region is in the version: a run pins the terms of the regions that have employers when it starts."""
    return region_code in version.content["regions"]


def refuse_reopened(employer_id: int, levy_year: int) -> None:
    """Raise HeadcountReopened while the federation decides again on verified heads, AgencyReopened while it does so
    for an agency whose people count here."""
    of_employer = VerifiedHeadcount.objects.filter(employer=OuterRef("employer"), levy_year=levy_year)
    at_work = HeadcountReturn.objects.filter(
        Exists(of_employer),
        ~Exists(of_employer.current()),
        levy_year=levy_year,
        is_in_force=True,
        state__in=AT_THE_FEDERATION,
    )
    if at_work.filter(employer=employer_id).exists():
        raise HeadcountReopened
    if at_work.filter(employer__in=agencies_of(employer_id, levy_year)).exists():
        raise AgencyReopened


def is_stale(correction: Supersession) -> bool:
    """True if today's facts no longer give the figures of a waiting correction, or if the employer of a supplement has
    moved: a supplement belongs to the run of one region."""
    new = correction.new
    has_moved = correction.old is None and new.employer.region_id != new.region_id
    return has_moved or reassess(new).changes_anything


def supplements_trail(employer: Employer, levy_year: int) -> QuerySet[AuditEntry]:
    """Trail entries of the year's supplements, newest first: a refused one leaves no assessment with a trail."""
    return trail_of(employer).filter(action__startswith="levy.supplement.", details__levy_year=levy_year)
