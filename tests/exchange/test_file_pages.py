"""Uploading exchange files: rights, the report, the confirmation, and the stored contents."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from accounts.identity import look_up_key
from accounts.permissions import Role
from audit.errors import TransitionNotAllowed
from audit.models import AuditEntry
from exchange.engine.loading import Mode, load_file
from exchange.engine.source import MIB, UPLOAD, Source
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from exchange.queries import Room
from exchange.services import uploads
from exchange.services.uploads import (
    KEPT_FOR,
    forget_contents,
    order_writing,
    read_file,
    receive_file,
    stalled_files,
    write_file,
)
from quota.models import Employer, InsuranceMonth, RegionalNumber
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import EmployerFactory, identity_number

SAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "shanxi-2025"
INSURANCE = "统一社会信用代码,身份证号,所属月份,养老,医疗,失业,工伤"
PARAMETERS = "行政区划代码,参数,数值,生效日期,失效日期,文号"
MINIMUM_WAGE = "140105,最低工资,2150.00,2025-07-01,,晋人社〔示例〕2号"

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory(uscc="91140105MA01000604")


def insurance_file(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("社会保险.csv", "\n".join([INSURANCE, *rows]).encode())


def row(employer: Employer, person: str, month: str = "2025-03") -> str:
    return f"{employer.uscc},{person},{month},1,1,1,1"


def upload(client: Client, kind: str, file: SimpleUploadedFile) -> ImportedFile:
    answer = client.post("/files/", {"kind": kind, "file": file})
    assert answer.status_code == 302, answer.content.decode()
    return ImportedFile.objects.get()


def test_sound_rows_are_shown_first_and_written_when_confirmed(
    signed_in: Callable[..., Client], employer: Employer
) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140100")
    file = upload(client, "insurance", insurance_file(row(employer, identity_number())))
    assert (file.state, file.sound_rows, InsuranceMonth.objects.count()) == (FileState.CHECKED, 1, 0)
    assert client.get(f"/files/{file.pk}/write/").status_code == 200
    assert client.post(f"/files/{file.pk}/write/").status_code == 302
    file.refresh_from_db()
    assert (file.state, file.new_rows, InsuranceMonth.objects.count()) == (FileState.APPLIED, 1, 1)
    assert not file.stored, "the contents are no longer needed"
    applied = AuditEntry.objects.get(action="quota.file.apply")
    assert applied.region_code == "140100"
    assert applied.details["sha256"] == file.sha256


def test_the_report_masks_people_and_the_workbook_hands_the_cells_back(
    signed_in: Callable[..., Client], employer: Employer
) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    person = identity_number()
    wrong = person[:17] + ("0" if person[17] != "0" else "1")
    file = upload(client, "insurance", insurance_file(row(employer, person), row(employer, wrong)))
    page = client.get(f"/files/{file.pk}/").content.decode()
    assert "校验码不符" in page
    assert wrong not in page
    assert wrong not in str(file.faults)
    book = load_workbook(BytesIO(client.get(f"/files/{file.pk}/faults.xlsx").content)).active
    assert [cell.value for cell in book[2]][:3] == [3, "身份证号", wrong]


def test_faulty_rows_stay_out_and_the_rest_is_written(signed_in: Callable[..., Client], employer: Employer) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    file = upload(client, "insurance", insurance_file(row(employer, identity_number()), row(employer, "123")))
    client.post(f"/files/{file.pk}/write/")
    file.refresh_from_db()
    assert (file.state, file.new_rows, file.fault_count) == (FileState.APPLIED, 1, 1)
    assert client.get(f"/files/{file.pk}/faults.xlsx").status_code == 200


def test_contents_lie_sealed_on_disk(employer: Employer) -> None:
    person = identity_number()
    file = receive_file(
        kind=KINDS["insurance"],
        upload=insurance_file(row(employer, person)),
        actor=officer(Role.SERVICE_OFFICER, "140105"),
    )
    with file.stored.open() as stored:
        assert person.encode() not in stored.read()


def test_rows_of_another_region_are_faults(signed_in: Callable[..., Client], employer: Employer) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140106")
    file = upload(client, "insurance", insurance_file(row(employer, identity_number())))
    assert (file.sound_rows, file.fault_count) == (0, 1)
    assert "不在您的管辖范围" in client.get(f"/files/{file.pk}/").content.decode()


def test_a_stranger_finds_nothing_and_a_colleague_of_another_office_may_not(
    signed_in: Callable[..., Client], employer: Employer
) -> None:
    file = upload(
        signed_in(Role.SERVICE_OFFICER, "140105"), "insurance", insurance_file(row(employer, identity_number()))
    )
    for path in ("", "write/", "faults.xlsx"):
        assert signed_in(Role.SERVICE_OFFICER, "140106").get(f"/files/{file.pk}/{path}").status_code == 404
        assert signed_in(Role.TAX_OFFICER, "140105").get(f"/files/{file.pk}/{path}").status_code == 403
    assert signed_in(Role.AUDITOR, "140105").get("/files/").status_code == 403


def test_a_kind_that_the_person_may_not_load_is_refused(signed_in: Callable[..., Client], employer: Employer) -> None:
    client = signed_in(Role.TAX_OFFICER, "140105")
    answer = client.post("/files/", {"kind": "insurance", "file": insurance_file(row(employer, identity_number()))})
    assert answer.status_code == 200
    assert not ImportedFile.objects.exists()


def test_parameters_wait_for_a_second_administrator(signed_in: Callable[..., Client]) -> None:
    RegionFactory(code="140105")
    first, second = officer(Role.PARAMETER_ADMINISTRATOR, "140000"), officer(Role.PARAMETER_ADMINISTRATOR, "140100")
    file = upload(
        signed_in(first), "parameters", SimpleUploadedFile("p.csv", f"{PARAMETERS}\n{MINIMUM_WAGE}".encode())
    )
    signed_in(first).post(f"/files/{file.pk}/write/")
    assert not RegionalNumber.objects.exists()
    assert "等待第二人批准" in signed_in(first).get(f"/files/{file.pk}/").content.decode()
    assert signed_in(second).get(f"/files/{file.pk}/").status_code == 404, "a file of the province is the province's"
    third = officer(Role.PARAMETER_ADMINISTRATOR, "140000")
    signed_in(third).post(f"/files/{file.pk}/write/")
    assert not RegionalNumber.objects.exists()
    page = signed_in(third).get(f"/files/{file.pk}/approve/").content.decode()
    assert "<b>2150</b>" in page
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    signed_in(third).post(f"/files/{file.pk}/approve/", {"seen": seen})
    number = RegionalNumber.objects.get()
    assert (number.entered_by, number.approved_by) == (first, third)


@pytest.mark.parametrize("name", ["employers", "returns", "placements", "certificates", "wages", "payments"])
def test_every_template_has_the_headings_of_its_kind(signed_in: Callable[..., Client], name: str) -> None:
    answer = signed_in(Role.SERVICE_OFFICER, "140105").get(f"/files/templates/{name}.xlsx")
    headings = [cell.value for cell in load_workbook(BytesIO(answer.content)).active[1]]
    assert headings == KINDS[name].headings


def test_what_is_not_a_table_is_refused_in_words(signed_in: Callable[..., Client]) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    file = upload(client, "insurance", SimpleUploadedFile("表.xlsx", b"%PDF-1.7 nothing"))
    assert file.state == FileState.FAILED
    assert "这是PDF文件" in client.get(f"/files/{file.pk}/").content.decode()


def test_the_page_asks_for_a_file_and_keeps_the_kind(signed_in: Callable[..., Client]) -> None:
    page = signed_in(Role.SERVICE_OFFICER, "140105").post("/files/", {"kind": "wages"}).content.decode()
    assert "错误：" in page
    assert '<option value="wages" selected>' in page


def test_a_large_upload_is_left_to_the_workers_and_found_again_by_the_sweeper(employer: Employer) -> None:
    actor = officer(Role.SERVICE_OFFICER, "140105")
    file = receive_file(kind=KINDS["insurance"], upload=insurance_file(row(employer, identity_number())), actor=actor)
    assert stalled_files() == []
    ImportedFile.objects.update(touched_at="2026-01-01T00:00:00+08:00")
    assert stalled_files() == [file.pk]
    read_file(file=file)
    assert stalled_files() == []


def test_two_workers_write_a_file_once(employer: Employer) -> None:
    actor = officer(Role.SERVICE_OFFICER, "140105")
    person = identity_number()
    file = receive_file(kind=KINDS["insurance"], upload=insurance_file(row(employer, person)), actor=actor)
    read_file(file=file)
    ordered = order_writing(file=file, only_sound_rows=False, actor=actor)
    rival = ImportedFile.objects.get(pk=file.pk)
    write_file(file=ordered)
    write_file(file=rival)
    file.refresh_from_db()
    assert (file.state, file.new_rows) == (FileState.APPLIED, 1)
    assert InsuranceMonth.objects.get().person_key == look_up_key(person)


def test_a_worker_that_still_has_the_contents_does_not_write_them_again(employer: Employer) -> None:
    actor, content = officer(Role.SERVICE_OFFICER, "140105"), insurance_file(row(employer, identity_number())).read()
    file = receive_file(kind=KINDS["insurance"], upload=SimpleUploadedFile("f.csv", content), actor=actor)
    read_file(file=file)
    write_file(file=order_writing(file=file, only_sound_rows=False, actor=actor))
    with pytest.raises(TransitionNotAllowed):
        load_file(
            kind=KINDS["insurance"],
            source=Source("f.csv", UPLOAD, content=content),
            mode=Mode.APPLY,
            actor=actor,
            file=file,
        )


@pytest.mark.django_db(transaction=True)
def test_a_large_upload_goes_through_a_worker(
    signed_in: Callable[..., Client], celery_worker: object, eventually: Callable[..., None]
) -> None:
    employer = EmployerFactory(uscc="91140105MA01000604")
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    people = [identity_number() for _ in range(400)]
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    file = upload(
        client, "insurance", insurance_file(*(row(employer, who, when) for who in people for when in months))
    )
    eventually(lambda: state_of(file) == FileState.CHECKED, "the worker did not read the file")
    assert client.post(f"/files/{file.pk}/write/").status_code == 302
    eventually(lambda: state_of(file) == FileState.APPLIED, "the worker did not write the file")
    assert InsuranceMonth.objects.count() == 4800


def state_of(file: ImportedFile) -> str:
    return ImportedFile.objects.values_list("state", flat=True).get(pk=file.pk)


def test_contents_that_nobody_needs_any_more_are_removed_and_the_row_stays(
    signed_in: Callable[..., Client], employer: Employer, django_capture_on_commit_callbacks
) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    file = upload(client, "insurance", insurance_file(row(employer, identity_number()), row(employer, "1")))
    kept = [Path(file.stored.path), Path(file.fault_book.path)]
    ImportedFile.objects.update(touched_at=timezone.now() - KEPT_FOR + timedelta(minutes=1))
    assert forget_contents() == 0
    assert all(path.exists() for path in kept)
    ImportedFile.objects.update(touched_at=timezone.now() - KEPT_FOR)
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_contents() == 1
    assert not any(path.exists() for path in kept)
    forgotten = ImportedFile.objects.get()
    assert (forgotten.sha256, forgotten.sound_rows, forgotten.fault_count) == (file.sha256, 1, 1)
    page = client.get(f"/files/{file.pk}/").content.decode()
    assert "文件内容已按规定清除，请重新上传。" in page
    assert f"/files/{file.pk}/write/" not in page
    assert f"/files/{file.pk}/faults.xlsx" not in page
    assert forget_contents() == 0


def send(client: Client, file: SimpleUploadedFile) -> str:
    """The text of the page of uploads after a refused one; "" after one that was taken."""
    answer = client.post("/files/", {"kind": "insurance", "file": file})
    return answer.content.decode() if answer.status_code == 200 else ""


def test_a_person_has_room_for_so_many_files_and_writing_one_makes_room(
    signed_in: Callable[..., Client], employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OF_A_PERSON", Room(files=2, size=MIB))
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    people = [identity_number() for _file in range(4)]
    files = [lambda person=person: insurance_file(row(employer, person)) for person in people]
    assert [send(client, file()) for file in files[:2]] == ["", ""]
    stored = set(Path(ImportedFile.objects.first().stored.path).parent.iterdir())
    page = send(client, files[2]())
    assert "您有2个文件（0.0 MB）上传后没有写入，不能再上传。请先写入或撤回。没有写入的文件，上传30天后清除。" in page
    assert set(Path(ImportedFile.objects.first().stored.path).parent.iterdir()) == stored, (
        "refused before it is stored"
    )
    assert ImportedFile.objects.count() == 2
    assert send(signed_in(Role.SERVICE_OFFICER, "140105"), files[2]()) == "", "a colleague has room"
    client.post(f"/files/{ImportedFile.objects.filter(state=FileState.CHECKED).last().pk}/write/")
    assert send(client, files[3]()) == ""


def test_a_person_has_room_for_so_many_bytes(
    signed_in: Callable[..., Client], employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = insurance_file(row(employer, identity_number()))
    monkeypatch.setattr(uploads, "MOST_OF_A_PERSON", Room(files=9, size=2 * file.size - 1))
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    assert send(client, file) == ""
    assert "不能再上传" in send(client, insurance_file(row(employer, identity_number())))


def test_an_office_has_room_for_so_many_files(
    signed_in: Callable[..., Client], employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OF_AN_OFFICE", Room(files=1, size=MIB))
    assert send(signed_in(Role.SERVICE_OFFICER, "140105"), insurance_file(row(employer, identity_number()))) == ""
    colleague, neighbour = (signed_in(Role.SERVICE_OFFICER, code) for code in ("140105", "140106"))
    assert "本机关有1个文件" in send(colleague, insurance_file(row(employer, identity_number())))
    assert send(neighbour, insurance_file(row(employer, identity_number()))) == ""


def test_a_file_that_can_never_be_written_takes_no_room(
    signed_in: Callable[..., Client], employer: Employer, django_capture_on_commit_callbacks
) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    with django_capture_on_commit_callbacks(execute=True):
        for content in (b"%PDF-1.7 nothing", f"{INSURANCE}\n{row(employer, '123')}".encode()):
            client.post("/files/", {"kind": "insurance", "file": SimpleUploadedFile("f.csv", content)})
    assert list(ImportedFile.objects.values_list("state", "stored")) == [
        (FileState.CHECKED, ""),
        (FileState.FAILED, ""),
    ]
    assert client.get(f"/files/{ImportedFile.objects.first().pk}/faults.xlsx").status_code == 200


def test_a_file_that_is_written_leaves_no_former_list_of_faults(
    signed_in: Callable[..., Client], employer: Employer
) -> None:
    client = signed_in(Role.SERVICE_OFFICER, "140105")
    file = upload(client, "insurance", insurance_file(row(employer, identity_number()), row(employer, "1")))
    folder = Path(file.fault_book.path).parent
    before = len(list(folder.glob("faults*.sealed")))
    client.post(f"/files/{file.pk}/write/")
    file.refresh_from_db()
    assert file.state == FileState.APPLIED
    assert len(list(folder.glob("faults*.sealed"))) == before
    assert client.get(f"/files/{file.pk}/faults.xlsx").status_code == 200
