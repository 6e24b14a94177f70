"""The open year: something to do in every queue of every office."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from audit.services import record
from demo.closed_years import Tell, check, computed_run, verify
from demo.officers import EMPLOYER, nearest
from demo.places import DISTRICT, TRIAL_PREFECTURE
from demo.units import CLOSED_YEARS, OPEN_YEAR
from law.codes import EntityType
from law.counting import Reason
from quota.enums import DecisionReason, ReturnSource, ReturnState
from quota.models import Employer, HeadcountReturn, Membership, Placement, PlacementCheck
from quota.queries.verification import results_of
from quota.services.verification import decide_placement, review_return, send_back, verify_return

STRAIGHT_THROUGH = "140200"  # a prefecture whose sound returns are accepted, so that only the others are left
WITH_PEOPLE, WITHOUT_PEOPLE = 240, 60  # how many returns somebody has worked on already
UNCHECKED = 12
LATE_MOMENT = datetime(2026, 11, 12, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
EVIDENCE_MAY_COME = {Reason.WAGE_NO_DATA, Reason.INSURANCE_NO_DATA}

SEND_BACK_REASONS = (
    "2名残疾职工无工资记录，请补充银行代发凭证。",
    "申报的在职职工人数与社会保险参保人数相差较大，请核实后重新提交。",
    "残疾人证已过有效期，请先换领新证再申报该职工。",
)

# A draft starts from last year's people whose contracts go on.
DRAFT_PEOPLE = """
INSERT INTO quota_draftplacement (
    headcount_return_id, name, person_key, identity_encrypted, born_on, is_female, certificate_kind, certificate_key,
    certificate_encrypted, form, contract_start, contract_end, post
)
SELECT r.id, p.name, p.person_key, p.identity_encrypted, p.born_on, p.is_female, p.certificate_kind, p.certificate_key,
    p.certificate_encrypted, p.form, p.contract_start, p.contract_end, p.post
FROM quota_headcountreturn r JOIN quota_placement p ON p.employer_id = r.employer_id AND p.levy_year = %(before)s
WHERE r.state = 'draft' AND r.levy_year = %(year)s AND (p.contract_end IS NULL OR p.contract_end >= %(january)s)
ORDER BY p.id
"""


def check_and_verify(tell: Tell) -> None:
    """Check everything filed; decide one prefecture completely and accept the sound returns of another."""
    check(OPEN_YEAR, tell)
    verify(OPEN_YEAR, TRIAL_PREFECTURE, tell)
    verify(OPEN_YEAR, STRAIGHT_THROUGH, tell, accept_computed=False)


def trial_run(tell: Tell) -> None:
    """A draft of one prefecture's run, waiting for somebody to compare its totals."""
    computed_run(OPEN_YEAR, TRIAL_PREFECTURE, tell)


def draft_people() -> None:
    """Give the drafts the people their employers would start from."""
    names = {"year": OPEN_YEAR, "before": CLOSED_YEARS[-1], "january": date(OPEN_YEAR, 1, 1)}
    with connection.cursor() as cursor:
        cursor.execute(DRAFT_PEOPLE, names)


def work_on_cases() -> None:
    """Some returns verified, some waiting for the second person, some sent back; most still wait for the first."""
    for number, filed in enumerate(_cases()):
        _work_on(number, filed)


def _cases() -> Iterable[HeadcountReturn]:
    """Checked returns, those with people first, and among them those of the district."""
    waiting = HeadcountReturn.objects.filter(levy_year=OPEN_YEAR, state=ReturnState.CHECKED)
    waiting = waiting.select_related("employer").order_by("employer_id")
    own, others = waiting.filter(employer__region=DISTRICT), waiting.exclude(employer__region=DISTRICT)
    with_people, without = {"claimed_months__gt": 0}, {"claimed_months": 0}
    chosen = (
        own.filter(**with_people)[: WITH_PEOPLE // 2],
        others.filter(**with_people)[: WITH_PEOPLE // 2],
        own.filter(**without)[: WITHOUT_PEOPLE // 2],
        others.filter(**without)[: WITHOUT_PEOPLE // 2],
    )
    return list(chain.from_iterable(chosen))


def _work_on(number: int, filed: HeadcountReturn) -> None:
    """One case in six each: reviewed, decided and reviewed, sent back, verified; the other two stay untouched."""
    first, second = (nearest(name, filed.employer.region_id) for name in ("verifier1", "verifier2"))
    step = number % 6
    if step == 2:
        send_back(headcount_return=filed, reason=SEND_BACK_REASONS[number // 6 % len(SEND_BACK_REASONS)], actor=first)
    elif step < 4:
        if step == 1:
            _accept_evidence(filed, first)
        review_return(headcount_return=filed, actor=first)
        if step == 3:
            verify_return(headcount_return=filed, actor=second)


def _accept_evidence(filed: HeadcountReturn, officer: User) -> None:
    """Count the months that lack only data, on the papers the employer handed in."""
    if filed.is_late:
        return
    for result in results_of(filed).select_related("placement__employer").order_by("pk"):
        lacking = [reason in EVIDENCE_MAY_COME for reason in result.reasons]
        if any(lacking) and not _is_claimed_twice(result):
            decide_placement(
                placement=result.placement,
                decided=[
                    result.weight if is_lacking else months
                    for is_lacking, months in zip(lacking, result.computed, strict=True)
                ],
                actor=officer,
                reason=DecisionReason.EVIDENCE_ACCEPTED,
                note="单位补充了银行代发流水和社会保险缴费证明。",
            )


def _is_claimed_twice(result: PlacementCheck) -> bool:
    person = Placement.objects.filter(levy_year=OPEN_YEAR, person_key=result.placement.person_key)
    return person.count() > 1


def late_arrivals() -> None:
    """Returns that came in after the last check, too late: nobody has looked at them yet."""
    filed = HeadcountReturn.objects.filter(employer=OuterRef("employer"), levy_year=OPEN_YEAR)
    last_year = HeadcountReturn.objects.filter(~Exists(filed), levy_year=CLOSED_YEARS[-1], is_in_force=True)
    HeadcountReturn.objects.bulk_create(
        HeadcountReturn(
            employer_id=earlier.employer_id,
            levy_year=OPEN_YEAR,
            filed_on=LATE_MOMENT.date(),
            is_late=True,
            is_in_force=True,
            source=ReturnSource.WINDOW,
            staff_by_month=earlier.staff_by_month,
            staff_months=earlier.staff_months,
            total_wages=earlier.total_wages,
            state=ReturnState.SUBMITTED,
            submitted_at=LATE_MOMENT,
        )
        for earlier in last_year.order_by("employer_id")[:UNCHECKED]
    )


def give_employer_account() -> None:
    """Let one clerk act for a few units of the district whose returns are in different states."""
    clerk = User.objects.get(username=EMPLOYER)
    units = Employer.objects.filter(region=DISTRICT).exclude(entity_type=EntityType.SOLE_TRADER)
    of_year = Q(returns__levy_year=OPEN_YEAR)
    wanted = (
        of_year & Q(returns__state=ReturnState.SENT_BACK),
        of_year & Q(returns__state=ReturnState.REVIEWED, returns__claimed_months__gt=0),
        of_year & Q(returns__state=ReturnState.DRAFT),
        Q(verified_headcounts__credited_months__gt=0),
    )
    found = [units.filter(one).order_by("pk").first() for one in wanted]
    largest = units.order_by(F("registered_staff").desc(nulls_last=True), "pk")[:2]
    for unit in dict.fromkeys(filter(None, [*found, *largest])):
        Membership.objects.create(user=clerk, employer=unit)
        record(actor=None, action="quota.membership.start", target=unit, region_code=unit.region_id)
