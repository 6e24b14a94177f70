"""Rewards: entering and checking formulas, computing awards, and deciding them, each decision by two people."""

import hashlib
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import PermissionMissing, SecondPersonNeeded
from audit.services import record
from audit.workflow import apply
from casework.decisions import unless_changed
from casework.services.decisions import Decision
from law.support.rewards import Rewarded, RewardOutcome, reward
from levy.models import Assessment
from subsidies.errors import AssessmentReplaced, ListChanged, ProgrammeNotInForce, ProgrammeUnchecked, YearNotConfirmed
from subsidies.models import Award, AwardState, Programme
from subsidies.queries.facts import Candidate, candidates
from subsidies.workflow import APPROVE, PAY, PUT_INTO_EFFECT, REFUSE, WITHDRAW

BATCH = 5_000


@transaction.atomic
def load_programmes(*, path: Path, actor: User | None) -> int:
    """Enter the regional formulas of a TOML file. Existing rows stay unchanged. Returns the number of new ones.

    A formula takes effect only once it is approved (PROGRAMMES).
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["programme"]
    return sum(_enter(entry, actor) for entry in entries)


def _enter(entry: dict[str, Any], actor: User | None) -> bool:
    key = {"region_id": entry["region"], "valid_from": entry["valid_from"]}
    terms = {name: value for name, value in entry.items() if name not in ("region", "valid_from")}
    programme, is_new = Programme.objects.get_or_create(**key, defaults={**terms, "entered_by": actor})
    if is_new:
        record(actor=actor, action="subsidies.programme.enter", target=programme, region_code=programme.region_id)
    return is_new


def _hold_programme(programme: Programme) -> None:
    _locked(programme)


def _shown_programme(programme: Programme) -> tuple[object, ...]:
    """The text and its terms, and the days of the other texts in effect."""
    terms = (programme.threshold_ratio, programme.whole_heads, programme.minimum_excess, programme.severe_counts,
             programme.basis, programme.rate, programme.cap, programme.maximum_years,
             sorted(programme.excluded_entity_types))  # fmt: skip
    dates = (programme.valid_from, programme.valid_until, programme.document_number)
    others = programme.others_in_effect().order_by("pk").values_list("pk", "valid_from", "valid_until")
    return (programme.pk, programme.state, *terms, *dates, programme.open_question, list(others))


def _make_room(programme: Programme, actor: User) -> None:
    """End the programme of the same region and kind on the day before this one begins: one is in force at a time."""
    _end_predecessor(programme)
    Programme.objects.filter(pk=programme.pk).update(valid_until=_last_day(programme))


# The reason for an approval states the comparison made and the answer to the open question.
PROGRAMMES = Decision(
    approval=PUT_INTO_EFFECT,
    hold=_hold_programme,
    shown=_shown_programme,
    prepare=_make_room,
    details=lambda programme: {"document_number": programme.document_number},
)


def _locked(programme: Programme) -> Programme:
    """The programme, locked with the others of its region and kind: their periods and awards exclude each other."""
    rows = Programme.objects.select_for_update(of=("self",), no_key=True).select_related("region").order_by("pk")
    return next(row for row in rows.filter(region=programme.region_id, kind=programme.kind) if row == programme)


def _end_predecessor(programme: Programme) -> None:
    before = programme.others_in_effect().on(programme.valid_from)
    before.update(valid_until=programme.valid_from - timedelta(days=1))


def _last_day(programme: Programme) -> date | None:
    """The last possible day in force: its own last day, or the day before a later text in effect begins."""
    later = programme.others_in_effect().filter(valid_from__gt=programme.valid_from)
    begins = later.order_by("valid_from").values_list("valid_from", flat=True)[:1]
    days = [programme.valid_until, *(day - timedelta(days=1) for day in begins)]
    return min((day for day in days if day is not None), default=None)


@transaction.atomic
def compute_awards(*, programme: Programme, levy_year: int, actor: User) -> int:
    """Propose an award for every employer above the programme's ratio. Returns how many.

    Computing again replaces proposals of the region and kind, under any text, and leaves decided awards alone: an
    employer is rewarded once for a year. The number of statements does not depend on the number of employers. Raises
    PermissionMissing, ProgrammeUnchecked, ProgrammeNotInForce, YearNotConfirmed.
    """
    locked = _locked(programme)
    _require(actor, locked)
    _refuse_unusable(locked, levy_year)
    Award.objects.like(locked).filter(levy_year=levy_year, state=AwardState.PROPOSED).delete()
    terms = locked.terms
    results = ((candidate, reward(candidate.facts, terms)) for candidate in candidates(locked, levy_year))
    awards = Award.objects.bulk_create(
        [
            _award(locked, levy_year, actor, candidate, result)
            for candidate, result in results
            if result.outcome is RewardOutcome.REWARDED and result.amount
        ],
        batch_size=BATCH,
    )
    record(
        actor=actor,
        action="subsidies.award.compute",
        target=locked,
        region_code=locked.region_id,
        details={
            "levy_year": levy_year,
            "awards": len(awards),
            "amount": str(sum(award.amount for award in awards)),
        },
    )
    return len(awards)


def _refuse_unusable(programme: Programme, levy_year: int) -> None:
    if programme.approved_by_id is None:
        raise ProgrammeUnchecked
    if not Programme.objects.on(date(levy_year, 12, 31)).filter(pk=programme.pk).exists():
        raise ProgrammeNotInForce
    confirmed = Assessment.objects.current().in_region(programme.region_id).filter(levy_year=levy_year)
    if not confirmed.exists():
        raise YearNotConfirmed


def _award(programme: Programme, levy_year: int, actor: User, candidate: Candidate, result: Rewarded) -> Award:
    facts = candidate.facts
    return Award(
        programme=programme,
        assessment_id=candidate.assessment_id,
        employer_id=candidate.employer_id,
        levy_year=levy_year,
        region_id=candidate.region_id,
        entity_type=facts.entity_type,
        staff_months=facts.staff_months,
        credited_months=facts.credited_months,
        head_months=facts.head_months,
        minimum_wage=facts.minimum_wage,
        years_before=facts.years_before,
        rewarded_months=result.rewarded_months,
        amount=result.amount,
        proposed_by=actor,
    )


def _refuse_replaced(award: Award, actor: User) -> None:
    if not award.is_in_force:
        raise AssessmentReplaced


def _shown_award(award: Award) -> tuple[object, ...]:
    return (award.pk, award.state, award.assessment_id, award.amount, award.programme_id)


# 批准, by a person other than the one who computed it, or 不予奖励 with a reason that the employer can read.
AWARDS = Decision(
    approval=APPROVE,
    rejection=REFUSE,
    shown=_shown_award,
    refuse=_refuse_replaced,
    details=lambda award: {"amount": str(award.amount)},
)


@transaction.atomic
def pay_award(award: Award, *, actor: User, seen: str | None = None) -> Award:
    """拨付: the treasury has paid. Raises AssessmentReplaced, MatterChanged."""
    _refuse_replaced(award, actor)
    expect = unless_changed(seen, AWARDS.shown)
    return apply(award, PAY, actor=actor, region_code=award.region_id, expect=expect, amount=str(award.amount))


@transaction.atomic
def withdraw_award(award: Award, *, actor: User, reason: str) -> Award:
    """撤销批准 before payment: the award waits again, and computing again replaces it."""
    return apply(award, WITHDRAW, actor=actor, region_code=award.region_id, reason=reason, amount=str(award.amount))


@transaction.atomic
def approve_proposed(*, programme: Programme, levy_year: int, count: int, amount: Decimal, actor: User) -> int:
    """Approve every proposal of a programme and year, all or none. `count` and `amount` are the totals on the page.

    Proposals whose assessment has been corrected since stay proposals, to be computed again. One statement and one
    trail entry cover the whole list; each award has its approver and time. Returns the number approved. Raises
    ListChanged if the totals have changed, PermissionMissing, SecondPersonNeeded.
    """
    locked = _locked(programme)
    proposed = locked.awards.filter(levy_year=levy_year, state=AwardState.PROPOSED).in_force()
    awards = list(proposed.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if (len(awards), sum(award.amount for award in awards)) != (count, amount):
        raise ListChanged
    _refuse_unfit(awards, actor)
    stamp = {"state": APPROVE.target, "approved_at": Now(), "approved_by": actor}
    if proposed.exclude(proposed_by=actor).update(**stamp) != count:
        raise ListChanged
    if awards:
        _record_list(locked, levy_year, awards, actor)
    return count


def _refuse_unfit(awards: list[Award], actor: User) -> None:
    """The checks of APPROVE on the person, made once for a list."""
    if not all(actor.can(APPROVE.permission, code) for code in {award.region_id for award in awards}):
        raise PermissionMissing
    if any(award.proposed_by_id == actor.pk for award in awards):
        raise SecondPersonNeeded


def _record_list(programme: Programme, levy_year: int, awards: list[Award], actor: User) -> None:
    ids = ",".join(str(award.pk) for award in awards)
    record(
        actor=actor,
        action="subsidies.award.approve_batch",
        target=programme,
        region_code=programme.region_id,
        details={
            "levy_year": levy_year,
            "awards": len(awards),
            "amount": str(sum(award.amount for award in awards)),
            "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
        },
    )


def _require(actor: User, programme: Programme) -> None:
    if not actor.can(Permission.DECIDE_AWARD, programme.region_id):
        raise PermissionMissing
