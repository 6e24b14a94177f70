"""The annual run. The ledger of slices in PostgreSQL decides what is left to do; Celery only makes it faster."""

from collections.abc import Iterator
from datetime import timedelta
from time import sleep

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Now

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import apply, check
from casework.decisions import unless_changed
from levy.errors import AssessedElsewhere, RunAlreadyConfirmed, RunAlreadyLive, RunIncomplete, TotalsDisagree
from levy.models import Assessment, AssessmentRun, AssessmentSlice, RunState, SliceState
from levy.models.runs import FINAL_STATES, LIVE_STATES, WORKER_LOST
from levy.queries.policy import terms_by_region
from levy.queries.progress import progress
from levy.services import interruptions
from levy.services.policy_versions import pin_policy
from levy.services.slices import DIGEST_MODULUS, other_final_runs, write_slice
from levy.workflow import CHECK, CONFIRM, DISCARD
from quota.models import Employer

SLICE_EMPLOYERS = 20_000
MAX_ATTEMPTS = 3
MAX_UNENDED_STARTS = 6  # more than a bad night's restarts cause at a sound slice
RESEND_AFTER = timedelta(seconds=30)
MAX_IN_QUEUE = 60
POLL_SECONDS = 0.3
EMPLOYERS_NAMED = 3

CUT_SLICES = """
INSERT INTO levy_assessmentslice (run_id, number, first_id, last_id, state, attempts, employer_count, digest, error)
SELECT %s, part, min(id), max(id), 'todo', 0, 0, '', '' FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS part FROM quota_employer WHERE region_id LIKE %s
) cut GROUP BY part
"""


@transaction.atomic
def start_run(
    *, levy_year: int, region: Region, actor: User | None, slice_employers: int = SLICE_EMPLOYERS
) -> AssessmentRun:
    """Create a run with its slices and pinned policy. It computes nothing yet: send_slices or work_off do that.

    Raises RunAlreadyLive if a live run of the year covers part of the region, RunAlreadyConfirmed if a confirmed one
    does, ParametersMissing, PolicyYearMissing, PermissionMissing.
    """
    if actor is not None and not actor.can(Permission.RUN_ASSESSMENT, region.code):
        raise PermissionMissing
    _refuse_overlap(levy_year, region, [*LIVE_STATES, *FINAL_STATES])
    employers = Employer.objects.in_region(region.code)
    version = pin_policy(levy_year, employers.values_list("region_id", flat=True).distinct().order_by())
    run = AssessmentRun(levy_year=levy_year, region=region, policy_version=version, started_by=actor)
    assessed = Assessment.objects.filter(employer=OuterRef("pk"), run__in=other_final_runs(run))
    run.employer_count = employers.filter(~Exists(assessed)).count()
    run.save()
    _cut_slices(run, slice_employers)
    record(
        actor=actor,
        action="levy.assessmentrun.start",
        target=run,
        region_code=region.code,
        details={"levy_year": levy_year, "policy_version": str(version), "employers": run.employer_count},
    )
    return run


def _refuse_overlap(levy_year: int, region: Region, states: list[str], *, besides: int | None = None) -> None:
    """Refuse if a run of the region, or of one above or below, is in these states."""
    # Overlapping regions have no common row but their province's: it is the lock for all of them.
    province = Region.objects.select_for_update(of=("self",), no_key=True).filter(code=f"{region.code[:2]}0000")
    list(province)
    runs = AssessmentRun.objects.filter(levy_year=levy_year, state__in=states, is_correction=False).exclude(pk=besides)
    for run in runs.select_related("region").order_by("pk"):
        if run.region.contains(region.code) or region.contains(run.region_id):
            raise RunAlreadyConfirmed(run) if run.state in FINAL_STATES else RunAlreadyLive(run.pk)


def _cut_slices(run: AssessmentRun, size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CUT_SLICES, [run.pk, size, f"{run.region.prefix}%"])


def assess_slice(*, run_id: int, number: int) -> None:
    """Do one slice, unless another worker has it, it is done or its run pauses. A repetition changes nothing.

    After a lost connection or a full disk the slice stays to be done and the run pauses (services.interruptions). Any
    other failure counts an attempt; the third puts the slice aside, so that one bad row does not stop a province. A
    slice whose worker dies too often is put aside too.
    """
    try:
        if not _note_start(run_id, number):
            return
        _do_slice(run_id, number)
    except (OperationalError, InterfaceError) as failure:
        interruptions.note_interruption(run_id, number, failure)
        raise
    except Exception as failure:
        _note_failure(run_id, number, failure)
        raise
    interruptions.forget_interruptions(run_id)
    finish_if_complete(run_id)


def _to_do(run_id: int, number: int) -> QuerySet[AssessmentSlice]:
    """The slice, locked, if it must be done now and no other worker has it."""
    # A message may come twice, and the sweeper sends again: a second worker finds the row locked and stops.
    return (
        AssessmentSlice.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(run_id=run_id, number=number, state=SliceState.TODO, run__state=RunState.COMPUTING)
        .exclude(run__paused_until__gt=Now())
    )


def _note_start(run_id: int, number: int) -> bool:
    """Count the start in a separate transaction, so that the count survives the worker. False: nothing to do."""
    # Two counters, because a slice fails in two ways. `attempts` counts failures that Python saw. `unended_starts` is
    # raised before the work and reset after it, so it counts workers that were killed during it. Its limit is higher,
    # because a restart of the machine also ends sound slices. The lock ends here and is taken again in _do_slice. If
    # another worker comes in between, this one finds nothing to do there; its start is counted until the slice ends.
    with transaction.atomic():
        part = _to_do(run_id, number).first()
        if part is None:
            return False
        is_deadly = part.unended_starts >= MAX_UNENDED_STARTS
        if is_deadly:
            part.state, part.error = SliceState.QUARANTINED, WORKER_LOST
        else:
            part.unended_starts += 1
        part.save(update_fields=["state", "error", "unended_starts"])
    if is_deadly:
        finish_if_complete(run_id)
    return not is_deadly


@transaction.atomic
def _do_slice(run_id: int, number: int) -> None:
    part = _to_do(run_id, number).select_related("run__region", "run__policy_version").first()
    if part is None:
        return
    with connection.wrap_database_errors:  # Django does not wrap the errors of COPY itself
        totals = write_slice(part.run, part, terms_by_region(part.run.policy_version))
    if not _may_take_rows(run_id):  # last, so that a step of the run need not wait for the computation
        transaction.set_rollback(True)
        return
    AssessmentSlice.objects.filter(pk=part.pk).update(
        state=SliceState.DONE,
        done_at=Now(),
        unended_starts=0,
        employer_count=totals.employers,
        payable_total=totals.payable,
        digest=f"{totals.digest:032x}",
    )


def _may_take_rows(run_id: int) -> bool:
    """True if the run still computes: it may have been discarded while the slice was written.

    From here on a discard waits for the rows and deletes them; other slices of the run do not wait.
    """
    # SHARE, not KEY SHARE: a step locks the run's row with NO KEY UPDATE, and only SHARE conflicts with that.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM levy_assessmentrun WHERE id = %s AND state = %s FOR SHARE", [run_id, RunState.COMPUTING]
        )
        return cursor.fetchone() is not None


def _note_failure(run_id: int, number: int, failure: Exception) -> None:
    """Count an attempt; the last one puts the slice aside. Stores only the kind of failure: its message may contain
    data."""
    # In one statement: a worker past its time limit may be killed after each one.
    AssessmentSlice.objects.filter(run_id=run_id, number=number, state=SliceState.TODO).update(
        attempts=F("attempts") + 1,
        unended_starts=0,
        error=type(failure).__name__,
        state=Case(When(attempts__gte=MAX_ATTEMPTS - 1, then=Value(SliceState.QUARANTINED)), default=F("state")),
    )
    finish_if_complete(run_id)


@transaction.atomic
def finish_if_complete(run_id: int) -> None:
    """Close the run when no slice is left: draft with its totals, or partial if slices were put aside."""
    run = AssessmentRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run_id)
    slices = run.slices.all()
    if run.state != RunState.COMPUTING or slices.filter(state=SliceState.TODO).exists():
        return
    is_partial = slices.filter(state=SliceState.QUARANTINED).exists()
    totals = slices.filter(state=SliceState.DONE).aggregate(
        employers=Sum("employer_count"), payable=Sum("payable_total")
    )
    # A sum does not depend on the order of the slices, so two runs of the same facts have the same digest.
    digest = sum(int(part, 16) for part in slices.exclude(digest="").values_list("digest", flat=True))
    run.state = RunState.PARTIAL if is_partial else RunState.DRAFT
    run.employer_count = totals["employers"] or 0
    run.payable_total = totals["payable"] or 0
    run.digest = f"{digest % DIGEST_MODULUS:032x}"
    run.finished_at = Now()
    run.save(update_fields=["state", "employer_count", "payable_total", "digest", "finished_at"])


def finish_complete_runs() -> None:
    """Close runs whose last worker died after its slice but before closing the run."""
    computing = AssessmentRun.objects.filter(state=RunState.COMPUTING)
    for run_id in computing.exclude(slices__state=SliceState.TODO).values_list("pk", flat=True):
        finish_if_complete(run_id)


def work_off(run: AssessmentRun) -> Iterator[dict[str, int]]:
    """Do the run's slices in this process beside any workers, yielding the progress after each, until the run is
    closed."""
    while run.state == RunState.COMPUTING:
        for number in run.slices.filter(state=SliceState.TODO).values_list("number", flat=True):
            assess_slice(run_id=run.pk, number=number)
            yield progress(run)
        finish_if_complete(run.pk)
        run.refresh_from_db()
        if run.state == RunState.COMPUTING:
            sleep(POLL_SECONDS)  # other workers have the rest
            yield progress(run)


def due_slices(run_id: int | None = None) -> list[tuple[int, int]]:
    """Claim slices that are to be done and were not sent lately: (run, number), at most a queue's length."""
    with transaction.atomic():
        due = (
            AssessmentSlice.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(Q(sent_at=None) | Q(sent_at__lt=Now() - RESEND_AFTER))
            .filter(state=SliceState.TODO, run__state=RunState.COMPUTING)
            .exclude(run__paused_until__gt=Now())
            .order_by("run", "number")
        )
        if run_id is not None:
            due = due.filter(run=run_id)
        chosen = list(due[:MAX_IN_QUEUE])
        AssessmentSlice.objects.filter(pk__in=[part.pk for part in chosen]).update(sent_at=Now())
    return [(part.run_id, part.number) for part in chosen]


def shown_of_run(run: AssessmentRun) -> tuple[object, ...]:
    """The values on the page of a step: the step is valid for exactly these (promise A10)."""
    return (run.pk, run.state, run.employer_count, run.payable_total, run.digest)


def check_run(*, run: AssessmentRun, actor: User, seen: str | None = None) -> AssessmentRun:
    """核对: an officer has compared the totals. `seen` is the digest of those shown; raises MatterChanged."""
    with transaction.atomic():
        _refuse_correction(run)
        expect = unless_changed(seen, shown_of_run)
        return apply(run, CHECK, actor=actor, region_code=run.region_id, expect=expect)


def confirm_run(*, run: AssessmentRun, actor: User, seen: str | None = None) -> AssessmentRun:
    """核定, by another person than the one who checked. Recomputes the totals from the rows in the same transaction.

    Raises TotalsDisagree, RunIncomplete, RunAlreadyLive, AssessedElsewhere, MatterChanged, and what
    audit.workflow.apply raises.
    """
    expect = unless_changed(seen, shown_of_run)
    with transaction.atomic():
        _refuse_correction(run)
        _refuse_overlap(run.levy_year, run.region, FINAL_STATES, besides=run.pk)
        _refuse_assessed_elsewhere(run)
        if AssessmentRun.objects.filter(pk=run.pk, state=RunState.DISCARDED).exists():
            raise TransitionNotAllowed  # its rows are gone, so the error would be TotalsDisagree
        refuse_disagreement(run)
        try:
            with transaction.atomic():
                return apply(run, CONFIRM, actor=actor, region_code=run.region_id, expect=expect, digest=run.digest)
        except IntegrityError:  # the trigger found a supplement that was approved after the check above
            _refuse_assessed_elsewhere(run)
            raise


def _refuse_assessed_elsewhere(run: AssessmentRun) -> None:
    """Refuse employers that another confirmed run has too, because they moved while both were open. The province's
    lock decides which run is first."""
    if others := other_final_runs(run):
        elsewhere = Assessment.objects.filter(employer=OuterRef("employer"), run__in=others)
        found = run.assessments.filter(Exists(elsewhere)).order_by("employer__uscc")
        if count := found.count():
            raise AssessedElsewhere(count, found.values_list("employer__name", flat=True)[:EMPLOYERS_NAMED])


def refuse_disagreement(run: AssessmentRun) -> None:
    """Raise TotalsDisagree unless rows, slices and run agree, RunIncomplete while a slice is missing."""
    if run.slices.exclude(state=SliceState.DONE).exists():
        raise RunIncomplete
    stored = run.assessments.aggregate(rows=Count("pk"), payable=Sum("payable", default=0))
    parts = run.slices.aggregate(rows=Sum("employer_count", default=0), payable=Sum("payable_total", default=0))
    if stored != parts or (run.employer_count, run.payable_total) != (stored["rows"], stored["payable"]):
        raise TotalsDisagree


def discard_run(*, run: AssessmentRun, actor: User, reason: str) -> AssessmentRun:
    """Discard an unconfirmed run: delete its rows, keep the run and its trail."""
    with transaction.atomic():
        _refuse_correction(run)
        locked = AssessmentRun.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
        check(locked, DISCARD, actor=actor, region_code=run.region_id, reason=reason)
        delete_assessments(run)  # before apply locks the trail: otherwise every other record would wait for it
        return apply(run, DISCARD, actor=actor, region_code=run.region_id, reason=reason)


def _refuse_correction(run: AssessmentRun) -> None:
    """The run of a single correction is decided with the correction (services.corrections), never alone."""
    if run.is_correction:
        raise TransitionNotAllowed


def delete_assessments(run: AssessmentRun) -> None:
    """In one statement: there may be a million rows, and no row points at those of an unconfirmed run."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM levy_assessment WHERE run_id = %s", [run.pk])
