"""Payments take effect through two people, and only as the treasury's paper says (promise A16)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Region, User
from accounts.permissions import Role
from audit.errors import SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from casework.desk import Money, Waiting, all_lines
from collection.kinds import PAYMENTS
from collection.models import Payment
from disclosure.models.published import PublishedEntry, Settlement
from disclosure.services import publications
from exchange.engine.control import ControlTotals
from exchange.errors import ControlMissing
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from exchange.services.approvals import enter_control, file_decision
from exchange.services.uploads import order_writing, read_file, receive_file, write_file
from levy.models import AssessmentRun
from quota.models import Employer
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import csv_bytes, load, reasons
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

COUNTY, CODE, UNKNOWN = "140105", "91140105MA00001001", "91350100M000100Y43"
DECISION = file_decision(PAYMENTS.permission)
TODAY = timezone.localdate()
SignIn = Callable[..., Client]


@pytest.fixture
def employer(db: None) -> Employer:
    """One that owes 15,000.00 for 2025, confirmed a month ago."""
    RegionFactory(code="140000")
    found = EmployerFactory(region=RegionFactory(code=COUNTY), name="清和", uscc=CODE)
    verified_year(found, staff=100, wages="6000000.00", credited=12)
    confirmed_run()
    AssessmentRun.objects.update(confirmed_at=timezone.now() - timedelta(days=30))
    return found


@pytest.fixture
def maker(db: None) -> User:
    return officer(Role.TAX_OFFICER, COUNTY)


@pytest.fixture
def second(db: None) -> User:
    return officer(Role.TAX_OFFICER, COUNTY)


def receipt(number: str, amount: str, *, code: str = CODE, year: int = 2025, on: object = TODAY) -> list[str]:
    return [number, code, str(year), amount, str(on), "县级"]


def sent(actor: User, *rows: list[str]) -> ImportedFile:
    upload = SimpleUploadedFile("入库.csv", csv_bytes([PAYMENTS.headings, *rows]))
    file = receive_file(kind=PAYMENTS, upload=upload, actor=actor)
    read_file(file=file)
    return ImportedFile.objects.get(pk=file.pk)


def typed(count: int, received: str, refunded: str = "0") -> ControlTotals:
    return ControlTotals(count, Decimal(received), Decimal(refunded))


def applied(file: ImportedFile, second: User, totals: ControlTotals) -> ImportedFile:
    enter_control(file=file, typed=totals, actor=second)
    write_file(file=DECISION.approve(ImportedFile.objects.get(pk=file.pk), actor=second))
    return ImportedFile.objects.get(pk=file.pk)


def test_nobody_alone_says_who_has_paid(employer: Employer, maker: User, second: User) -> None:
    file = sent(maker, receipt("a", "15000.00"))
    for person in (maker, second):
        with pytest.raises(SecondPersonNeeded):
            order_writing(file=file, only_sound_rows=False, actor=person)
    with pytest.raises(SecondPersonNeeded):
        enter_control(file=file, typed=typed(1, "15000.00"), actor=maker)
    with pytest.raises(SecondPersonNeeded):
        DECISION.approve(file, actor=maker)
    with pytest.raises(ControlMissing):
        DECISION.approve(file, actor=second)
    assert not Payment.objects.exists()
    done = applied(file, second, typed(1, "15000.00"))
    assert (done.state, Payment.objects.get().imported_from) == (FileState.APPLIED, file)
    entry = AuditEntry.objects.get(action="quota.file.apply")
    assert entry.actor == second
    assert entry.details["control"] == {"count": 1, "received": "15000.00", "refunded": "0.00"}


@pytest.mark.parametrize("totals", [typed(2, "15000.00"), typed(1, "15000.01"), typed(1, "15000.00", "1")])
def test_a_file_that_differs_from_the_treasury_is_not_written_and_both_are_on_record(
    employer: Employer, maker: User, second: User, totals: ControlTotals
) -> None:
    file = sent(maker, receipt("a", "15000.00"))
    rejected = enter_control(file=file, typed=totals, actor=second)
    assert (rejected.state, rejected.control, rejected.control_by) == ("rejected", totals.stored, second)
    entry = AuditEntry.objects.get(action="quota.file.control")
    assert (entry.details["typed"], entry.details["found"]["received"]) == (totals.stored, "15000.00")
    for again in (
        lambda: enter_control(file=file, typed=typed(1, "15000.00"), actor=second),
        lambda: DECISION.approve(file, actor=second),
    ):
        with pytest.raises(TransitionNotAllowed):
            again()
    assert not Payment.objects.exists()


def test_the_second_person_types_the_totals_before_seeing_the_files(
    employer: Employer, maker: User, second: User, signed_in: SignIn
) -> None:
    file = sent(maker, receipt("a", "15000.00"), receipt("b", "-100.00"))
    client, path = signed_in(second), f"/files/{file.pk}/"
    assert client.get(f"{path}approve/")["Location"] == f"{path}control/"
    for page in (path, f"{path}control/", f"{path}reject/", "/files/", "/home/"):
        assert not any(sum_ in client.get(page).content.decode() for sum_ in ("15,000", "15000", "14,900", "100.00"))
    assert client.get(f"{path}changes.csv").status_code == 302
    assert "15,000.00" in signed_in(maker).get(path).content.decode(), "the uploader has the file"
    answer = client.post(f"{path}control/", {"count": "1", "received": "15,000.00", "refunded": "100"})
    assert answer["Location"] == f"{path}approve/"
    page = client.get(f"{path}approve/").content.decode()
    assert "15,000.00" in page
    assert "退费1笔" in page
    client.post(f"{path}approve/", {"seen": DECISION.seen(ImportedFile.objects.get(pk=file.pk))})
    assert Payment.objects.count() == 2


def test_the_desk_shows_the_money_once_the_paper_agrees(employer: Employer, maker: User, second: User) -> None:
    file = sent(maker, receipt("a", "15000.00"))
    waiting = {line.label: line for line in all_lines(second) if isinstance(line, Waiting)}
    assert waiting["导入文件待第二人批准"].money is None
    enter_control(file=file, typed=typed(1, "15000.00"), actor=second)
    waiting = {line.label: line for line in all_lines(second) if isinstance(line, Waiting)}
    assert waiting["导入文件待第二人批准"].money == Money(Decimal("15000.00"), "已对账的缴费金额")


def test_a_difference_is_named_on_the_page(employer: Employer, maker: User, second: User, signed_in: SignIn) -> None:
    file = sent(maker, receipt("a", "15000.00"))
    client, path = signed_in(second), f"/files/{file.pk}/"
    answer = client.post(f"{path}control/", {"count": "1", "received": "14000", "refunded": "0"})
    assert answer.status_code == 409
    for words in (answer.content.decode(), client.get(path).content.decode()):
        assert "14,000" in words
        assert "15,000.00" in words


def settlement() -> str:
    """Tell what a publication of today would say of the employer."""
    with transaction.atomic():
        made = publications.start_publication(
            levy_year=2025, region=Region.objects.get(code="140000"), actor=officer(Role.FINANCE_OFFICER, "140000")
        )
        publications.freeze_publication(publication_id=made.pk)
        found = PublishedEntry.objects.get().settlement
        transaction.set_rollback(True)
    return found


def test_what_is_published_as_paid_was_put_into_effect_by_two(employer: Employer, maker: User, second: User) -> None:
    file = sent(maker, receipt("a", "15000.00"))
    assert settlement() == ""
    applied(file, second, typed(1, "15000.00"))
    assert settlement() == Settlement.PAID


def test_rows_that_stay_out_count_in_the_treasury_s_totals(employer: Employer, maker: User, second: User) -> None:
    rows = (
        receipt("a", "1.00"), receipt("a", "1.00"), receipt("b", "2.00", code=UNKNOWN),
        receipt("c", "4.00", on=TODAY + timedelta(days=2)),
    )  # fmt: skip
    done = applied(sent(maker, *rows), second, typed(3, "7.00"))
    assert (done.state, done.faulty_rows) == (FileState.APPLIED, 2)
    assert Payment.objects.get().receipt_number == "a"


@pytest.mark.parametrize(
    ("row", "heading", "reason"),
    [
        (receipt("a", "1.00", on=TODAY + timedelta(days=2)), "入库日期", "入库日期晚于今天。"),
        (receipt("a", "1.00", on="2024-12-31"), "入库日期", "入库日期早于费款所属年度。"),
        (receipt("a", "999999999999.99"), "实缴金额", "单张税票的金额超出合理范围。"),
        (receipt("a", "-0.01"), "实缴金额", "退费超过该单位该费款所属年度已缴的金额。"),
    ],
)
def test_what_cannot_be_is_refused_in_an_upload(
    employer: Employer, maker: User, row: list[str], heading: str, reason: str
) -> None:
    file = sent(maker, row)
    assert [(fault["heading"], fault["reason"]) for fault in file.faults] == [(heading, reason)]
    assert file.sound_rows == 0
    assert reasons(load(PAYMENTS, [row])) == [], "the operator's command keeps its contract"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (receipt("a", "1.00", year=2024), "尚未核定就入库1笔"),
        (receipt("a", "1.00", on=TODAY - timedelta(days=31)), "入库早于核定1笔"),
        (receipt("a", "45000.01"), "金额超过应缴费额3倍1笔"),
        (receipt("a", "45000.00"), ""),
    ],
)
def test_what_is_surprising_is_asked_back(
    employer: Employer, maker: User, second: User, signed_in: SignIn, row: list[str], reason: str
) -> None:
    file = sent(maker, row)
    page = signed_in(second).get(f"/files/{file.pk}/").content.decode()
    assert "缴费1笔" in page
    surprises = ("尚未核定就入库", "入库早于核定", "金额超过应缴费额")
    assert [words for words in surprises if words in page] == [words for words in surprises if words in reason]


def test_a_refund_never_exceeds_what_was_paid(employer: Employer, maker: User, second: User) -> None:
    applied(sent(maker, receipt("a", "100.00"), receipt("b", "-40.00")), second, typed(1, "100.00", "40.00"))
    over = sent(maker, receipt("c", "-60.01"))
    assert over.fault_count == 1
    first, rival = sent(maker, receipt("d", "-60.00")), sent(maker, receipt("e", "-60.00"))
    assert (first.fault_count, rival.fault_count) == (0, 0)
    assert applied(first, second, typed(0, "0", "60.00")).state == FileState.APPLIED
    assert applied(rival, second, typed(0, "0", "60.00")).state == FileState.REFUSED
    assert sum(payment.amount for payment in Payment.objects.all()) == 0


def test_a_receipt_that_came_in_meanwhile_brings_the_file_back(employer: Employer, maker: User, second: User) -> None:
    file, rival = (sent(maker, receipt("a", "1.00"), receipt(other, "2.00")) for other in ("b", "c"))
    applied(rival, second, typed(2, "3.00"))
    waiting = applied(file, second, typed(2, "3.00"))
    assert (waiting.state, waiting.needs_second, waiting.new_rows) == (FileState.CHECKED, True, 1)
    assert Payment.objects.count() == 2
    write_file(file=DECISION.approve(waiting, actor=second, seen=DECISION.seen(waiting)))
    assert Payment.objects.count() == 3


def test_twin_without_matters_one_person_says_who_has_paid(
    employer: Employer, maker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "payments", replace(PAYMENTS, matters=()))
    file = sent(maker, receipt("a", "15000.00"))
    write_file(file=order_writing(file=file, only_sound_rows=False, actor=maker))
    assert settlement() == Settlement.PAID


def test_a_file_read_again_needs_nobody_and_changes_nothing(employer: Employer, maker: User, second: User) -> None:
    applied(sent(maker, receipt("a", "1.00")), second, typed(1, "1.00"))
    again = sent(maker, receipt("a", "1.00"))
    assert not again.needs_second
    write_file(file=order_writing(file=again, only_sound_rows=False, actor=maker))
    assert Payment.objects.count() == 1
