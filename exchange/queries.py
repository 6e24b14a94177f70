"""The uploaded files that a person may see and write."""

from collections import defaultdict
from dataclasses import astuple, dataclass
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.scoping import RegionScopedQuerySet
from exchange.engine.contract import Kind
from exchange.engine.control import ControlTotals
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


def lacks_control(file: ImportedFile) -> bool:
    """True if the second person has to type the other office's totals first."""
    is_waiting = file.state == FileState.CHECKED and file.needs_second
    return is_waiting and KINDS[file.kind].control is not None and not file.control


def hides_amounts(file: ImportedFile, user: User) -> bool:
    """True if this person may not see the file's sums yet, because they would only copy them."""
    return lacks_control(file) and user.pk != file.loaded_by_id


@dataclass(frozen=True, slots=True)
class ControlLine:
    """One total: its name, as typed, and as found in the file."""

    label: object
    typed: int | Decimal
    found: int | Decimal

    @property
    def is_money(self) -> bool:
        return isinstance(self.found, Decimal)

    @property
    def differs(self) -> bool:
        return self.typed != self.found


def control_of(file: ImportedFile) -> list[ControlLine]:
    """The typed totals of the other office beside those of the file; empty before somebody has typed them."""
    control = KINDS[file.kind].control
    if control is None or not file.control:
        return []
    typed, found = astuple(ControlTotals.read(file.control)), astuple(ControlTotals.read(file.totals))
    return [ControlLine(*line) for line in zip(control.labels, typed, found, strict=True)]


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A row that needs a second person: what it is about as (heading, value), and its cells as (heading, old, new)."""

    line: int
    subject: list[tuple[str, str]]
    cells: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class FoundMatter:
    """A reason why a file needs a second person, in words; the sum of its yuan if it moves money; its first rows."""

    reason: str
    rows: int
    amount: Decimal | None
    changes: list[ShownChange]


def matters_of(file: ImportedFile, reader: User) -> list[FoundMatter]:
    """The reasons why a file needs a second person, in the reader's language; sums and rows only where the reader may
    see them."""
    kind = KINDS[file.kind]
    reasons = {matter.code: matter.reason for matter in kind.matters}
    headings = [heading for heading, _sql in kind.subject]
    is_blind = hides_amounts(file, reader)
    shown: dict[str, list[ShownChange]] = defaultdict(list)
    for change in () if is_blind else file.changes:
        subject = list(zip(headings, change["subject"], strict=True))
        shown[change["code"]].append(ShownChange(change["line"], subject, change["cells"]))
    return [
        FoundMatter(
            str(reasons.get(found["code"], found["code"])) % {"rows": found["rows"]},
            found["rows"],
            None if found["amount"] is None or is_blind else Decimal(found["amount"]),
            shown[found["code"]],
        )
        for found in file.matters
    ]
