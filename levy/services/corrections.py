"""更正: a confirmed assessment is never edited. A new one is computed from today's facts under the same policy
version, and replaces the old one when a second person approves. Both stay."""

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import apply
from levy.errors import CorrectionPending
from levy.models import Assessment, AssessmentRun, AssessmentSlice, Supersession
from levy.models.runs import FINAL_STATES
from levy.services import runs
from levy.workflow import CHECK, CONFIRM, DISCARD


@transaction.atomic
def propose_correction(*, assessment: Assessment, ground: str, reason: str, actor: User) -> Supersession:
    """Compute what the employer owes by today's facts, as a correction waiting for a second person.

    Raises PermissionMissing, ReasonMissing, TransitionNotAllowed for an assessment that is not in force, and
    CorrectionPending while another correction of it waits or has replaced it.
    """
    if not actor.can(Permission.RUN_ASSESSMENT, assessment.region_id):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    if assessment.run.state not in FINAL_STATES:
        raise TransitionNotAllowed
    run = _single_run(assessment, actor)
    try:
        with transaction.atomic():
            correction = Supersession.objects.create(
                old=assessment, new=run.assessments.get(), ground=ground, reason=reason, proposed_by=actor
            )
    except IntegrityError:
        raise CorrectionPending from None
    apply(run, CHECK, actor=actor, region_code=run.region_id)
    _record("propose", correction, actor)
    return correction


def _single_run(assessment: Assessment, actor: User) -> AssessmentRun:
    """A run of one employer under the policy version of the assessment it may replace."""
    run = AssessmentRun.objects.create(
        levy_year=assessment.levy_year,
        region=assessment.employer.region,
        policy_version=assessment.run.policy_version,
        is_correction=True,
        employer_count=1,
        started_by=actor,
    )
    employer = assessment.employer_id
    AssessmentSlice.objects.create(run=run, number=0, first_id=employer, last_id=employer)
    runs.assess_slice(run_id=run.pk, number=0)
    run.refresh_from_db()
    return run


@transaction.atomic
def approve_correction(*, correction: Supersession, actor: User) -> Supersession:
    """The new assessment takes the place of the old one. Raises SecondPersonNeeded for whoever proposed it."""
    run = correction.new.run
    runs.refuse_disagreement(run)
    apply(run, CONFIRM, actor=actor, region_code=run.region_id, digest=run.digest)
    Supersession.objects.filter(pk=correction.pk, approved_at=None).update(approved_by=actor, approved_at=Now())
    _record("approve", correction, actor)
    correction.refresh_from_db()
    return correction


@transaction.atomic
def reject_correction(*, correction: Supersession, actor: User, reason: str) -> None:
    """The old assessment stays; the computed one goes, its run and trail remain."""
    run = correction.new.run
    apply(run, DISCARD, actor=actor, region_code=run.region_id, reason=reason)
    _record("reject", correction, actor, reason=reason)
    correction.delete()
    runs.delete_assessments(run)


def _record(step: str, correction: Supersession, actor: User, reason: str = "") -> None:
    old, new = correction.old, correction.new
    record(
        actor=actor,
        action=f"levy.correction.{step}",
        target=old,
        region_code=old.region_id,
        reason=reason or correction.reason,
        details={"new": new.pk, "ground": correction.ground, "from": str(old.payable), "to": str(new.payable)},
    )
