"""Uploaded exchange files: receive, read, and write after a person with the right has checked the report.

The row says what is left to do; the sweeper sends a lost task again (exchange.tasks.resend_stalled_files).
"""

import hashlib
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Region, User
from accounts.sealing import seal_bytes, unseal_bytes
from audit.errors import DomainError, PermissionMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.services import record
from exchange.engine.contract import Kind
from exchange.engine.fault_book import with_values, write_workbook
from exchange.engine.loading import Mode, Progress, Report, keep_outcome, load_file
from exchange.engine.matters import change_csv
from exchange.engine.source import MIB, UPLOAD, Source
from exchange.errors import ControlMissing, FileRefused, StorageFull
from exchange.kinds import KINDS
from exchange.models import AT_WORK, FileState, ImportedFile
from exchange.queries import Room, hides_amounts, kept_contents

PURPOSE = b"levy uploaded file"
IMMEDIATE_BYTES = 200 * 1024  # about two thousand rows: read while the person waits
STALLED_AFTER = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)  # time for an office to have faulty rows corrected
LONGEST_NAME = 200
MOST_OF_A_PERSON = Room(files=50, size=200 * MIB)  # nine kinds of file, some sent again, before they are written
MOST_OF_AN_OFFICE = Room(files=300, size=1024 * MIB)  # of all regions on one disk, a few are ever full


def is_small(file: ImportedFile) -> bool:
    return bool(file.stored) and file.stored.size <= IMMEDIATE_BYTES


@transaction.atomic
def receive_file(*, kind: Kind, upload: UploadedFile, actor: User) -> ImportedFile:
    """Store an upload, sealed, to be read next. Raises PermissionMissing, StorageFull."""
    regions = [a.region for a in actor.current_appointments if actor.can(kind.permission, a.region_id)]
    if not regions:
        raise PermissionMissing
    region = _widest(regions)
    _demand_room(actor, region, upload.size)
    content = upload.read()
    file = ImportedFile(
        kind=kind.name,
        name=(upload.name or "")[:LONGEST_NAME],
        sha256=hashlib.sha256(content).hexdigest(),
        stored_bytes=len(content),
        region=region,
        loaded_by=actor,
    )
    file.stored.save(f"{kind.name}.sealed", ContentFile(seal_bytes(content, PURPOSE)), save=False)
    file.save()
    record(
        actor=actor,
        action="quota.file.receive",
        target=file,
        region_code=file.region_id or "",
        details={"kind": kind.name, "sha256": file.sha256},
    )
    return file


def _widest(regions: list[Region]) -> Region:
    return min(regions, key=lambda region: len(region.prefix))


def _demand_room(actor: User, region: Region, size: int) -> None:
    """Raise StorageFull if the contents would be too many or too large, before anything is stored.

    Without a lock: simultaneous uploads may pass together, at most one for each thread of the web server.
    """
    mine, ours = kept_contents(loaded_by=actor), kept_contents(region=region)
    if not MOST_OF_A_PERSON.takes(mine, size):
        told = _("您有%(files)s个文件（%(size)s MB）上传后没有写入，不能再上传。请先写入或撤回。")
        raise StorageFull(f"{told % mine.in_words()}{_after_days()}")
    if not MOST_OF_AN_OFFICE.takes(ours, size):
        told = _("本机关有%(files)s个文件（%(size)s MB）上传后没有写入，不能再上传。请和同事先写入或撤回。")
        raise StorageFull(f"{told % ours.in_words()}{_after_days()}")


def _after_days() -> str:
    return _("没有写入的文件，上传%(days)s天后清除。") % {"days": KEPT_FOR.days}


def uploaded_source(file: ImportedFile) -> Source:
    """The upload as it came. Raises FileRefused when its contents are no longer kept."""
    try:
        with file.stored.open() as stored:
            return Source(file.name, UPLOAD, content=unseal_bytes(stored.read(), PURPOSE))
    except (ValueError, FileNotFoundError):
        raise FileRefused(_("文件内容已按规定清除，请重新上传。")) from None


def read_file(*, file: ImportedFile) -> None:
    """Read an upload and store the report. If the file cannot be read, store the reason."""
    if file.state != FileState.READING:
        return
    kind, actor = KINDS[file.kind], file.loaded_by
    try:
        source = uploaded_source(file)
        report = load_file(
            kind=kind, source=source, mode=Mode.REPORT, actor=actor, file=file, progress=_progress(file)
        )
    except DomainError as refusal:
        _refuse(file, refusal)
        return
    _keep_faults(file, report, source, kind)
    _keep_changes(file, report, kind)
    # Two workers may read the same file after a resend. The lock lets only the first one store its report, so a
    # late one cannot set a file back that is already being written.
    with transaction.atomic():
        if (
            ImportedFile.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk=file.pk, state=FileState.READING)
            .exists()
        ):
            keep_outcome(file, report, FileState.CHECKED, source, kind)
            if not report.sound:
                _drop_contents(file)


def _refuse(file: ImportedFile, refusal: DomainError) -> None:
    """Store the refusal, unless another worker has changed the state meanwhile. Nobody needs the contents then."""
    untouched = ImportedFile.objects.filter(pk=file.pk, state=file.state)
    if untouched.update(refusal=str(refusal.message), state=FileState.FAILED, touched_at=Now()):
        _drop_contents(file)


def _drop_contents(file: ImportedFile) -> None:
    """Remove the contents of a file that can never be written; they would use up its sender's room."""
    if file.stored:
        transaction.on_commit(partial(file.stored.storage.delete, file.stored.name))
        ImportedFile.objects.filter(pk=file.pk).update(stored="")


def _progress(file: ImportedFile) -> Progress:
    def tell(rows: int) -> None:
        ImportedFile.objects.filter(pk=file.pk).update(read_rows=rows, touched_at=Now())

    return tell


@transaction.atomic
def order_writing(*, file: ImportedFile, only_sound_rows: bool, actor: User) -> ImportedFile:
    """Order the writing of a checked file that one person may write alone; the others go through
    exchange.services.approvals.

    Raises TransitionNotAllowed, PermissionMissing, SecondPersonNeeded.
    """
    locked = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
    kind = KINDS[locked.kind]
    if locked.state != FileState.CHECKED or not locked.sound_rows or (locked.fault_count and not only_sound_rows):
        raise TransitionNotAllowed
    if not actor.can(kind.permission, locked.region_id):
        raise PermissionMissing
    if locked.needs_second:
        raise SecondPersonNeeded
    locked.state, locked.applied_by, locked.only_sound_rows = FileState.WRITING, actor, only_sound_rows
    locked.applied_at = timezone.now()
    locked.save()
    return locked


def write_file(*, file: ImportedFile) -> None:
    """Write an upload as ordered. Refuse it again if rows have become faulty since it was read; let it wait again if
    it now changes something else that needs a second person."""
    if file.state != FileState.WRITING:
        return
    kind = KINDS[file.kind]
    actor, second = (file.loaded_by, file.applied_by) if file.needs_second else (file.applied_by, None)
    mode = Mode.APPLY_VALID if file.only_sound_rows else Mode.APPLY
    try:
        source = uploaded_source(file)
        report = load_file(kind=kind, source=source, mode=mode, actor=actor, second=second, file=file)
    except TransitionNotAllowed:  # load_file takes its turn first: another worker has written the file meanwhile
        return
    except DomainError as refusal:
        _refuse(file, refusal)
        return
    _keep_faults(file, report, source, kind)
    if report.is_overtaken:
        _keep_changes(file, report, kind)
        file.save(update_fields=["fault_book", "change_list"])  # it waits again: somebody may have decided meanwhile
        return
    file.stored.delete(save=False)
    file.save()


def stalled_files() -> list[int]:
    """Uploads that no worker has touched for a minute."""
    waiting = ImportedFile.objects.filter(state__in=AT_WORK, touched_at__lt=timezone.now() - STALLED_AFTER)
    return list(waiting.exclude(stored="").order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def forget_contents() -> int:
    """Remove contents and lists of uploads untouched for thirty days. Returns the number of uploads.

    Their rows, hashes and counts stay. A file that was not written by then can no longer be written. Contents of
    rejected uploads do not stay so long: their sender may withdraw one after the other.
    """
    for file in ImportedFile.objects.filter(state=FileState.REJECTED).exclude(stored=""):
        _drop_contents(file)
    old = ImportedFile.objects.filter(touched_at__lt=timezone.now() - KEPT_FOR).exclude(state__in=AT_WORK)
    kept = old.exclude(stored="", fault_book="", change_list="")
    kept = list(kept.select_for_update(of=("self",), no_key=True, skip_locked=True))
    for file in kept:
        if file.state == FileState.CHECKED:
            _refuse(file, FileRefused(_("文件内容已按规定清除，请重新上传。")))
        for sealed in filter(None, (file.stored, file.fault_book, file.change_list)):
            transaction.on_commit(partial(sealed.storage.delete, sealed.name))
        ImportedFile.objects.filter(pk=file.pk).update(stored="", fault_book="", change_list="")
    return len(kept)


def fault_workbook(*, file: ImportedFile, actor: User) -> bytes:
    """Every fault of an upload with its cells, for the sender. The download is recorded. Raises FileRefused."""
    if not file.fault_book:
        raise FileRefused(_("没有错误清单，或已按规定清除。"))
    return _opened(file.fault_book, file, actor, action="quota.file.faults", details={"faults": file.fault_count})


def listed_changes(*, file: ImportedFile, actor: User) -> bytes:
    """Every row that needs a second person, as CSV. The download is recorded. Raises FileRefused, ControlMissing."""
    if hides_amounts(file, actor):
        raise ControlMissing
    if not file.change_list:
        raise FileRefused(_("没有变动清单，或已按规定清除。"))
    return _opened(
        file.change_list, file, actor, action="quota.file.changes", details={"changes": file.changes_digest}
    )


def _opened(sealed: FieldFile, file: ImportedFile, actor: User, *, action: str, details: dict[str, Any]) -> bytes:
    """The contents of a sealed list of the file, for a download that is recorded."""
    with sealed.open() as stored:
        found = unseal_bytes(stored.read(), PURPOSE)
    record(actor=actor, action=action, target=file, region_code=file.region_id or "", details=details)
    return found


def _keep_changes(file: ImportedFile, report: Report, kind: Kind) -> None:
    """Store every row that needs a second person while it can still be compared."""
    file.change_list.delete(save=False)  # the list of the first reading
    if report.look.rows:
        content = b"".join(change_csv(kind, report.look.rows))
        file.change_list.save("changes.sealed", ContentFile(seal_bytes(content, PURPOSE)), save=False)


def _keep_faults(file: ImportedFile, report: Report, source: Source, kind: Kind) -> None:
    """Store every fault while the contents are still there."""
    if not report.faults:
        return
    book = BytesIO()
    write_workbook(with_values(report.faults, source, kind), book)
    file.fault_book.delete(save=False)  # the book of the first reading
    file.fault_book.save("faults.sealed", ContentFile(seal_bytes(book.getvalue(), PURPOSE)), save=False)
