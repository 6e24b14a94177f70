"""更正: a confirmed assessment is never edited. A new one is computed from today's facts under the same policy
version, and replaces the old one when a second person approves. Both stay."""

import hashlib
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import apply, check
from levy.errors import (
    AgencyReopened,
    CorrectionChanged,
    CorrectionPending,
    CorrectionStale,
    HeadcountReopened,
    NothingToCorrect,
    ParametersMissing,
)
from levy.models import Assessment, AssessmentRun, AssessmentSlice, Supersession
from levy.models.runs import FINAL_STATES
from levy.rules import Assessed, assess
from levy.services import runs
from levy.services.explanations import explain
from levy.services.policy import terms_of
from levy.services.slices import facts_today
from levy.workflow import CHECK, CONFIRM, DISCARD
from quota.dispatch import agencies_of
from quota.enums import ReturnState
from quota.models import HeadcountReturn, VerifiedHeadcount

AT_THE_FEDERATION = [ReturnState.SUBMITTED, ReturnState.CHECKED, ReturnState.REVIEWED]


@dataclass(frozen=True, slots=True)
class Reassessment:
    """A confirmed result beside what today's facts would give under the same policy version. Nothing is stored."""

    before: Assessed
    after: Assessed

    @property
    def changes_anything(self) -> bool:
        return _figures(self.before) != _figures(self.after)

    @property
    def seen(self) -> str:
        """A digest of what a page shows: a proposal holds for exactly this."""
        return _digest(*_figures(self.before), *_figures(self.after))


def _figures(result: Assessed) -> tuple[object, ...]:
    figures = [(step.code, step.formula, step.value) for step in result.steps]
    return (str(result.outcome), *figures)


def _digest(*shown: object) -> str:
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def reassess(assessment: Assessment) -> Reassessment:
    """What a correction would change now. Raises ParametersMissing if the employer moved to a region that the policy
    version of its assessment does not know."""
    employer = assessment.employer
    version = assessment.run.policy_version
    if employer.region_id not in version.content["regions"]:
        raise ParametersMissing(_("单位已迁入本批次范围以外的地区，不能按原政策版本更正。"))
    facts = facts_today(employer, assessment.levy_year)
    return Reassessment(explain(assessment), assess(facts, terms_of(version, employer.region_id)))


def refuse_reopened(assessment: Assessment) -> None:
    """Raise HeadcountReopened while the federation decides anew on heads that it had verified, AgencyReopened while it
    does so at an agency whose people count here."""
    of_employer = VerifiedHeadcount.objects.filter(employer=OuterRef("employer"), levy_year=assessment.levy_year)
    at_work = HeadcountReturn.objects.filter(
        Exists(of_employer),
        ~Exists(of_employer.current()),
        levy_year=assessment.levy_year,
        is_in_force=True,
        state__in=AT_THE_FEDERATION,
    )
    if at_work.filter(employer=assessment.employer_id).exists():
        raise HeadcountReopened
    if at_work.filter(employer__in=agencies_of(assessment.employer_id, assessment.levy_year)).exists():
        raise AgencyReopened


def seen_by_reader(correction: Supersession) -> str:
    """A digest of what a page shows of a correction: an approval holds for exactly this (promise A10)."""
    new = correction.new
    return _digest(correction.pk, correction.old_id, new.pk, new.run.digest, correction.ground, correction.reason)


@transaction.atomic
def propose_correction(
    *, assessment: Assessment, ground: str, reason: str, actor: User, seen: str | None = None
) -> Supersession:
    """Compute what the employer owes by today's facts, as a correction waiting for a second person.

    `seen` is the digest of the figures that the person was shown. Raises PermissionMissing, ReasonMissing,
    TransitionNotAllowed for an assessment that is not in force, HeadcountReopened, AgencyReopened,
    NothingToCorrect, CorrectionChanged, and CorrectionPending while another correction of it waits or has replaced it.
    """
    if not actor.can(Permission.RUN_ASSESSMENT, assessment.region_id):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    if assessment.run.state not in FINAL_STATES:
        raise TransitionNotAllowed
    if Supersession.objects.filter(old=assessment).exists():
        raise CorrectionPending
    refuse_reopened(assessment)
    _refuse_unseen(reassess(assessment), seen)
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


def _refuse_unseen(reassessment: Reassessment, seen: str | None) -> None:
    if seen is not None and seen != reassessment.seen:
        raise CorrectionChanged
    if not reassessment.changes_anything:
        raise NothingToCorrect


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
def approve_correction(*, correction: Supersession, actor: User, seen: str | None = None) -> Supersession:
    """The new assessment takes the place of the old one.

    Raises SecondPersonNeeded for whoever proposed it, CorrectionChanged if it is not what the person was shown,
    CorrectionStale if the facts have moved since it was computed.
    """
    run = AssessmentRun.objects.select_for_update(of=("self",)).get(pk=correction.new.run_id)
    check(run, CONFIRM, actor=actor, region_code=run.region_id)
    if seen is not None and seen != seen_by_reader(correction):
        raise CorrectionChanged
    if is_stale(correction):
        raise CorrectionStale
    runs.refuse_disagreement(run)
    apply(run, CONFIRM, actor=actor, region_code=run.region_id, digest=run.digest)
    Supersession.objects.filter(pk=correction.pk, approved_at=None).update(approved_by=actor, approved_at=Now())
    _record("approve", correction, actor)
    correction.refresh_from_db()
    return correction


def is_stale(correction: Supersession) -> bool:
    """Whether today's facts no longer give the figures of a correction that waits."""
    return reassess(correction.new).changes_anything


@transaction.atomic
def reject_correction(*, correction: Supersession, actor: User, reason: str) -> None:
    """The old assessment stays; the computed one goes, its run and trail remain. Its proposer withdraws it so."""
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
