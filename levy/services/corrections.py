"""更正: a confirmed assessment is never edited. A new one is computed from today's facts under the same policy
version, and replaces the old one when a second person approves. Both stay.

补充核定: the first assessment of an employer added after its region's run was confirmed is made in the same way.
"""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.models import AuditEntry
from audit.queries import trail_of
from audit.workflow import apply
from casework.decisions import digest_of
from casework.services.decisions import Decision
from law.amount import Assessed, assess
from levy.errors import (
    AgencyReopened,
    AlreadyAssessed,
    CorrectionChanged,
    CorrectionPending,
    CorrectionStale,
    HeadcountReopened,
    NothingToCorrect,
    ParametersMissing,
)
from levy.models import Assessment, AssessmentRun, AssessmentSlice, PolicyVersion, Supersession
from levy.models.runs import FINAL_STATES
from levy.queries.explanations import explain
from levy.queries.facts import facts_today
from levy.queries.policy import current_terms, terms_of
from levy.services import runs
from levy.services.policy_versions import pin_policy
from levy.workflow import APPROVE_CORRECTION, CHECK, CONFIRM, DISCARD, REJECT_CORRECTION
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
    if not _knows(version, employer.region_id):
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
    terms = terms_of(version, region) if _knows(version, region) else current_terms(region, run.levy_year)
    return Reassessment(None, assess(facts_today(employer, run.levy_year), terms))


def _knows(version: PolicyVersion, region_code: str) -> bool:
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


@transaction.atomic
def propose_correction(
    *, assessment: Assessment, ground: str, reason: str, actor: User, seen: str | None = None
) -> Supersession:
    """Compute the amount due by today's facts, as a correction that waits for a second person.

    `seen` is the digest of the figures on the page. Raises PermissionMissing, ReasonMissing,
    TransitionNotAllowed for an assessment that is not in force, HeadcountReopened, AgencyReopened,
    NothingToCorrect, CorrectionChanged, and CorrectionPending if another correction of it waits or has replaced it.
    """
    if not actor.can(Permission.RUN_ASSESSMENT, assessment.region_id):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    if assessment.run.state not in FINAL_STATES:
        raise TransitionNotAllowed
    if Supersession.objects.filter(old=assessment).exists():
        raise CorrectionPending
    refuse_reopened(assessment.employer_id, assessment.levy_year)
    _refuse_unseen(reassess(assessment), seen)
    run = _single_run(assessment.employer, assessment.levy_year, assessment.run.policy_version, actor)
    return _wait(run, actor, old=assessment, ground=ground, reason=reason)


@transaction.atomic
def propose_supplement(
    *, employer: Employer, levy_year: int, reason: str, actor: User, seen: str | None = None
) -> Supersession:
    """Compute the amount due of an employer that is not in its region's confirmed run, to wait for a second person.

    Raises PermissionMissing, ReasonMissing, TransitionNotAllowed if no run is confirmed, HeadcountReopened,
    AgencyReopened, CorrectionChanged, ParametersMissing, PolicyYearMissing, and AlreadyAssessed also while another
    supplement waits.
    """
    if not actor.can(Permission.RUN_ASSESSMENT, employer.region_id):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    missed = run_that_missed(employer, levy_year)
    if missed is None:
        is_assessed = employer.assessments.current().filter(levy_year=levy_year).exists()
        raise AlreadyAssessed if is_assessed else TransitionNotAllowed
    refuse_reopened(employer.pk, levy_year)
    _refuse_unseen(first_assessment(employer, missed), seen)
    is_known = _knows(missed.policy_version, employer.region_id)
    version = missed.policy_version if is_known else pin_policy(levy_year, [employer.region_id])
    run = _single_run(employer, levy_year, version, actor)
    try:
        return _wait(run, actor, ground=Supersession.Ground.SUPPLEMENT, reason=reason)
    except CorrectionPending:
        raise AlreadyAssessed from None


def _wait(run: AssessmentRun, actor: User, **stated: Any) -> Supersession:
    """Save the run's assessment as a proposal. Raises CorrectionPending if a constraint of the database forbids it."""
    correction = CORRECTIONS.enter(Supersession(new=run.assessments.get(), **stated), actor=actor)
    apply(run, CHECK, actor=actor, region_code=run.region_id)
    return correction


def _refuse_unseen(reassessment: Reassessment, seen: str | None) -> None:
    if seen is not None and seen != reassessment.seen:
        raise CorrectionChanged
    if not reassessment.changes_anything:
        raise NothingToCorrect


def _single_run(employer: Employer, levy_year: int, version: PolicyVersion, actor: User) -> AssessmentRun:
    """A completed run of one employer."""
    run = AssessmentRun.objects.create(
        levy_year=levy_year,
        region=employer.region,
        policy_version=version,
        is_correction=True,
        employer_count=1,
        started_by=actor,
    )
    AssessmentSlice.objects.create(run=run, number=0, first_id=employer.pk, last_id=employer.pk)
    runs.assess_slice(run_id=run.pk, number=0)
    run.refresh_from_db()
    return run


def is_stale(correction: Supersession) -> bool:
    """True if today's facts no longer give the figures of a waiting correction, or if the employer of a supplement has
    moved: a supplement belongs to the run of one region."""
    new = correction.new
    has_moved = correction.old is None and new.employer.region_id != new.region_id
    return has_moved or reassess(new).changes_anything


def supplements_trail(employer: Employer, levy_year: int) -> QuerySet[AuditEntry]:
    """Trail entries of the year's supplements, newest first: a refused one leaves no assessment with a trail."""
    return trail_of(employer).filter(action__startswith="levy.supplement.", details__levy_year=levy_year)


def _hold_run(correction: Supersession) -> None:
    rows = AssessmentRun.objects.filter(assessments=correction.new_id)
    list(rows.select_for_update(of=("self",), no_key=True))


def _shown(correction: Supersession) -> tuple[object, ...]:
    new = correction.new
    return (correction.pk, correction.old_id, new.pk, new.run.digest, correction.ground, correction.reason)


def _refuse_stale(correction: Supersession, actor: User) -> None:
    if is_stale(correction):
        raise CorrectionStale
    runs.refuse_disagreement(correction.new.run)


def _confirm(correction: Supersession, actor: User) -> None:
    """Put the new assessment into force, in the place of the old one or as the first."""
    run = correction.new.run
    apply(run, CONFIRM, actor=actor, region_code=run.region_id, digest=run.digest)
    correction.refresh_from_db()  # with the run as it is now


def _drop(correction: Supersession, actor: User, reason: str) -> None:
    """Delete the computed assessment; keep its run and its trail."""
    run = correction.new.run
    apply(run, DISCARD, actor=actor, region_code=run.region_id, reason=reason)
    correction.delete()
    runs.delete_assessments(run)


def _entry(correction: Supersession) -> dict[str, Any]:
    """The target of the entry: the replaced assessment, or for a supplement the employer."""
    old = correction.old
    return {
        "prefix": "levy.correction" if old else "levy.supplement",
        "target": old or correction.new.employer,
        "region_code": correction.subject.region_id,
        "reason": correction.reason,
    }


def _details(correction: Supersession) -> dict[str, Any]:
    old, new = correction.old, correction.new
    amounts = {"from": str(old.payable) if old else None, "to": str(new.payable)}
    return {"new": new.pk, "levy_year": new.levy_year, "ground": correction.ground, **amounts}


# `clash`: a trigger refuses a supplement for an employer that a run has assessed meanwhile.
CORRECTIONS = Decision(
    approval=APPROVE_CORRECTION,
    rejection=REJECT_CORRECTION,
    region_of=attrgetter("new.run.region_id"),
    hold=_hold_run,
    shown=_shown,
    refuse=_refuse_stale,
    effect=_confirm,
    drop=_drop,
    entry=_entry,
    details=_details,
    pending=CorrectionPending,
    changed=CorrectionChanged,
    clash=AlreadyAssessed,
)
