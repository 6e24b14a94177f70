"""The notices of a run in one file: complete, resumable, the same after any kill, offered only when complete."""

import csv
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.permissions import Role
from audit.errors import PermissionMissing
from levy.errors import BatchAlreadyWorking, NothingToPrint, NoticeNotPossible
from levy.models import AssessmentRun, DocumentBatch, Notice
from levy.models.documents import BatchState
from levy.services import batches
from levy.services.notices import issue_notice
from tests.accounts.factories import RegionFactory
from tests.conftest import test_database_url
from tests.levy.factories import confirmed_run, draft_run
from tests.levy.papers import COUNTY, NEIGHBOUR, employer, levy_officer, name_regions, squeezed

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _shanxi(db: None, settings: Any, tmp_path: Path) -> None:
    name_regions()
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}


def run_of(in_county: int, in_neighbour: int = 0) -> AssessmentRun:
    """A confirmed run with so many employers that owe something in the two counties, and one that owes nothing."""
    for number in range(in_county):
        employer(f"小店第{number}有限公司")
    for number in range(in_neighbour):
        employer(f"迎泽第{number}有限公司", region=RegionFactory(code=NEIGHBOUR))
    employer("已达比例有限公司", credited=48)
    return confirmed_run()


def started(run: AssessmentRun) -> DocumentBatch:
    return batches.start_batch(run=run, actor=levy_officer("140000"))


def printed(run: AssessmentRun) -> DocumentBatch:
    batch = started(run)
    assert batches.print_notices(batch_id=batch.pk) is False
    batch.refresh_from_db()
    return batch


def index_of(batch: DocumentBatch) -> list[dict[str, str]]:
    with batch.result.open() as file, ZipFile(file) as bound:
        return list(csv.DictReader(io.StringIO(bound.read(batches.INDEX).decode("utf-8-sig"))))


def test_every_employer_that_owes_gets_one_page_where_the_index_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PART", 2)
    batch = printed(run_of(3, 2))
    rows = index_of(batch)
    assert (batch.state, batch.done, batch.total, len(rows)) == (BatchState.DONE, 5, 5, 5)
    assert {row["文件"][7:13] for row in rows} == {COUNTY, NEIGHBOUR}
    with batch.result.open() as file, ZipFile(file) as bound:
        for row in rows:
            page = PdfReader(io.BytesIO(bound.read(row["文件"]))).pages[int(row["页"]) - 1]
            text = squeezed(page.extract_text())
            assert row["单位名称"] in text
            assert row["文书编号"] in text
            assert row["行政区划代码"] in row["文件"]
        assert len(bound.namelist()) == 4  # two files of the county, one of its neighbour, the index
    with batch.result.open() as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == batch.sha256


def test_printing_the_same_notices_again_gives_the_same_bytes() -> None:
    run = run_of(2)
    first, second = printed(run), printed(run)
    assert first.pk != second.pk
    assert first.sha256 == second.sha256
    assert Notice.objects.count() == 2


def test_nothing_is_left_but_the_file_that_is_offered(tmp_path: Path, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        batch = printed(run_of(2))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / batch.result.name]


def test_the_sum_of_the_index_is_the_total_of_the_run() -> None:
    run = run_of(3)
    rows = index_of(printed(run))
    assert f"{sum(int(row['应缴费额'].replace('.', '')) for row in rows) / 100:.2f}" == str(run.payable_total)


def test_a_batch_needs_a_confirmed_run_a_right_and_something_owed() -> None:
    employer(credited=48)
    run = draft_run()
    with pytest.raises(NoticeNotPossible):
        started(run)
    run.state, run.confirmed_at = "confirmed", timezone.now()
    with pytest.raises(NothingToPrint):
        started(run)
    with pytest.raises(PermissionMissing):
        batches.start_batch(run=run, actor=levy_officer(NEIGHBOUR))


def test_one_batch_of_a_run_works_at_a_time() -> None:
    run = run_of(1)
    started(run)
    with pytest.raises(BatchAlreadyWorking):
        started(run)


def test_a_full_disk_pauses_the_batch_and_it_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = started(run_of(1))

    def full(*_arguments: Any) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(default_storage), "save", full, raising=False)
        with pytest.raises(OSError, match="No space left"):
            batches.print_notices(batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.done) == (BatchState.WORKING, 0)
    assert "存储空间不足" in batch.error
    assert not batch.result
    batches.print_notices(batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.error) == (BatchState.DONE, "")


def test_a_failure_ends_the_batch_with_a_sentence_and_no_file(settings: Any) -> None:
    settings.PDF_ENABLED = False
    batch = started(run_of(1))
    with pytest.raises(Exception, match="未开启PDF"):
        batches.print_notices(batch_id=batch.pk)
    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert "未开启PDF" in batch.error
    assert not batch.result


def test_a_batch_that_the_database_refuses_ends_and_another_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = started(run_of(1))

    def refused(**_arguments: Any) -> None:
        raise IntegrityError

    with monkeypatch.context() as patched:
        patched.setattr(batches, "issue_numbered", refused)
        with pytest.raises(IntegrityError):
            batches.print_notices(batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.error) == (BatchState.FAILED, "生成失败。")
    assert printed(batch.run).state == BatchState.DONE


def test_a_lost_database_leaves_the_batch_to_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = started(run_of(1))

    def gone(**_arguments: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(batches, "issue_numbered", gone)
        with pytest.raises(OperationalError):
            batches.print_notices(batch_id=batch.pk)
    assert batches.print_notices(batch_id=batch.pk) is False
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE


def test_a_batch_that_takes_the_database_too_long_ends_with_a_sentence_and_can_be_started_again(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, signed_in: Any
) -> None:
    name_regions()
    batch = started(run_of(1))

    def slow(**_arguments: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '50ms'")
            cursor.execute("SELECT pg_sleep(5)")

    with monkeypatch.context() as patched:
        patched.setattr(batches, "issue_numbered", slow)
        with pytest.raises(OperationalError, match="statement timeout"):
            batches.print_notices(batch_id=batch.pk)
    DocumentBatch.objects.update(touched_at=timezone.now() - 2 * batches.STALLED_AFTER)
    assert batches.stalled_batches() == []
    client = signed_in(Role.LEVY_OFFICER, "140000")
    page = client.get(reverse("levy:batch", args=[batch.pk])).content.decode()
    assert "数据库处理超时" in page
    assert reverse("levy:batch_list", args=[batch.run_id]) in page
    assert printed(batch.run).state == BatchState.DONE


def is_somebody_waiting() -> bool:
    """True if another connection waits for a lock of this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def test_a_notice_that_an_officer_issues_meanwhile_does_not_end_the_batch(transactional_db: None) -> None:
    name_regions()
    batch = started(run_of(1))

    def print_elsewhere() -> bool:
        try:
            return batches.print_notices(batch_id=batch.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            issue_notice(assessment=batch.run.assessments.get(payable__gt=0), actor=levy_officer())
            printing = other.submit(print_elsewhere)
            while not printing.done() and not is_somebody_waiting():
                time.sleep(0.05)
        assert printing.result() is False
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE


def test_a_batch_that_nobody_touched_for_a_minute_is_sent_again_once() -> None:
    batch = started(run_of(1))
    assert batches.stalled_batches() == []
    DocumentBatch.objects.update(touched_at=timezone.now() - 2 * batches.STALLED_AFTER)
    assert batches.stalled_batches() == [batch.pk]
    assert batches.stalled_batches() == []


PRINT = """
import sys
import django; django.setup()
from django.test import override_settings
from levy.services import batches
files = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
with override_settings(MEDIA_ROOT=sys.argv[2], STORAGES=files | {"staticfiles": {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}):
    batches.PART = 2
    batches.print_notices(batch_id=int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_worker_is_killed_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PART", 2)
    batch = started(run_of(12))
    environment = os.environ | {"DATABASE_URL": test_database_url()}
    worker = subprocess.Popen([sys.executable, "-c", PRINT, str(batch.pk), str(tmp_path)], cwd=ROOT, env=environment)
    until = time.monotonic() + 120
    while batch.done == 0 and time.monotonic() < until:
        time.sleep(0.05)
        batch.refresh_from_db()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    batch.refresh_from_db()
    assert 0 < batch.done < 12
    assert batch.state == BatchState.WORKING
    assert not batch.result
    batches.print_notices(batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.done, len(index_of(batch))) == (BatchState.DONE, 12, 12)
    assert len({row["文书编号"] for row in index_of(batch)}) == 12
    assert printed(batch.run).sha256 == batch.sha256


def test_what_a_killed_worker_left_of_a_part_is_replaced(tmp_path: Path) -> None:
    batch = started(run_of(1))
    torn = tmp_path / "notices" / f"parts-{batch.pk}" / f"000001-{COUNTY}.pdf"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"%PDF-1.7 torn")
    batches.print_notices(batch_id=batch.pk)
    batch.refresh_from_db()
    with batch.result.open() as file, ZipFile(file) as bound:
        assert bound.namelist() == [torn.name, batches.INDEX]
        assert len(PdfReader(io.BytesIO(bound.read(torn.name))).pages) == 1


def status(client: Client, name: str, key: int) -> int:
    response = client.get(reverse(name, args=[key]))
    b"".join(response)  # a file that is read to its end is closed
    return response.status_code


def test_an_officer_starts_a_batch_watches_it_and_downloads_the_file(signed_in: Any) -> None:
    run = run_of(1)
    client = signed_in(Role.LEVY_OFFICER, "140000")
    page = client.post(reverse("levy:batch_list", args=[run.pk]), follow=True).content.decode()
    batch = DocumentBatch.objects.get()
    assert "已生成0份，共1份" in page
    assert status(client, "levy:batch_file", batch.pk) == 404
    batches.print_notices(batch_id=batch.pk)
    page = client.get(reverse("levy:batch", args=[batch.pk])).content.decode()
    batch.refresh_from_db()
    assert batch.sha256 in page
    response = client.get(reverse("levy:batch_file", args=[batch.pk]))
    assert hashlib.sha256(b"".join(response.streaming_content)).hexdigest() == batch.sha256


@pytest.mark.parametrize(
    ("role", "region", "seen", "may_start"),
    [
        (Role.LEVY_OFFICER, "140000", 200, 302),
        (Role.TAX_OFFICER, "140000", 200, 403),
        (Role.AUDITOR, "140000", 200, 403),
        (Role.VERIFIER, "140000", 403, 403),
        (Role.LEVY_OFFICER, "150000", 404, 404),
        (Role.EMPLOYER, "140000", 403, 403),
    ],
)
def test_who_sees_a_batch_and_who_starts_one(
    signed_in: Any, role: Role, region: str, seen: int, may_start: int
) -> None:
    batch = printed(run_of(1))
    client = signed_in(role, region)
    assert status(client, "levy:batch", batch.pk) == seen
    assert status(client, "levy:batch_file", batch.pk) == seen
    assert client.post(reverse("levy:batch_list", args=[batch.run_id])).status_code == may_start
