"""Uploaded exchange files: receive, read, and write after a person with the right has checked the report.

The row says what is left to do; the sweeper sends a lost task again (exchange.tasks.resend_stalled_files).
"""

import hashlib
from datetime import timedelta
from functools import partial
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
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
from exchange.engine.source import UPLOAD, Source
from exchange.errors import ControlMissing, FileRefused
from exchange.kinds import KINDS
from exchange.models import AT_WORK, FileState, ImportedFile
from exchange.queries import hides_amounts

PURPOSE = b"levy uploaded file"
IMMEDIATE_BYTES = 200 * 1024  # about two thousand rows: read while the person waits
STALLED_AFTER = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)  # time for an office to have faulty rows corrected
LONGEST_NAME = 200


def is_small(file: ImportedFile) -> bool:
    return bool(file.stored) and file.stored.size <= IMMEDIATE_BYTES


@transaction.atomic
def receive_file(*, kind: Kind, upload: UploadedFile, actor: User) -> ImportedFile:
    """Store an upload, sealed, to be read next. Raises PermissionMissing."""
    regions = [a.region for a in actor.current_appointments if actor.can(kind.permission, a.region_id)]
    if not regions:
        raise PermissionMissing
    content = upload.read()
    file = ImportedFile(
        kind=kind.name,
        name=(upload.name or "")[:LONGEST_NAME],
        sha256=hashlib.sha256(content).hexdigest(),
        region=_widest(regions),
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


def _refuse(file: ImportedFile, refusal: DomainError) -> None:
    """Store the refusal, unless another worker has changed the state meanwhile."""
    untouched = ImportedFile.objects.filter(pk=file.pk, state=file.state)
    untouched.update(refusal=str(refusal.message), state=FileState.FAILED, touched_at=Now())


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
    else:
        file.stored.delete(save=False)
    file.save()


def stalled_files() -> list[int]:
    """Uploads that no worker has touched for a minute."""
    waiting = ImportedFile.objects.filter(state__in=AT_WORK, touched_at__lt=timezone.now() - STALLED_AFTER)
    return list(waiting.exclude(stored="").order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def forget_contents() -> int:
    """Remove contents and lists of uploads untouched for thirty days. Returns the number of uploads.

    Their rows, hashes and counts stay. A file that was not written by then can no longer be written.
    """
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
    with file.fault_book.open() as stored:
        book = unseal_bytes(stored.read(), PURPOSE)
    record(
        actor=actor,
        action="quota.file.faults",
        target=file,
        region_code=file.region_id or "",
        details={"faults": file.fault_count},
    )
    return book


def listed_changes(*, file: ImportedFile, actor: User) -> bytes:
    """Every row that needs a second person, as CSV. The download is recorded. Raises FileRefused, ControlMissing."""
    if hides_amounts(file, actor):
        raise ControlMissing
    if not file.change_list:
        raise FileRefused(_("没有变动清单，或已按规定清除。"))
    with file.change_list.open() as stored:
        found = unseal_bytes(stored.read(), PURPOSE)
    record(
        actor=actor,
        action="quota.file.changes",
        target=file,
        region_code=file.region_id or "",
        details={"changes": file.changes_digest},
    )
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
