"""Papers, messages and deliveries of a case."""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.queries import trail_of
from casework.case_kinds import DELIVERY_CONSENT, PaperKind
from casework.errors import ConsentMissing, DayImpossible, ProofMissing
from casework.models import CaseDelivery, CaseFile, CaseMessage, CasePaper, Side
from casework.queries import missing_papers
from casework.services.case_file import (
    add_paper,
    confirm_delivery,
    paper_content,
    record_delivery,
    write_message,
)
from casework.services.cases import take_step
from law.delivery import DeliveryWay
from tests.accounts.factories import officer
from tests.casework.factories import applicant, clerk, decider, paper_in, request_of
from tests.casework.models import GRANT, REPORT, Request
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
SENT, SIGNED = date(2026, 2, 2), date(2026, 2, 5)


@pytest.fixture
def case() -> Request:
    return request_of(applicant(), opened_on=date(2026, 1, 30))


def delivered_by(case: Request, way: DeliveryWay = DeliveryWay.DIRECT, **given: object) -> CaseDelivery:
    wanted = {"document": "决定书 普〔2026〕1号", "recipient": "某单位", "sent_on": SENT, "actor": clerk()}
    return record_delivery(case=case, way=way, **(wanted | given))


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


# Papers


def test_a_paper_is_kept_sealed_with_its_hash(case: Request) -> None:
    paper = paper_in(case, REPORT, b"a report")
    with paper.stored.open() as stored:
        assert b"a report" not in stored.read()
    assert paper_content(paper) == b"a report"
    assert paper.sha256 == hashlib.sha256(b"a report").hexdigest()
    entry = trail_of(case).first()
    assert (entry.title, entry.details["sha256"]) == ("登记材料", paper.sha256)


def test_the_papers_that_the_kind_asks_for_are_missed_until_they_are_there(case: Request) -> None:
    assert missing_papers(case) == (REPORT,)
    paper_in(case, REPORT)
    assert missing_papers(case) == ()


def test_a_paper_that_the_case_does_not_ask_for_is_not_taken(case: Request) -> None:
    with pytest.raises(KeyError):
        paper_in(case, PaperKind("passport", "护照"))


def test_a_paper_does_not_change_but_its_contents_may_move(case: Request) -> None:
    paper = paper_in(case)
    for act in (
        lambda: CasePaper.objects.update(sha256="0" * 64),
        lambda: CasePaper.objects.update(name="别的.pdf"),
        lambda: CasePaper.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    CasePaper.objects.filter(pk=paper.pk).update(stored="cases/moved.sealed")


def test_a_file_with_something_in_it_is_protected(case: Request) -> None:
    paper_in(case)
    with pytest.raises(ProtectedError):
        case.file.delete()
    stray = CasePaper(file_id="无此编号", kind="other", name="a", sha256="", side=Side.OFFICE, added_by=clerk())
    with transaction.atomic():
        stray.save()
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)


# Messages


def test_both_sides_write_and_read(case: Request) -> None:
    write_message(case=case, side=Side.OFFICE, text=" 请补报告 ", actor=clerk())
    write_message(case=case, side=Side.PARTY, text="已补", actor=case.applicant)
    assert list(case.file.messages.values_list("side", "text")) == [("office", "请补报告"), ("party", "已补")]
    assert trail_of(case).first().details == {"number": case.number, "side": "party"}


def test_nobody_writes_for_a_side_that_is_not_theirs(case: Request) -> None:
    for side, who in (
        (Side.OFFICE, officer(Role.LEVY_OFFICER, "140106")),
        (Side.OFFICE, case.applicant),
        (Side.OFFICE, officer(Role.AUDITOR, "140105")),
        (Side.PARTY, applicant()),
        (Side.PARTY, clerk()),
    ):
        with pytest.raises(PermissionMissing):
            write_message(case=case, side=side, text="你好", actor=who)
    with pytest.raises(ReasonMissing):
        write_message(case=case, side=Side.OFFICE, text=" ", actor=clerk())
    assert not CaseMessage.objects.exists()


def test_after_the_end_only_the_office_writes(case: Request) -> None:
    take_step(case=case, step=GRANT, actor=decider())
    with pytest.raises(TransitionNotAllowed):
        write_message(case=case, side=Side.PARTY, text="还有", actor=case.applicant)
    with pytest.raises(TransitionNotAllowed):
        add_paper(case=case, kind=REPORT, name="a", content=b"a", side=Side.PARTY, actor=case.applicant)
    write_message(case=case, side=Side.OFFICE, text="已办结", actor=clerk())
    delivered_by(case)


PATHS: list[Callable[[CaseMessage], object]] = [
    lambda message: message.save(),
    lambda message: message.delete(),
    lambda message: CaseMessage.objects.update(text="改"),
    lambda message: CaseMessage.objects.all().delete(),
    lambda message: execute(f"UPDATE casework_casemessage SET text = '改' WHERE id = {message.pk}"),
    lambda message: execute(f"DELETE FROM casework_casemessage WHERE id = {message.pk}"),
]


@pytest.mark.parametrize("number", range(len(PATHS)))
def test_no_path_edits_a_message(case: Request, number: int) -> None:
    message = write_message(case=case, side=Side.OFFICE, text="原文", actor=clerk())
    message.text = "改"
    for who in (nullcontext, as_owner):
        with who(), pytest.raises(DatabaseError), transaction.atomic():
            PATHS[number](message)
    assert CaseMessage.objects.get().text == "原文"


def test_twin_without_the_trigger_a_message_can_be_edited(case: Request) -> None:
    write_message(case=case, side=Side.OFFICE, text="原文", actor=clerk())
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks to come cannot be altered
    with as_owner():
        execute("ALTER TABLE casework_casemessage DISABLE TRIGGER USER")
        CaseMessage.objects.update(text="改")
        assert CaseMessage.objects.get().text == "改"
        execute("ALTER TABLE casework_casemessage ENABLE TRIGGER USER")


@pytest.mark.parametrize("model", [Request, CaseFile, CasePaper, CaseMessage, CaseDelivery])
def test_truncating_is_refused_outside_a_test_database(model: type) -> None:
    trigger = next(trigger for trigger in model._meta.triggers if trigger.name == "no_truncate")
    source = f"SELECT pg_get_functiondef('{trigger.get_pgid(model)}'::regproc)"
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(source)
        cursor.execute(cursor.fetchone()[0].replace("test\\_%", "none\\_%"))
        with pytest.raises(DatabaseError, match=r"stays|keeps"):
            cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")


# Deliveries


@pytest.mark.parametrize("way", [DeliveryWay.DIRECT, DeliveryWay.ENTRUSTED, DeliveryWay.MAIL])
def test_a_delivery_counts_from_the_day_on_its_receipt(case: Request, way: DeliveryWay) -> None:
    delivery = delivered_by(case, way, received_on=SIGNED, proof=paper_in(case))
    assert delivery.delivered.day == SIGNED
    entry = trail_of(case).first()
    assert (entry.title, entry.details["way"]) == ("登记送达", way.value)
    assert (entry.details["sent"], entry.details["received"]) == ("2026-02-02", "2026-02-05")


def test_what_was_left_behind_counts_from_that_day_and_says_why(case: Request) -> None:
    proof = paper_in(case)
    with pytest.raises(ReasonMissing):
        delivered_by(case, DeliveryWay.LEFT, received_on=SENT, proof=proof)
    delivery = delivered_by(case, DeliveryWay.LEFT, received_on=SENT, proof=proof, note="拒绝签收，已拍照")
    assert delivery.delivered.day == SENT


def test_an_electronic_delivery_needs_consent(case: Request) -> None:
    proof = paper_in(case)
    with pytest.raises(ConsentMissing):
        delivered_by(case, DeliveryWay.ELECTRONIC, received_on=SENT, proof=proof)
    paper_in(case, DELIVERY_CONSENT)
    assert delivered_by(case, DeliveryWay.ELECTRONIC, received_on=SENT, proof=proof).delivered.day == SENT


def test_a_public_notice_counts_after_thirty_days_and_the_rest_days_behind_them(case: Request) -> None:
    with pytest.raises(ProofMissing):
        delivered_by(case, DeliveryWay.PUBLIC_NOTICE, note="下落不明")
    notice = paper_in(case)
    delivery = delivered_by(case, DeliveryWay.PUBLIC_NOTICE, sent_on=date(2026, 1, 20), proof=notice, note="下落不明")
    assert delivery.delivered.day == date(2026, 2, 24)
    with pytest.raises(TransitionNotAllowed):
        confirm_delivery(case=case, delivery=delivery, received_on=SIGNED, proof=notice, actor=clerk())


def test_an_attempt_without_a_receipt_is_kept_and_not_delivered(case: Request) -> None:
    attempt = delivered_by(case, DeliveryWay.MAIL)
    assert attempt.delivered.day is None
    received = confirm_delivery(case=case, delivery=attempt, received_on=SIGNED, proof=paper_in(case), actor=clerk())
    assert received.delivered.day == SIGNED
    with pytest.raises(TransitionNotAllowed):
        confirm_delivery(case=case, delivery=attempt, received_on=SENT, proof=paper_in(case), actor=clerk())


def test_a_receipt_has_a_proof_from_the_same_file_and_a_possible_day(case: Request) -> None:
    foreign = paper_in(request_of(applicant()))
    for given, refusal in (
        ({"received_on": SIGNED}, ProofMissing),
        ({"received_on": SIGNED, "proof": foreign}, ProofMissing),
        ({"received_on": SENT - timedelta(days=1), "proof": paper_in(case)}, DayImpossible),
        ({"sent_on": timezone.localdate() + timedelta(days=1)}, DayImpossible),
        ({"actor": case.applicant}, PermissionMissing),
    ):
        with pytest.raises(refusal):
            delivered_by(case, **given)
    assert not CaseDelivery.objects.exists()


def test_a_delivery_is_filled_once_and_never_changed(case: Request) -> None:
    attempt = delivered_by(case)
    delivered = delivered_by(case, received_on=SIGNED, proof=paper_in(case))
    for act in (
        lambda: CaseDelivery.objects.filter(pk=attempt.pk).update(sent_on=SIGNED),
        lambda: CaseDelivery.objects.filter(pk=attempt.pk).update(received_on=SIGNED),  # without its proof
        lambda: CaseDelivery.objects.filter(pk=delivered.pk).update(received_on=SENT),
        lambda: CaseDelivery.objects.filter(pk=attempt.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
