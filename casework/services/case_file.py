"""Adding papers, messages and deliveries to the file of a case. Nothing in the file is changed or removed.

Each service locks the case, writes, and records last (docs/locks.md). Once a case has ended, only the office writes.
"""

import hashlib
from datetime import date

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.sealing import seal_bytes, unseal_bytes
from audit.errors import ReasonMissing, TransitionNotAllowed
from audit.services import record
from casework.case_kinds import DELIVERY_CONSENT, PaperKind
from casework.errors import ConsentMissing, DayImpossible, ProofMissing
from casework.models import Case, CaseDelivery, CaseMessage, CasePaper, Side
from casework.services.cases import lock_case, require
from law.delivery import DELIVERY_RULES, DeliveryWay

PURPOSE = b"levy case paper"


@transaction.atomic
def add_paper(*, case: Case, kind: PaperKind, name: str, content: bytes, side: Side, actor: User) -> CasePaper:
    """Keep a paper, sealed, with the hash of its contents.

    Raises PermissionMissing, TransitionNotAllowed once the case has ended, KeyError for a paper that its kind does not
    list.
    """
    locked = _open_to(case, side, actor)
    paper = CasePaper(
        file=locked.file,
        kind=locked.definition.paper(kind.code).code,
        name=name[: CasePaper._meta.get_field("name").max_length],
        sha256=hashlib.sha256(content).hexdigest(),
        side=side,
        added_by=actor,
    )
    paper.stored.save(f"{kind.code}.sealed", ContentFile(seal_bytes(content, PURPOSE)), save=False)
    paper.save()
    _note(locked, action="casework.case.add_paper", actor=actor, kind=kind.code, sha256=paper.sha256)
    return paper


def paper_content(paper: CasePaper) -> bytes:
    """The paper as received. The caller has checked that the reader may see its case."""
    with paper.stored.open() as stored:
        return unseal_bytes(stored.read(), PURPOSE)


@transaction.atomic
def write_message(*, case: Case, side: Side, text: str, actor: User) -> CaseMessage:
    """Write to the other side. Raises PermissionMissing, ReasonMissing without a text, TransitionNotAllowed."""
    if not text.strip():
        raise ReasonMissing
    locked = _open_to(case, side, actor)
    message = CaseMessage.objects.create(file=locked.file, side=side, text=text.strip(), written_by=actor)
    _note(locked, action="casework.case.write_message", actor=actor, side=str(side))
    return message


@transaction.atomic
def record_delivery(
    *,
    case: Case,
    way: DeliveryWay,
    document: str,
    recipient: str,
    sent_on: date,
    actor: User,
    received_on: date | None = None,
    proof: CasePaper | None = None,
    note: str = "",
) -> CaseDelivery:
    """Record an attempt to deliver a document; with `received_on` and `proof`, a successful one.

    A public notice needs the proof of its issue and no day of receipt. Raises PermissionMissing, DayImpossible,
    ProofMissing, ConsentMissing, ReasonMissing if the way needs a reason.
    """
    locked = _open_to(case, Side.OFFICE, actor)
    rule = DELIVERY_RULES[way]
    if rule.needs_reason and not note.strip():
        raise ReasonMissing
    if rule.needs_consent and not locked.file.papers.filter(kind=DELIVERY_CONSENT.code).exists():
        raise ConsentMissing
    if rule.period and (proof is None or received_on):
        raise ProofMissing
    _refuse_receipt(locked, sent_on, received_on, proof)
    delivery = CaseDelivery.objects.create(
        file=locked.file, way=way.value, document=document, recipient=recipient, sent_on=sent_on,
        received_on=received_on, proof=proof, note=note.strip(), recorded_by=actor,
    )  # fmt: skip
    _note(locked, action="casework.case.deliver", actor=actor, delivery=delivery.pk, way=way.value, **_days(delivery))
    return delivery


@transaction.atomic
def confirm_delivery(
    *, case: Case, delivery: CaseDelivery, received_on: date, proof: CasePaper, actor: User
) -> CaseDelivery:
    """Add the day of receipt and its proof to an attempt.

    Raises PermissionMissing, TransitionNotAllowed if it has them already, DayImpossible, ProofMissing.
    """
    locked = _open_to(case, Side.OFFICE, actor)
    attempt = locked.file.deliveries.get(pk=delivery.pk)
    if attempt.proof_id is not None:
        raise TransitionNotAllowed
    _refuse_receipt(locked, attempt.sent_on, received_on, proof)
    attempt.received_on, attempt.proof = received_on, proof
    attempt.save(update_fields=["received_on", "proof"])
    _note(locked, action="casework.case.confirm_delivery", actor=actor, delivery=attempt.pk, **_days(attempt))
    return attempt


def _refuse_receipt(case: Case, sent_on: date, received_on: date | None, proof: CasePaper | None) -> None:
    if not sent_on <= (received_on or sent_on) <= timezone.localdate():
        raise DayImpossible
    if (received_on and proof is None) or (proof and proof.file_id != case.file_id):
        raise ProofMissing


def _days(delivery: CaseDelivery) -> dict[str, str]:
    received = delivery.received_on
    return {"sent": delivery.sent_on.isoformat(), "received": received.isoformat() if received else ""}


def _open_to(case: Case, side: Side, actor: User) -> Case:
    """The locked case, if this person may now write for this side."""
    locked = lock_case(case)
    require(locked, side, actor)
    if side == Side.PARTY and locked.closed_at is not None:
        raise TransitionNotAllowed
    return locked


def _note(case: Case, *, action: str, actor: User, **details: object) -> None:
    record(
        actor=actor, action=action, target=case, region_code=case.region_id,
        details={"number": case.number, **details},
    )  # fmt: skip
