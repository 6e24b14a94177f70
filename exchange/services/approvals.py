"""The second person's decision about an upload: it takes effect as it was seen, or not at all."""

from functools import cache
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import TransitionNotAllowed
from audit.services import record
from audit.workflow import check, stamp
from casework.services.decisions import Decision
from exchange.engine.control import ControlTotals
from exchange.errors import ControlMissing
from exchange.kinds import KINDS
from exchange.models import ImportedFile
from exchange.queries import lacks_control
from exchange.workflow import file_transitions


def _shown(file: ImportedFile) -> tuple[object, ...]:
    counts = (file.sound_rows, file.new_rows, file.changed_rows, file.fault_count)
    return (file.pk, file.sha256, file.changes_digest, str(sorted(file.control.items())), *counts)


def _refuse(file: ImportedFile, actor: User) -> None:
    if not file.needs_second or not file.sound_rows:
        raise TransitionNotAllowed
    if lacks_control(file):
        raise ControlMissing


def _only_sound(file: ImportedFile, actor: User) -> None:
    """Faulty rows stay out, as the page said."""
    ImportedFile.objects.filter(pk=file.pk).update(only_sound_rows=bool(file.fault_count), touched_at=Now())


def _details(file: ImportedFile) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "sha256": file.sha256,
        "matters": file.matters,
        "changes": file.changes_digest,
        **({"control": file.control} if file.control else {}),
    }


@transaction.atomic
def enter_control(*, file: ImportedFile, typed: ControlTotals, actor: User) -> ImportedFile:
    """Compare the typed totals of the other office with the file's. A difference rejects the file; both are recorded.

    Raises TransitionNotAllowed, PermissionMissing, SecondPersonNeeded.
    """
    locked = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
    if not lacks_control(locked):  # nobody tries again after having seen the file's totals
        raise TransitionNotAllowed
    approve, reject = file_transitions(KINDS[locked.kind].permission, needs_reason=False)
    check(locked, approve, actor=actor, region_code=locked.region_id)
    found = ControlTotals.read(locked.totals)
    locked.control, locked.control_by, locked.control_at = typed.stored, actor, timezone.now()
    locked.save()
    if typed != found:
        stamp(locked, reject, actor=actor)
    record(
        actor=actor,
        action="quota.file.control",
        target=locked,
        region_code=locked.region_id or "",
        details={"typed": typed.stored, "found": found.stored, "agrees": typed == found},
    )
    return locked


def decision_about(file: ImportedFile) -> Decision:
    """The decision about this file. A worker then writes it (exchange.tasks)."""
    return file_decision(KINDS[file.kind].permission, needs_reason=approval_needs_reason(file))


def approval_needs_reason(file: ImportedFile) -> bool:
    """True if the file has rows for which the second person states a reason."""
    found = {matter["code"] for matter in file.matters}
    return any(matter.needs_reason and matter.code in found for matter in KINDS[file.kind].matters)


@cache
def file_decision(permission: Permission, *, needs_reason: bool = False) -> Decision:
    """The decision about files whose kind needs this right."""
    approve, reject = file_transitions(permission, needs_reason=needs_reason)
    return Decision(
        approval=approve,
        rejection=reject,
        shown=_shown,
        refuse=_refuse,
        prepare=_only_sound,
        entry=lambda file: {"target": file, "prefix": "quota.file"},
        details=_details,
    )
