"""The second person's decision about an upload: it takes effect as it was seen, or not at all."""

from functools import cache
from typing import Any

from django.db.models.functions import Now

from accounts.models import User
from accounts.permissions import Permission
from audit.errors import TransitionNotAllowed
from casework.services.decisions import Decision
from exchange.kinds import KINDS
from exchange.models import ImportedFile
from exchange.workflow import file_transitions


def _shown(file: ImportedFile) -> tuple[object, ...]:
    counts = (file.sound_rows, file.new_rows, file.changed_rows, file.fault_count)
    return (file.pk, file.sha256, file.changes_digest, *counts)


def _refuse(file: ImportedFile, actor: User) -> None:
    if not file.needs_second or not file.sound_rows:
        raise TransitionNotAllowed


def _only_sound(file: ImportedFile, actor: User) -> None:
    """Faulty rows stay out, as the page said."""
    ImportedFile.objects.filter(pk=file.pk).update(only_sound_rows=bool(file.fault_count), touched_at=Now())


def _details(file: ImportedFile) -> dict[str, Any]:
    return {"kind": file.kind, "sha256": file.sha256, "matters": file.matters, "changes": file.changes_digest}


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
