"""The notices of a run to print and post: files of 25, each of one county, combined into one ZIP with an index.

The row says how far the batch is: `done` counts the notices in finished parts. A part that a worker lost is printed
again, and only the combined file is ever offered (docs/decisions/0007-printing-notices.md).
"""

import hashlib
import time
from datetime import timedelta
from tempfile import TemporaryFile
from typing import BinaryIO
from zipfile import ZipFile, ZipInfo

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import DomainError, PermissionMissing
from audit.services import record
from design.csv_lines import BOM, csv_line
from levy.documents.notice import TITLE, notice_pdf
from levy.errors import BatchAlreadyWorking, NothingToPrint, NoticeNotPossible
from levy.models import AssessmentRun, DocumentBatch, Notice
from levy.models.assessments import AssessmentQuerySet
from levy.models.documents import BatchState
from levy.models.runs import FINAL_STATES
from levy.services.notices import issue_numbered, lock_series

PART = 25  # measured: fewer repeat the fonts too often, with more the time grows faster than the number
STALLED_AFTER = timedelta(seconds=60)
SECONDS_PER_MESSAGE = 60
INDEX = "目录.csv"
HEADINGS = (
    "序号",
    "行政区划代码",
    "地区",
    "统一社会信用代码",
    "单位名称",
    "文书编号",
    "应缴费额",
    "文件",
    "页",
)


@transaction.atomic
def start_batch(*, run: AssessmentRun, actor: User) -> DocumentBatch:
    """Order the printing of the notices of every employer that owes something. tasks.render_notices does the work.

    Raises PermissionMissing, NoticeNotPossible before the run is confirmed, NothingToPrint, BatchAlreadyWorking.
    """
    if not actor.can(Permission.CONFIRM_ASSESSMENT, run.region_id):
        raise PermissionMissing
    if run.state not in FINAL_STATES:
        raise NoticeNotPossible(_("核定批次尚未经第二人核定，不能签发通知书。"))
    batch = DocumentBatch(run=run, total=_due(run).count(), created_by=actor)
    if not batch.total:
        raise NothingToPrint
    try:
        with transaction.atomic():
            batch.save()
    except IntegrityError:
        raise BatchAlreadyWorking from None
    record(
        actor=actor,
        action="levy.documentbatch.start",
        target=batch,
        region_code=run.region_id,
        details={"run": run.pk, "notices": batch.total},
    )
    return batch


def _due(run: AssessmentRun, batch: DocumentBatch | None = None) -> AssessmentQuerySet:
    """The run's assessments in force with something to pay; for a batch, those in force at its start."""
    in_force = Q(superseded_by=None) | Q(superseded_by__approved_at=None)
    if batch is not None:
        in_force |= Q(superseded_by__approved_at__gte=batch.created_at)
    return run.assessments.filter(in_force, payable__gt=0)


def print_notices(*, batch_id: int, seconds: float = SECONDS_PER_MESSAGE) -> bool:
    """Continue a batch for a limited time. True while something is left; False when it is done or another worker has
    it.

    After a lost connection or a full disk the batch can continue. Any other failure ends it, also a row that the
    database refuses and a statement time-out: the same few notices would take as long again.
    """
    until = time.monotonic() + seconds
    try:
        while _print_part(batch_id):
            if time.monotonic() > until:
                return True
    except (OperationalError, InterfaceError) as failure:
        if isinstance(failure.__cause__, QueryCanceled):
            _note(
                batch_id, state=BatchState.FAILED, error=_("数据库处理超时，可稍后重新生成；已签发的通知书仍然有效。")
            )
        raise
    except OSError:
        _note(batch_id, error=_("存储空间不足或不可写，恢复后自动继续。"))
        raise
    except Exception as failure:
        _note(
            batch_id,
            state=BatchState.FAILED,
            error=str(failure) if isinstance(failure, DomainError) else _("生成失败。"),
        )
        raise
    return False


def _note(batch_id: int, **values: str) -> None:
    DocumentBatch.objects.filter(pk=batch_id, state=BatchState.WORKING).update(touched_at=Now(), **values)


@transaction.atomic
def _print_part(batch_id: int) -> bool:
    """Print the next part, or combine the file when none is left. The lock on the row keeps other workers away."""
    batch = (
        DocumentBatch.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk=batch_id, state=BatchState.WORKING)
        .select_related("run", "created_by")
        .first()
    )
    if batch is None:
        return False
    if batch.done == batch.total:
        _bind(batch)
        return False
    notices = _next_notices(batch)
    name = f"{batch.done + 1:06d}-{notices[0].assessment.region_id}"
    pdf = notice_pdf(notices, title=_("%(title)s（%(count)s份）") % {"title": TITLE, "count": len(notices)})
    _put(batch, f"{name}.csv", _index_lines(batch.done, notices, f"{name}.pdf", pdf.page_of))
    _put(batch, f"{name}.pdf", pdf.content)
    batch.done += len(notices)
    batch.error = ""
    batch.save(update_fields=["done", "error", "touched_at"])
    return True


def _next_notices(batch: DocumentBatch) -> list[Notice]:
    """The next notices of one county; issues those that are missing."""
    rows = _due(batch.run, batch).order_by("region_id", "employer_id")
    found = list(rows[batch.done : batch.done + PART])
    region = found[0].region_id
    part = [assessment for assessment in found if assessment.region_id == region]
    lock_series(region)  # before looking for served ones: an officer may be issuing one at this moment
    served = set(Notice.objects.filter(assessment__in=part).values_list("assessment_id", flat=True))
    missing = [assessment for assessment in part if assessment.pk not in served]
    issue_numbered(region_code=region, assessments=missing, actor=batch.created_by)
    notices = Notice.objects.filter(assessment__in=part).with_contents()
    return list(notices.order_by("assessment__employer_id"))


def _index_lines(done: int, notices: list[Notice], file_name: str, page_of: dict[str, int]) -> bytes:
    region = notices[0].assessment.region_id
    region_name = Region.objects.full_names([region])[region]
    lines = []
    for position, notice in enumerate(notices, done + 1):
        employer, payable = notice.assessment.employer, notice.assessment.payable
        name, page = employer.name, page_of[notice.number]
        cells = (position, region, region_name, employer.uscc, name, notice.number, payable, file_name, page)
        lines.append(csv_line(cells))
    return b"".join(lines)


def _folder(batch: DocumentBatch) -> str:
    return f"notices/parts-{batch.pk}"


def _put(batch: DocumentBatch, name: str, content: bytes) -> None:
    """Store a part; replaces one that a killed worker left."""
    path = f"{_folder(batch)}/{name}"
    default_storage.delete(path)
    default_storage.save(path, ContentFile(content))


def _bind(batch: DocumentBatch) -> None:
    """Combine all parts into one file and offer it. The same notices always give the same bytes."""
    with TemporaryFile() as bound:
        _write_zip(batch, bound)
        bound.seek(0)
        batch.sha256 = hashlib.file_digest(bound, "sha256").hexdigest()
        bound.seek(0)
        batch.result.save(f"notices-{batch.run}-{batch.pk}.zip", File(bound), save=False)
    batch.state = BatchState.DONE
    batch.save(update_fields=["state", "sha256", "result", "touched_at"])
    record(
        actor=batch.created_by,
        action="levy.documentbatch.finish",
        target=batch,
        region_code=batch.run.region_id,
        details={"notices": batch.total, "sha256": batch.sha256},
    )
    transaction.on_commit(lambda: _remove_parts(batch))


def _write_zip(batch: DocumentBatch, target: BinaryIO) -> None:
    names = sorted(default_storage.listdir(_folder(batch))[1])
    index = [BOM + csv_line(HEADINGS)]
    with ZipFile(target, "w") as bound:
        for name in names:
            with default_storage.open(f"{_folder(batch)}/{name}") as part:
                if name.endswith(".pdf"):
                    bound.writestr(_entry(batch, name), part.read())
                else:
                    index.append(part.read())
        bound.writestr(_entry(batch, INDEX), b"".join(index))


def _entry(batch: DocumentBatch, name: str) -> ZipInfo:
    """A file of the ZIP, dated by the run's confirmation, not by the printing."""
    return ZipInfo(name, date_time=timezone.localtime(batch.run.confirmed_at).timetuple()[:6])


def _remove_parts(batch: DocumentBatch) -> None:
    for name in default_storage.listdir(_folder(batch))[1]:
        default_storage.delete(f"{_folder(batch)}/{name}")
    default_storage.delete(_folder(batch))


def stalled_batches() -> list[int]:
    """Claim the batches that no worker has touched for a minute. Returns their ids, to send again."""
    with transaction.atomic():
        stalled = DocumentBatch.objects.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(
            state=BatchState.WORKING, touched_at__lt=Now() - STALLED_AFTER
        )
        ids = list(stalled.values_list("pk", flat=True))
        DocumentBatch.objects.filter(pk__in=ids).update(touched_at=Now())
    return ids
