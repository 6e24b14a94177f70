"""The confirmed years: verified by two people, assessed, confirmed, handed over to the tax bureau and largely paid."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from django.db import transaction

from accounts.models import Region
from collection.models import Payment
from demo.chance import Weighted, below
from demo.officers import person
from demo.places import PROVINCE
from disclosure.models import Publication, PublicationState
from disclosure.services import publications
from levy.models import Assessment, AssessmentRun, RunState, Supersession
from levy.models.assessments import OutcomeCode
from levy.services import corrections, runs
from quota.models import HeadcountReturn
from quota.services.batches import verify_region
from quota.services.checks import run_checks

Tell = Callable[[str], None]

FEN = Decimal("0.01")
FEWER_STAFF = 2  # a month, by the register that the objecting unit brings
HABITS = Weighted(
    [(840, "in full"), (50, "in two parts"), (35, "late"), (30, "part"), (35, "not at all"), (10, "too much")]
)
BUDGET_LEVELS = Weighted([(70, "县区级"), (20, "市级"), (10, "省级")])


def check(levy_year: int, tell: Tell) -> None:
    """Check the province's claims against the registers."""
    run_checks(
        levy_year=levy_year, region_code=PROVINCE, on_progress=lambda done, total: tell(f"核对 {done:,}/{total:,}条")
    )


def verify(levy_year: int, region_code: str, tell: Tell, *, accept_computed: bool = True) -> None:
    """Verify a region's checked returns in the names of two verifiers: by the computed count, or the sound ones."""
    verify_region(
        levy_year=levy_year,
        region=Region.objects.get(code=region_code),
        first=person("verifier1"),
        second=person("verifier2"),
        accept_computed=accept_computed,
        on_progress=lambda done, total: tell(f"认定 {done}/{total}个地区"),
    )


def assess(levy_year: int, tell: Tell) -> None:
    """Compute, check, confirm and hand over the province's run, going on with the one an interrupted fill left."""
    run = computed_run(levy_year, PROVINCE, tell)
    if run.state == RunState.DRAFT:
        run = runs.check_run(run=run, actor=person("levy1"))
    if run.state == RunState.CHECKED:
        run = runs.confirm_run(run=run, actor=person("levy2"))
    if run.state == RunState.CONFIRMED:
        runs.hand_over_run(run=run, actor=person("tax"))


def computed_run(levy_year: int, region_code: str, tell: Tell) -> AssessmentRun:
    """The year's run of the region, started if there is none, with every slice done in this process."""
    runs_so_far = AssessmentRun.objects.filter(levy_year=levy_year, region=region_code, is_correction=False)
    run = runs_so_far.exclude(state=RunState.DISCARDED).first() or runs.start_run(
        levy_year=levy_year, region=Region.objects.get(code=region_code), actor=person("levy1")
    )
    for progress in runs.work_off(run):
        tell(f"核定 {progress['employers']:,}/{run.employer_count:,}户")
    return run


@transaction.atomic
def pay(levy_year: int, seed: int) -> None:
    """Payments for what was assessed: most in full and in time, some in parts, late, twice or not at all."""
    rng = Random(f"{seed} payments {levy_year}")
    due = Assessment.objects.current().filter(levy_year=levy_year, payable__gt=0).order_by("employer_id")
    payments: list[Payment] = []
    for employer, payable in due.values_list("employer_id", "payable").iterator():
        for amount, received in _receipts(rng, payable, levy_year + 1):
            payments.append(
                Payment(
                    receipt_number=f"314{levy_year}{len(payments) + 1:011}",
                    employer_id=employer,
                    levy_year=levy_year,
                    amount=amount,
                    received_on=received,
                    budget_level=BUDGET_LEVELS.draw(rng),
                )
            )
    Payment.objects.bulk_create(payments, batch_size=5000)


def _receipts(rng: Random, payable: Decimal, year: int) -> Iterator[tuple[Decimal, date]]:
    habit = HABITS.draw(rng)
    in_time = date(year, 8, 1) + timedelta(days=below(rng, 120))
    later = date(year, 12, 5) + timedelta(days=below(rng, 70))
    if habit == "in full":
        yield payable, in_time
    elif habit == "late":
        yield payable, later
    elif habit == "part":
        yield _half(payable), in_time
    elif habit == "in two parts":
        yield _half(payable), in_time
        if payable > FEN:
            yield payable - _half(payable), later
    elif habit == "too much":
        yield payable * 2, in_time
        yield -payable, later  # refunded


def publish(levy_year: int) -> None:
    """Freeze the year and publish it by a second person, going on with what an interrupted fill prepared."""
    published = Publication.objects.filter(levy_year=levy_year, region=PROVINCE, state=PublicationState.PUBLISHED)
    if not published.exists():
        publication = prepared_publication(levy_year)
        publications.PUBLICATIONS.approve(publication, actor=person("finance2"))


def prepared_publication(levy_year: int) -> Publication:
    """A draft of the province's publication, ready for a second person to look at."""
    unfinished = Publication.objects.filter(
        levy_year=levy_year, region=PROVINCE, state__in=[PublicationState.PREPARING, PublicationState.DRAFT]
    )
    publication = unfinished.first() or publications.start_publication(
        levy_year=levy_year, region=Region.objects.get(code=PROVINCE), actor=person("finance1")
    )
    publications.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    return publication


def correct(levy_year: int) -> None:
    """Two units object: one was corrected by two people, the other's correction waits for the second."""
    returns = HeadcountReturn.objects.in_force().filter(levy_year=levy_year, staff_by_month__0__gt=FEWER_STAFF)
    assessments = Assessment.objects.current().filter(
        levy_year=levy_year, outcome=OutcomeCode.NINETY, employer__in=returns.values("employer")
    )
    first, second = assessments.select_related("employer__region", "run__policy_version").order_by("employer_id")[:2]
    done = _propose(first, "单位补充提供在职职工花名册，经核实后重新计算。")
    corrections.CORRECTIONS.approve(done, actor=person("levy2"))
    _propose(second, "单位对在职职工人数提出异议，附社会保险缴费明细。")


def _propose(assessment: Assessment, reason: str) -> Supersession:
    filed = assessment.employer.returns.in_force().get(levy_year=assessment.levy_year)
    filed.staff_by_month = [max(staff - FEWER_STAFF, 1) for staff in filed.staff_by_month]
    filed.staff_months = sum(filed.staff_by_month)
    filed.save(update_fields=["staff_by_month", "staff_months"])
    return corrections.propose_correction(
        assessment=assessment, ground=Supersession.Ground.OBJECTION, reason=reason, actor=person("levy1")
    )


def _half(amount: Decimal) -> Decimal:
    return (amount / 2).quantize(FEN, ROUND_HALF_UP)
