"""An employer's work on the portal: open a return, fill it in, submit it. Checks of the claims are elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.identity import encrypt
from accounts.models import User
from audit.errors import PermissionMissing, TransitionNotAllowed
from audit.services import record
from audit.workflow import apply
from law.codes import CertificateKind, EmploymentForm
from law.counting import MONTHS, answer_by, filing_opens, staff_months
from law.identifiers import birth_date, is_female
from quota.enums import DECIDED, ReturnSource, ReturnState
from quota.errors import ReturnChanged, ReturnClosed, ReturnIncomplete, SecondCertificate, YearNotOver
from quota.models import DraftPlacement, Employer, HeadcountReturn, Placement
from quota.models.returns import PlacementTerms, contract_of
from quota.queries.returns import EDITABLE, day_in_china, to_write_in
from quota.services.certificate_tries import count_certificate
from quota.services.checks import check_employers, hold_checks
from quota.services.in_force import (
    COPIED,
    publish_placements,
    relieved_by,
    settle_returns_in_force,
    would_be_in_force,
)
from quota.services.person_keys import CERTIFICATE_KEYS, PERSON_KEYS, hold_keys, present_key, set_present_keys
from quota.workflow import SUBMIT

NUMBERS = frozenset({"staff_by_month", "staff_months", "total_wages"})
DRAFT_NUMBERS = frozenset({"draft_staff_by_month", "draft_total_wages"})


@transaction.atomic
def open_return(*, employer: Employer, levy_year: int, actor: User) -> HeadcountReturn:
    """The return that the employer may edit: its draft, the one sent back, or a new one that starts from the filed
    one.

    Raises ReturnClosed once a decision on the year has begun, YearNotOver, PermissionMissing.
    """
    _must_act_for(actor, employer)
    hold_keys()
    Employer.objects.select_for_update(of=("self",), no_key=True).get(
        pk=employer.pk
    )  # one draft, even for two clicks at once
    of_year = employer.returns.filter(levy_year=levy_year)
    if editable := to_write_in(of_year):
        return editable
    filed = of_year.in_force().first()
    if filed and filed.state in DECIDED:
        raise ReturnClosed
    if day_in_china() < filing_opens(levy_year):
        raise YearNotOver
    draft = HeadcountReturn.objects.create(
        employer=employer,
        levy_year=levy_year,
        source=ReturnSource.PORTAL,
        staff_by_month=filed.staff_by_month if filed else [0] * MONTHS,
        staff_months=filed.staff_months if filed else 0,
        total_wages=filed.total_wages if filed else Decimal(0),
    )
    copy_to_draft(draft, employer.placements.filter(levy_year=levy_year))
    return draft


def copy_to_draft(draft: HeadcountReturn, placements: Iterable[Placement]) -> None:
    """Start the draft's list of people from placements that were filed."""
    DraftPlacement.objects.bulk_create(
        DraftPlacement(headcount_return=draft, **{name: getattr(filed, name) for name in COPIED})
        for filed in placements
    )


@transaction.atomic
def save_return(
    *,
    headcount_return: HeadcountReturn,
    version: int,
    staff_by_month: Sequence[int],
    total_wages: Decimal,
    actor: User,
) -> HeadcountReturn:
    """Save the numbers of a draft. `version` is the one that the person saw. For a return sent back, the declared
    numbers count until it is submitted again; the new ones are kept beside them.

    Raises ReturnChanged if somebody saved in the meantime, ValidationError for a number out of bounds,
    TransitionNotAllowed if it is no draft, PermissionMissing.
    """
    draft = _draft(headcount_return, version, actor)
    draft.staff_by_month, draft.staff_months = list(staff_by_month), staff_months(staff_by_month)
    draft.total_wages = total_wages
    draft.full_clean(exclude={field.name for field in draft._meta.fields} - NUMBERS)
    if draft.state != ReturnState.SENT_BACK:
        draft.save(update_fields=NUMBERS)
        return draft
    draft.draft_staff_by_month, draft.draft_total_wages = draft.staff_by_month, draft.total_wages
    draft.save(update_fields=DRAFT_NUMBERS)
    draft.refresh_from_db(fields=NUMBERS)
    return draft


@dataclass(frozen=True, slots=True)
class PlacementInput:
    """The fields of one contract from the employer's form. Numbers are already checked; "" keeps the stored one."""

    name: str
    identity_number: str
    certificate_kind: CertificateKind
    certificate_number: str
    form: EmploymentForm
    contract_start: date
    contract_end: date | None
    post: str


def save_placement(
    *,
    headcount_return: HeadcountReturn,
    version: int,
    typed: PlacementInput,
    actor: User,
    placement: DraftPlacement | None = None,
) -> DraftPlacement:
    """Add a person to a draft, or change one. A new number is counted first, in a transaction of its own.

    Raises the errors of save_return, ValidationError for a repeated contract, SecondCertificate and
    TooManyCertificates.
    """
    _must_act_for(actor, headcount_return.employer)
    row = placement or DraftPlacement(headcount_return=headcount_return)
    _fill(row, typed)
    is_new_number = bool(typed.identity_number or typed.certificate_number)
    if is_new_number:
        count_certificate(employer=headcount_return.employer, row=row)
    return _save_row(headcount_return, version, row, actor, is_new_number=is_new_number)


def _fill(row: DraftPlacement, typed: PlacementInput) -> None:
    for name in ("name", "certificate_kind", "form", "contract_start", "contract_end", "post"):
        setattr(row, name, getattr(typed, name))
    if typed.identity_number:
        _set_identity(row, typed.identity_number)
    if typed.certificate_number:
        row.certificate_key = present_key(typed.certificate_number, CERTIFICATE_KEYS)
        row.certificate_encrypted = encrypt(typed.certificate_number)
    row.is_typed = True


@transaction.atomic
def _save_row(
    headcount_return: HeadcountReturn, version: int, row: DraftPlacement, actor: User, *, is_new_number: bool
) -> DraftPlacement:
    draft = _draft(headcount_return, version, actor)
    set_present_keys(row)
    # The draft is locked, so no other row can be saved at the same time. Rows that an office loaded may have two
    # certificates of a person and stay as they are.
    of_person = draft.draft_placements.filter(person_key=row.person_key).exclude(pk=row.pk)
    own = (row.certificate_kind, row.certificate_key)
    if is_new_number and set(of_person.values_list("certificate_kind", "certificate_key")) - {own}:
        raise SecondCertificate
    row.full_clean()
    row.save()
    return row


def _set_identity(row: PlacementTerms, number: str) -> None:
    row.person_key, row.identity_encrypted = present_key(number, PERSON_KEYS), encrypt(number)
    row.born_on, row.is_female = birth_date(number), is_female(number)


@transaction.atomic
def remove_placement(
    *, headcount_return: HeadcountReturn, version: int, placement: DraftPlacement, actor: User
) -> None:
    """Take a person off a draft. Raises the errors of save_return."""
    draft = _draft(headcount_return, version, actor)
    draft.draft_placements.filter(pk=placement.pk).delete()


@transaction.atomic
def copy_last_year(*, headcount_return: HeadcountReturn, version: int, actor: User) -> int:
    """Copy last year's people into a draft, each contract once, and each person with one certificate: the draft's, or
    last year's latest. Returns how many. Raises the errors of save_return."""
    draft = _draft(headcount_return, version, actor)
    known = {contract_of(row) for row in draft.draft_placements.all()}
    earlier = Placement.objects.filter(employer=draft.employer_id, levy_year=draft.levy_year - 1)
    lasting = [row for row in earlier if row.contract_end is None or row.contract_end.year >= draft.levy_year]
    chosen = {row.person_key: row.certificate_key for row in [*lasting, *draft.draft_placements.all()]}
    new = [row for row in lasting if row.certificate_key == chosen[row.person_key] and contract_of(row) not in known]
    copy_to_draft(draft, new)
    return len(new)


@transaction.atomic
def submit_return(*, headcount_return: HeadcountReturn, version: int, actor: User) -> HeadcountReturn:
    """File the return: its people become the year's, and the database's clock dates it (财税〔2015〕72号第十二条).

    A return that replaces nothing keeps its people in the draft until it comes into force. A return that was sent back
    keeps the day of its first filing if it is answered in time; the replaced numbers stay in the trail. Raises
    ReturnIncomplete, ReturnClosed and the errors of save_return.
    """
    # Alone if returns of other employers change too: otherwise two employers could wait for each other.
    hold_checks(headcount_return.levy_year, as_one_of_many=not relieved_by(headcount_return).exists())
    _lock_touched(headcount_return)
    draft = _draft(headcount_return, version, actor)
    if not draft.typed_staff_months or not draft.typed_total_wages:
        raise ReturnIncomplete
    _refuse_closed(draft)
    if _takes_new_day(draft):
        HeadcountReturn.objects.filter(pk=draft.pk).update(filed_on=day_in_china(), source=ReturnSource.PORTAL)
    if would_be_in_force(draft):
        publish_placements(draft)
    replaced = _declare_typed_numbers(draft)
    filed = apply(draft, SUBMIT, actor=actor, region_code=draft.employer.region_id, **replaced)
    settle_returns_in_force(employer_ids=[filed.employer_id], levy_year=filed.levy_year)
    filed.refresh_from_db()
    return filed


def _takes_new_day(draft: HeadcountReturn) -> bool:
    """True for a first filing, and for an answer that comes too late: a placeholder does not hold its day for ever.

    A return that replaced another keeps its day: on another one the former return would be in force again, without its
    people.
    """
    if draft.state == ReturnState.DRAFT:
        return True
    is_only_one = not draft.employer.returns.filter(levy_year=draft.levy_year, state=ReturnState.REPLACED).exists()
    return is_only_one and day_in_china() > answer_by(day_in_china(draft.sent_back_at))


def check_return(*, return_id: int) -> None:
    """Check the people of a filed return against the registers and record it. A repetition changes nothing."""
    filed = HeadcountReturn.objects.select_related("employer").get(pk=return_id)
    if filed.state != ReturnState.SUBMITTED or not filed.is_in_force:
        return
    check_employers(levy_year=filed.levy_year, employer_ids=[filed.employer_id])
    filed.refresh_from_db()
    record(
        actor=None,
        action="quota.headcountreturn.check",
        target=filed,
        region_code=filed.employer.region_id,
        details={"claimed_months": filed.claimed_months, "computed_months": filed.computed_months},
    )


def _lock_touched(draft: HeadcountReturn) -> None:
    """Lock the draft, the return in force and the relieved ones, in the same order as a file (docs/locks.md)."""
    of_year = HeadcountReturn.objects.filter(employer=draft.employer_id, levy_year=draft.levy_year)
    touched = of_year.filter(Q(pk=draft.pk) | Q(is_in_force=True)) | relieved_by(draft)
    list(touched.order_by("is_in_force", "pk").select_for_update(of=("self",), no_key=True).values_list("pk"))


def _refuse_closed(draft: HeadcountReturn) -> None:
    """Raise ReturnClosed if the return in force is decided. Locks it: no reviewer may decide on people now
    replaced."""
    in_force = HeadcountReturn.objects.select_for_update(of=("self",), no_key=True).filter(
        employer=draft.employer_id, levy_year=draft.levy_year, is_in_force=True
    )
    if any(filed.state in DECIDED for filed in in_force):
        raise ReturnClosed


def _declare_typed_numbers(draft: HeadcountReturn) -> dict[str, Any]:
    """Declare the edits of a return that was sent back. Returns the replaced values, for the trail."""
    if draft.draft_staff_by_month is None:
        return {}
    replaced = {"replaced_staff_by_month": draft.staff_by_month, "replaced_total_wages": str(draft.total_wages)}
    draft.staff_by_month, draft.staff_months = draft.typed_staff_by_month, draft.typed_staff_months
    draft.total_wages = draft.typed_total_wages
    draft.draft_staff_by_month = draft.draft_total_wages = None
    draft.save(update_fields=NUMBERS | DRAFT_NUMBERS)
    return replaced


def _draft(headcount_return: HeadcountReturn, version: int, actor: User) -> HeadcountReturn:
    """The locked draft with its version raised, if the person saw the latest version (promise A8)."""
    _must_act_for(actor, headcount_return.employer)
    hold_keys()
    draft = HeadcountReturn.objects.select_for_update(of=("self",), no_key=True).get(pk=headcount_return.pk)
    if draft.state not in EDITABLE:
        raise TransitionNotAllowed
    if draft.version != version:
        raise ReturnChanged
    draft.version += 1
    draft.save(update_fields=["version"])
    return draft


def _must_act_for(actor: User, employer: Employer) -> None:
    if not employer.memberships.filter(user=actor).exists():
        raise PermissionMissing
