"""更正: a confirmed assessment is never edited. A new one is computed from today's facts under the same policy
version, and replaces the old one when a second person approves. Both stay.

补充核定: the first assessment of an employer added after its region's run was confirmed is made in the same way.
"""

from operator import attrgetter
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.workflow import apply
from casework.services.decisions import Decision
from levy.errors import (
    AlreadyAssessed,
    CorrectionChanged,
    CorrectionPending,
    CorrectionStale,
    NothingToCorrect,
)
from levy.models import Assessment, AssessmentRun, AssessmentSlice, PolicyVersion, Supersession
from levy.models.runs import FINAL_STATES
from levy.queries.corrections import (
    Reassessment,
    first_assessment,
    is_stale,
    pins_region,
    reassess,
    refuse_reopened,
    run_that_missed,
)
from levy.services import runs
from levy.services.policy_versions import pin_policy
from levy.workflow import APPROVE_CORRECTION, CHECK, CONFIRM, DISCARD, REJECT_CORRECTION
from quota.models import Employer


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
    is_known = pins_region(missed.policy_version, employer.region_id)
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
