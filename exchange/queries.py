"""The uploaded files that a person may see and write."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.scoping import RegionScopedQuerySet
from exchange.engine.contract import Kind
from exchange.engine.source import MIB
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile


@dataclass(frozen=True, slots=True)
class Room:
    """A number of files and their size in bytes: kept, or the most that may be kept."""

    files: int
    size: int

    def takes(self, kept: "Room", size: int) -> bool:
        """True if one more file of this size fits beside the kept ones."""
        return kept.files < self.files and kept.size + size <= self.size

    def in_words(self) -> dict[str, str]:
        return {"files": f"{self.files:,}", "size": f"{self.size / MIB:,.1f}"}


def kept_contents(**whose: object) -> Room:
    """The uploads of a person or a region whose contents are still stored."""
    kept = ImportedFile.objects.filter(**whose).exclude(stored="")
    found = kept.aggregate(files=Count("pk"), size=Sum("stored_bytes", default=0))
    return Room(**found)


def kinds_for(user: User) -> list[Kind]:
    """The kinds of file that the person may load in at least one region."""
    return [kind for kind in KINDS.values() if user.may_somewhere(kind.permission)]


def visible_files(user: User) -> RegionScopedQuerySet:
    """Files of each kind from the regions where the person may load that kind."""
    found = ImportedFile.objects.none()
    for kind in kinds_for(user):
        found |= ImportedFile.objects.within_right(user, kind.permission).filter(kind=kind.name)
    return found.select_related("loaded_by", "applied_by")


def file_for(user: User, pk: int) -> ImportedFile:
    """One file. 404 outside the person's regions, 403 where the person may not load its kind."""
    file = get_object_or_404(ImportedFile.objects.visible_to(user).select_related("loaded_by"), pk=pk)
    if not user.can(KINDS[file.kind].permission, file.region_id):
        raise PermissionDenied
    return file


def may_write(file: ImportedFile, user: User) -> bool:
    """True if this person may write the file now, alone."""
    return _is_ready(file, user) and not file.needs_second


def may_approve(file: ImportedFile, user: User) -> bool:
    """True if this person may decide about the file as the second one."""
    return _is_ready(file, user) and file.needs_second and user.pk != file.loaded_by_id


def _is_ready(file: ImportedFile, user: User) -> bool:
    is_ready = file.state == FileState.CHECKED and file.sound_rows > 0
    return is_ready and user.can(KINDS[file.kind].permission, file.region_id)


def waits_for_second_person(file: ImportedFile, user: User) -> bool:
    """True if the file needs a second person and this person uploaded it."""
    return file.state == FileState.CHECKED and file.needs_second and user.pk == file.loaded_by_id


@dataclass(frozen=True, slots=True)
class FoundMatter:
    """A reason why a file needs a second person, in words, and the sum of its yuan if it moves money."""

    reason: str
    amount: Decimal | None


def matters_of(file: ImportedFile) -> list[FoundMatter]:
    """The reasons why a file needs a second person, in the reader's language."""
    reasons = {matter.code: matter.reason for matter in KINDS[file.kind].matters}
    return [
        FoundMatter(
            str(reasons.get(found["code"], found["code"])) % {"rows": found["rows"]},
            None if found["amount"] is None else Decimal(found["amount"]),
        )
        for found in file.matters
    ]
