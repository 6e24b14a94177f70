"""Uploads that need a second person: when, what this person sees, and that nothing else takes effect (promise A10)."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from accounts.permissions import Permission, Role
from audit.errors import SecondPersonNeeded
from audit.models import AuditEntry
from casework.desk import Waiting, all_lines
from casework.errors import MatterChanged
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from exchange.queries import kept_contents
from exchange.services.approvals import file_decision
from exchange.services.uploads import forget_contents, order_writing, read_file, receive_file, write_file
from quota.kinds import EMPLOYERS
from quota.models import Employer
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import csv_bytes, load
from tests.quota.factories import EmployerFactory

COUNTY = "140105"
CODES = ["91140105MA01000604", "91140105MA0100057Q"]
CELLS = (
    "统一社会信用代码",
    "单位名称",
    "行政区划代码",
    "单位类型",
    "登记日期",
    "税务登记职工人数",
    "税务登记工资总额",
)
SignIn = Callable[..., Client]

pytestmark = pytest.mark.django_db
DECISION = file_decision(Permission.LOAD_TAX_FILES)


@pytest.fixture
def employer() -> Employer:
    return EmployerFactory(
        uscc=CODES[0], name="清和", region=RegionFactory(code=COUNTY), entity_type="enterprise",
        registered_on=None, registered_staff=20, registered_wages=1_000_000,
    )  # fmt: skip


@pytest.fixture
def maker() -> User:
    return officer(Role.TAX_OFFICER, COUNTY)


@pytest.fixture
def second() -> User:
    return officer(Role.TAX_OFFICER, COUNTY)


def row(code: str = CODES[0], **changed: str) -> list[str]:
    """A row of the stored employer, with some cells changed."""
    cells = dict(zip(CELLS, (code, "清和", COUNTY, "企业", "", "20", "1000000.00"), strict=True)) | changed
    return [cells.get(heading, "0" if heading == "中小学幼儿园" else "") for heading in EMPLOYERS.headings]


def sent(actor: User, *rows: list[str]) -> ImportedFile:
    """An upload of employers that has been read."""
    upload = SimpleUploadedFile("单位.csv", csv_bytes([EMPLOYERS.headings, *rows]))
    file = receive_file(kind=EMPLOYERS, upload=upload, actor=actor)
    read_file(file=file)
    return ImportedFile.objects.get(pk=file.pk)


def approved(file: ImportedFile, second: User) -> ImportedFile:
    """The file after the second person and the worker."""
    write_file(file=DECISION.approve(file, actor=second, seen=DECISION.seen(file)))
    return ImportedFile.objects.get(pk=file.pk)


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("行政区划代码", "140106"),
        ("单位类型", "个体工商户"),
        ("登记日期", "2025-06-01"),
        ("税务登记职工人数", "19"),
        ("税务登记工资总额", ""),
    ],
)
def test_what_decides_who_owes_needs_a_second_person(
    employer: Employer, maker: User, second: User, heading: str, value: str
) -> None:
    RegionFactory(code="140106")
    maker, second = officer(Role.TAX_OFFICER, "140100"), officer(Role.TAX_OFFICER, "140100")
    file = sent(maker, row(**{heading: value}))
    assert (file.needs_second, [found["rows"] for found in file.matters]) == (True, [1])
    for person in (maker, second):
        with pytest.raises(SecondPersonNeeded):
            order_writing(file=file, only_sound_rows=False, actor=person)
    with pytest.raises(SecondPersonNeeded):
        DECISION.approve(file, actor=maker)
    done = approved(file, second)
    assert (done.state, done.applied_by, done.loaded_by) == (FileState.APPLIED, second, maker)
    assert AuditEntry.objects.get(action="quota.file.approve").actor == second
    assert AuditEntry.objects.get(action="quota.file.apply").details["entered_by"] == maker.username


def test_a_name_and_a_new_employer_need_one_person(employer: Employer, maker: User) -> None:
    file = sent(maker, row(单位名称="清河"), row(CODES[1], 单位类型="个体工商户"))
    assert not file.needs_second
    write_file(file=order_writing(file=file, only_sound_rows=False, actor=maker))
    assert Employer.objects.filter(name="清河").count() == 1
    assert Employer.objects.count() == 2


def test_the_second_person_sees_old_and_new_and_may_take_the_list_away(
    employer: Employer, maker: User, second: User, signed_in: SignIn
) -> None:
    file = sent(maker, row(单位类型="个体工商户", 税务登记职工人数="5"))
    client, path = signed_in(second), f"/files/{file.pk}/"
    page = client.get(path).content.decode()
    assert "涉及单位类型变化1户" in page
    assert "涉及税务登记职工人数变化1户" in page
    page = client.get(f"{path}approve/").content.decode()
    for words in ("清和", CODES[0], "企业", "个体工商户", "20", "5"):
        assert words in page
    lines = client.get(f"{path}changes.csv").content.decode("utf-8-sig").splitlines()
    assert lines[1:] == [
        f"2,{CODES[0]},清和,单位类型,企业,个体工商户",
        f"2,{CODES[0]},清和,税务登记职工人数,20,5",
    ]
    assert AuditEntry.objects.filter(action="quota.file.changes", actor=second).exists()
    client.post(f"{path}approve/", {"seen": DECISION.seen(file)})
    employer.refresh_from_db()
    assert (employer.entity_type, employer.registered_staff) == ("sole_trader", 5)


def test_the_uploader_waits_and_may_withdraw(employer: Employer, maker: User, signed_in: SignIn) -> None:
    file = sent(maker, row(单位类型="个体工商户"))
    client, path = signed_in(maker), f"/files/{file.pk}/"
    page = client.get(path).content.decode()
    assert "等待第二人批准" in page
    assert f"{path}approve/" not in page
    client.post(f"{path}write/")
    client.post(f"{path}approve/", {"seen": DECISION.seen(file)})
    client.post(f"{path}reject/", {"reason": "传错了"})
    file.refresh_from_db()
    assert (file.state, file.rejected_by) == (FileState.REJECTED, maker)
    assert kept_contents(loaded_by=maker).files == 1
    forget_contents()
    assert kept_contents(loaded_by=maker).files == 0, "it takes no room from the next hour on"
    employer.refresh_from_db()
    assert employer.entity_type == "enterprise"


def test_a_rejection_has_a_reason_and_writes_nothing(
    employer: Employer, maker: User, second: User, signed_in: SignIn
) -> None:
    file = sent(maker, row(单位类型="个体工商户"))
    client, path = signed_in(second), f"/files/{file.pk}/"
    client.post(f"{path}reject/", {"reason": ""})
    file.refresh_from_db()
    assert file.state == FileState.CHECKED
    client.post(f"{path}reject/", {"reason": "执照未变"})
    assert AuditEntry.objects.get(action="quota.file.reject").reason == "执照未变"
    assert "未批准，没有写入" in client.get(path).content.decode()
    assert client.post(f"{path}approve/", {"seen": DECISION.seen(file)}).status_code == 302
    employer.refresh_from_db()
    assert employer.entity_type == "enterprise"


def test_an_approval_of_another_page_is_refused(employer: Employer, maker: User, second: User) -> None:
    file = sent(maker, row(单位类型="个体工商户"))
    seen = DECISION.seen(file)
    ImportedFile.objects.filter(pk=file.pk).update(changes_digest="f" * 64)
    with pytest.raises(MatterChanged):
        DECISION.approve(file, actor=second, seen=seen)


def test_other_old_values_at_the_time_of_writing_bring_the_file_back(
    employer: Employer, maker: User, second: User
) -> None:
    file = sent(maker, row(税务登记职工人数="5"))
    ordered = DECISION.approve(file, actor=second, seen=DECISION.seen(file))
    Employer.objects.update(registered_staff=500)
    write_file(file=ordered)
    file.refresh_from_db()
    assert (file.state, file.applied_by, file.needs_second) == (FileState.CHECKED, None, True)
    assert file.changes[0]["cells"] == [["税务登记职工人数", "500", "5"]]
    assert "与确认时所示不同" in file.warnings[0]
    employer.refresh_from_db()
    assert employer.registered_staff == 500
    approved(file, second)
    employer.refresh_from_db()
    assert employer.registered_staff == 5


def test_a_file_ordered_by_one_waits_if_it_needs_two_by_the_time_it_is_written(
    employer: Employer, maker: User, second: User
) -> None:
    file = sent(maker, row(单位名称="清河"))
    ordered = order_writing(file=file, only_sound_rows=False, actor=maker)
    Employer.objects.update(entity_type="sole_trader")
    write_file(file=ordered)
    employer.refresh_from_db()
    assert (employer.name, employer.entity_type) == ("清和", "sole_trader")
    file.refresh_from_db()
    assert (file.state, file.needs_second) == (FileState.CHECKED, True)
    assert approved(file, second).state == FileState.APPLIED


def test_the_second_person_needs_the_right_for_the_regions_of_the_rows(employer: Employer) -> None:
    """The uploader has two counties, the second person only the one whose name the file bears."""
    other = EmployerFactory(uscc=CODES[1], region=RegionFactory(code="140106"), entity_type="enterprise")
    maker, second = officer(Role.TAX_OFFICER, COUNTY), officer(Role.TAX_OFFICER, COUNTY)
    maker.appointments.create(role=Role.TAX_OFFICER, region=other.region)
    file = sent(User.objects.get(pk=maker.pk), row(CODES[1], 行政区划代码="140106", 单位类型="个体工商户"))
    assert file.needs_second
    refused = approved(file, second) if file.region_id == COUNTY else file
    other.refresh_from_db()
    assert (refused.state != FileState.APPLIED, other.entity_type) == (True, "enterprise")


def test_the_command_line_needs_no_second_person(employer: Employer) -> None:
    load(EMPLOYERS, [row(单位类型="个体工商户")])
    employer.refresh_from_db()
    assert employer.entity_type == "sole_trader"


def test_the_database_refuses_one_person_twice(employer: Employer, maker: User) -> None:
    file = sent(maker, row(单位类型="个体工商户"))
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportedFile.objects.filter(pk=file.pk).update(state="applied", applied_by=maker)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportedFile.objects.filter(pk=file.pk).update(state="applied")


def test_the_desk_shows_it_to_the_second_person_only(employer: Employer, maker: User, second: User) -> None:
    file = sent(maker, row(单位类型="个体工商户"))
    lines = {line.label: line for line in all_lines(second) if isinstance(line, Waiting)}
    line = lines["导入文件待第二人批准"]
    assert (line.count, line.since) == (1, file.created_at)
    assert line.due is not None
    assert not [line for line in all_lines(maker) if isinstance(line, Waiting) and "导入文件" in line.label]


def test_every_kind_names_its_matters_in_words_with_a_count() -> None:
    for kind in KINDS.values():
        assert all("1" in str(matter.reason) % {"rows": 1} for matter in kind.matters)
        assert len({matter.code for matter in kind.matters}) == len(kind.matters)
        assert bool(kind.subject) == bool(kind.matters)
