"""Two officers' work on a checked return: decide months, review, verify, send back, reopen."""

import logging
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from accounts.identity import decrypt
from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded
from audit.models import AuditEntry
from audit.services import record
from audit.workflow import Transition, apply, check
from casework.decisions import unless_changed
from law.counting import MONTHS, Reason
from quota.enums import DecisionReason
from quota.errors import CaseChanged, DecisionRefused
from quota.models import HeadcountReturn, Placement, PlacementCheck, VerifiedHeadcount
from quota.queries.origins import origins_of
from quota.queries.verification import decided_months, decision_seen, results_of, shown_of_return
from quota.services.checks import hold_checks, settle_transfers
from quota.services.filing import copy_to_draft
from quota.workflow import REOPEN, RETURN_TO_REVIEW, REVIEW, SEND_BACK, VERIFY

logger = logging.getLogger(__name__)
REVEALS_A_DAY = 50

NEXT_NUMBER = """
INSERT INTO quota_headcountseries AS s (region_id, year, last)
VALUES (%(region)s, extract(year FROM now() AT TIME ZONE 'Asia/Shanghai'), 1)
ON CONFLICT (region_id, year) DO UPDATE SET last = s.last + 1
RETURNING headcount_number(year, region_id, last)
"""


@transaction.atomic
def decide_placement(
    *,
    placement: Placement,
    decided: Sequence[int],
    actor: User,
    reason: DecisionReason | str = "",
    note: str = "",
    seen: str | None = None,
) -> PlacementCheck:
    """Decide a placement's twelve months, as a part of the first review. Deciding the computed months takes the
    decision back.

    `seen` is decision_seen() of the page: CaseChanged if somebody decided meanwhile (promise A8). Raises
    DecisionRefused, ReasonMissing for a difference without a reason, and the errors of the review itself.
    """
    hold_checks(placement.levy_year, as_one_of_many=True)
    filed = _locked_return(placement)
    _check(filed, REVIEW, actor)
    result = _locked_result(placement)
    if seen is not None and seen != decision_seen(result):
        raise CaseChanged
    _refuse_impossible(filed, result, decided)
    before = result.decided
    if list(decided) == result.computed:
        reason, note = "", ""
    elif reason not in DecisionReason.values:
        raise ReasonMissing(_("认定与系统核算不同的，须选择理由。"))
    result.decided, result.decision_reason, result.decision_note = list(decided), str(reason), note.strip()
    result.decided_by = actor if reason else None
    result.decided_at = Now() if reason else None
    result.save(update_fields=["decided", "decision_reason", "decision_note", "decided_by", "decided_at"])
    record(
        actor=actor,
        action="quota.headcountreturn.decide",
        target=filed,
        region_code=placement.employer.region_id,
        reason=result.decision_note,
        details={"placement": placement.pk, "code": str(reason), "from": before, "to": list(decided)},
    )
    return result


def _locked_return(placement: Placement) -> HeadcountReturn:
    returns = HeadcountReturn.objects.select_for_update(of=("self",), no_key=True).in_force()
    filed = returns.filter(employer=placement.employer_id, levy_year=placement.levy_year).first()
    if filed is None:
        raise DecisionRefused(_("单位没有申报，视为未安排残疾人就业，不能认定人月。"))
    return filed


def _locked_result(placement: Placement) -> PlacementCheck:
    """The placement's own row. Locks all rows of the person, because no month may be decided twice at once."""
    rows = PlacementCheck.objects.select_for_update(of=("self",), no_key=True).filter(
        placement__person_key__in=Placement.objects.filter(pk=placement.pk).values("person_key"),
        placement__levy_year=placement.levy_year,
    )
    for row in rows.order_by("pk"):
        if row.pk == placement.pk:
            return row
    raise DecisionRefused(_("这一条还没有核对，请稍后再办。"))


def _refuse_impossible(filed: HeadcountReturn, result: PlacementCheck, decided: Sequence[int]) -> None:
    if len(decided) != MONTHS or not set(decided) <= {0, result.weight}:
        raise DecisionRefused(_("每月只能认定0或%(weight)s人月。") % {"weight": result.weight})
    counted = [month for month in range(MONTHS) if decided[month]]
    if counted and filed.is_late:
        raise DecisionRefused(_("逾期申报，视为未安排残疾人就业（财税〔2015〕72号第十二条），不能认定人月。"))
    if outside := [month for month in counted if result.reasons[month] == Reason.OUTSIDE_CONTRACT]:
        raise DecisionRefused(_("%(month)s月不在合同期内，不能认定。") % {"month": outside[0] + 1})
    elsewhere = _months_counted_elsewhere(result)
    if twice := [month for month in counted if month in elsewhere]:
        raise DecisionRefused(
            _("%(month)s月已在本人的另一条申报中计入，同一人同一月只能计入一次。") % {"month": twice[0] + 1}
        )


def _months_counted_elsewhere(result: PlacementCheck) -> set[int]:
    others = PlacementCheck.objects.filter(
        placement__person_key=result.placement.person_key, placement__levy_year=result.placement.levy_year
    ).exclude(pk=result.pk)
    return {month for other in others.order_by("pk") for month in range(MONTHS) if other.decided[month]}


@transaction.atomic
def review_return(*, headcount_return: HeadcountReturn, actor: User, seen: str | None = None) -> HeadcountReturn:
    """初审: hand the decided months to a second person.

    `seen` is the digest of the page. Raises CaseChanged if the return has changed since, SecondPersonNeeded for a
    person who loaded its evidence or issued its sign-in code, and the errors of audit.workflow.apply.
    """
    hold_checks(headcount_return.levy_year, as_one_of_many=True)
    filed = _locked(headcount_return)
    _check(filed, REVIEW, actor)
    unless_changed(seen, shown_of_return, CaseChanged)(filed)
    region_code = filed.employer.region_id
    return apply(filed, REVIEW, actor=actor, region_code=region_code, credited_months=decided_months(filed))


def _check(filed: HeadcountReturn, step: Transition, actor: User) -> None:
    """Raise what refuses a review by this person: audit.workflow.check, and a hand of the person in the evidence."""
    check(filed, step, actor=actor, region_code=filed.employer.region_id)
    if bar := origins_of(filed).bar(actor):
        raise SecondPersonNeeded(bar)


@transaction.atomic
def verify_return(*, headcount_return: HeadcountReturn, actor: User, seen: str | None = None) -> VerifiedHeadcount:
    """复审: issue the numbered 审核认定书 over the decided months. A late return is credited none.

    Raises SecondPersonNeeded also for a person who decided some of the months, and the errors of review_return.
    """
    hold_checks(headcount_return.levy_year, as_one_of_many=True)
    filed = _locked(headcount_return)
    region_code = filed.employer.region_id
    _check(filed, VERIFY, actor)
    unless_changed(seen, shown_of_return, CaseChanged)(filed)
    if results_of(filed).filter(decided_by=actor).exists():
        raise SecondPersonNeeded
    headcount = VerifiedHeadcount.objects.create(
        headcount_return=filed,
        employer=filed.employer,
        levy_year=filed.levy_year,
        number=next_number(region_code),
        claimed_months=filed.claimed_months,
        computed_months=filed.computed_months,
        credited_months=0 if filed.is_late else decided_months(filed),
        issued_at=Now(),
        first_by=filed.reviewed_by,
        second_by=actor,
    )
    headcount.refresh_from_db()
    settle_transfers(levy_year=filed.levy_year, employer_ids=[filed.employer_id])
    apply(
        filed,
        VERIFY,
        actor=actor,
        region_code=region_code,
        number=headcount.number,
        credited_months=headcount.credited_months,
    )
    return headcount


@transaction.atomic
def send_back(
    *, headcount_return: HeadcountReturn, reason: str, actor: User, people: Sequence[tuple[str, str]] = ()
) -> HeadcountReturn:
    """退回补正: the employer may change the return again; its filing day stays if it answers within
    law.counting.answer_by. Raises the errors of apply.

    `people` pairs names with the missing points. Only readers with the right to see persons may read them, so the
    trail, which the tax bureau reads too, gets the general reason alone.
    """
    hold_checks(headcount_return.levy_year, as_one_of_many=True)
    filed = _locked(headcount_return)
    check(filed, SEND_BACK, actor=actor, region_code=filed.employer.region_id, reason=reason)
    HeadcountReturn.objects.filter(pk=filed.pk).update(
        sent_back_reason=_told(reason, people), draft_staff_by_month=None, draft_total_wages=None
    )
    filed.draft_placements.all().delete()
    copy_to_draft(filed, filed.employer.placements.filter(levy_year=filed.levy_year))
    return apply(filed, SEND_BACK, actor=actor, region_code=filed.employer.region_id, reason=reason)


def _told(reason: str, people: Sequence[tuple[str, str]]) -> str:
    return "\n".join([reason.strip(), *(f"{name}：{lack}" for name, lack in people)])


@transaction.atomic
def return_to_review(*, headcount_return: HeadcountReturn, reason: str, actor: User) -> HeadcountReturn:
    """退回初审, after a new check: the first person takes the step back, or the second person does not agree.

    Raises the errors of apply.
    """
    hold_checks(headcount_return.levy_year, as_one_of_many=True)
    region_code = headcount_return.employer.region_id
    return apply(headcount_return, RETURN_TO_REVIEW, actor=actor, region_code=region_code, reason=reason)


@transaction.atomic
def reopen_return(*, headcount_return: HeadcountReturn, reason: str, actor: User) -> HeadcountReturn:
    """重新认定: withdraw the 审核认定书 and start again, with a new check first. Raises the errors of apply."""
    hold_checks(headcount_return.levy_year, as_one_of_many=True)
    reopened = apply(
        headcount_return, REOPEN, actor=actor, region_code=headcount_return.employer.region_id, reason=reason
    )
    reopened.verified_headcounts.current().update(withdrawn_at=Now())
    return reopened


def _locked(headcount_return: HeadcountReturn) -> HeadcountReturn:
    return HeadcountReturn.objects.select_for_update(of=("self",), no_key=True).get(pk=headcount_return.pk)


def next_number(region_code: str) -> str:
    """The county's next 审核认定书 number of this year. A transaction that fails gives it back."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, {"region": region_code})
        return cursor.fetchone()[0]


@transaction.atomic
def reveal_identity(*, placement: Placement, reason: str, actor: User) -> str:
    """The whole identity number, once, for a stated reason. Records reader, person and reason, not the number (E3).

    Raises PermissionMissing, ReasonMissing.
    """
    region_code = placement.employer.region_id
    if not actor.can(Permission.REVEAL_IDENTITY, region_code):
        raise PermissionMissing
    if not reason.strip():
        raise ReasonMissing
    number = decrypt(placement.identity_encrypted)
    record(
        actor=actor,
        action="quota.placement.reveal",
        target=placement,
        region_code=region_code,
        reason=reason.strip(),
        details={"employer": placement.employer.uscc, "levy_year": placement.levy_year},
    )
    _report_many_reveals(actor)
    return number


def _report_many_reveals(actor: User) -> None:
    """Tell the operators about a person who opens many numbers in a day."""
    today = AuditEntry.objects.filter(
        object_type=Placement._meta.label_lower, action="quota.placement.reveal", actor=actor, at__date=localdate()
    )
    if (count := today.count()) > REVEALS_A_DAY:
        logger.warning("%s opened %s identity numbers today", actor.username, count)
