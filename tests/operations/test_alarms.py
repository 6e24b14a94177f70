"""Alarms tell an operator that something is wrong, and that it is over (promise B8)."""

import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.permissions import Role
from audit.services import record
from levy.models import AssessmentRun, AssessmentSlice, RunState, SliceState
from operations import alarms, services
from operations.logs import JsonLines
from operations.models import AlarmEntry, Pulse, Sign
from operations.queries.readings import read, stalled_runs
from operations.tasks import canary
from quota.models import CertificateTry
from quota.queries.returns import day_in_china
from tests.accounts.factories import UserFactory
from tests.levy.factories import started_run
from tests.quota.factories import EmployerFactory
from tools.roles import as_owner

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def all_is_well() -> None:
    for sign in Sign:
        services.note_sign_of_life(sign)


def seen(sign: Sign, ago: timedelta) -> None:
    Pulse.objects.update_or_create(name=sign, defaults={"seen_at": timezone.now() - ago})


def codes() -> list[str]:
    return [alarm.code for alarm, _subject in alarms.raised(read())]


def test_an_employer_that_types_many_unknown_certificates_is_named_by_its_code() -> None:
    all_is_well()
    employer = EmployerFactory()
    CertificateTry.objects.bulk_create(
        CertificateTry(
            employer=employer, day=day_in_china(), person_key=uuid4(), certificate_key=uuid4(), is_unknown=True
        )
        for _number in range(settings.CERTIFICATES_A_DAY["alarm"])
    )
    assert [(alarm.code, subject) for alarm, subject in alarms.raised(read())] == [
        ("certificates-tried", employer.uscc)
    ]
    CertificateTry.objects.first().delete()
    assert codes() == []


def test_nothing_is_raised_while_every_sign_is_fresh() -> None:
    all_is_well()
    assert codes() == []


@pytest.mark.parametrize(
    ("sign", "bound", "code"),
    [
        (Sign.QUEUE_BATCH, timedelta(minutes=5), "queue-silent"),
        (Sign.WATCH, timedelta(minutes=3), "watch-silent"),
        (Sign.BACKUP, timedelta(hours=26), "backup-old"),
        (Sign.RESTORE, timedelta(days=100), "drill-old"),
        (Sign.TRAIL, timedelta(hours=26), "trail-unproved"),
    ],
)
def test_a_sign_older_than_its_bound_raises_its_alarm(sign: Sign, bound: timedelta, code: str) -> None:
    all_is_well()
    seen(sign, bound - timedelta(seconds=30))
    assert codes() == []
    seen(sign, bound + timedelta(seconds=30))
    assert codes() == [code]


def test_a_run_without_progress_is_noticed_and_one_with_progress_is_not() -> None:
    EmployerFactory(region_id="140105")
    run = started_run()
    assert stalled_runs() == []
    AssessmentRun.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(minutes=6))
    assert stalled_runs() == [run.pk]
    part = run.slices.first()
    AssessmentSlice.objects.create(
        run=run, number=part.number + 1, first_id=1, last_id=2,
        state=SliceState.DONE, done_at=timezone.now(), payable_total=0,
    )  # fmt: skip
    assert stalled_runs() == []


def test_a_partial_run_names_itself() -> None:
    all_is_well()
    run = started_run()
    AssessmentRun.objects.filter(pk=run.pk).update(state=RunState.PARTIAL)
    assert [(alarm.code, subject) for alarm, subject in alarms.raised(read())] == [("run-partial", str(run.pk))]


def test_an_alarm_is_one_log_event_when_it_begins_and_one_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    all_is_well()
    seen(Sign.BACKUP, timedelta(days=3))
    for _again in range(3):
        services.watch()
    assert [(record.message, record.alarm) for record in caplog.records] == [("alarm raised", "backup-old")]
    services.note_sign_of_life(Sign.BACKUP)
    services.watch()
    assert caplog.records[-1].message == "alarm ended"
    assert AlarmEntry.objects.get().ended_at is not None


def test_the_same_alarm_cannot_be_open_twice() -> None:
    AlarmEntry.objects.create(code="broker-down")
    with pytest.raises(IntegrityError), transaction.atomic():
        AlarmEntry.objects.create(code="broker-down")


def test_a_broken_trail_is_no_sign_of_life_and_goes_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    services.prove_trail()
    assert Pulse.objects.filter(name=Sign.TRAIL).exists()
    Pulse.objects.all().delete()
    started_run()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_auditentry SET reason = 'changed'")
    services.prove_trail()
    assert not Pulse.objects.exists()
    assert caplog.records[-1].levelno == logging.CRITICAL


@pytest.mark.django_db(transaction=True)
def test_a_canary_comes_back_through_each_queue(celery_worker, eventually) -> None:
    for queue in ("fast", "batch", "pdf", "import"):
        canary.apply_async(queue=queue)
    eventually(lambda: Pulse.objects.filter(name__startswith="queue:").count() == 4, "a queue did not answer")


def test_looking_once_lists_what_is_wrong_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("watch", once=True)
    assert "backup-old：超过26小时没有备份。" in capsys.readouterr().out


@pytest.mark.parametrize("alarm", alarms.ALARMS, ids=lambda alarm: alarm.code)
def test_the_runbook_says_what_to_do(alarm: alarms.Alarm) -> None:
    headings = re.findall(r"^### (.+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert alarm.code in headings


def log_line(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    return json.loads(JsonLines().format(caplog.records[-1]))


def test_an_errors_message_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """PostgreSQL repeats the values of the row that failed."""
    try:
        Pulse.objects.create(name="x" * 30, seen_at=timezone.now())
    except Exception as error:
        logging.getLogger("celery.app.trace").error("Task failed: %(exc)s", {"exc": repr(error)}, exc_info=error)
    line = log_line(caplog)
    assert line["error"] == "DataError"
    assert "character varying" not in json.dumps(line)
    assert any("test_alarms.py" in place for place in line["where"])


def test_an_identity_number_in_a_message_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("somewhere").warning("read %s and %s", "11010519491231002X", "11010519491231002X43")
    assert "1949" not in json.dumps(log_line(caplog))


def test_a_request_is_one_line_with_its_route_and_a_reference(signed_in, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "operations.requests")
    response = signed_in(Role.LEVY_OFFICER, "140000").get("/employers/?q=张三的店")
    record = next(record for record in caplog.records if record.name == "operations.requests")
    assert (record.route, record.status, record.method) == ("portal:employer_search", 200, "GET")
    assert record.account > 0
    assert len(response.headers["X-Request-Id"]) == 12
    assert "张三" not in JsonLines().format(record)


@pytest.mark.parametrize(
    ("action", "many", "code"),
    [("accounts.user.wrong_code", 10, "codes-guessed"), ("accounts.user.unlock", 3, "often-unlocked")],
)
def test_guessing_raises_an_alarm_whatever_was_forgiven(action: str, many: int, code: str) -> None:
    all_is_well()
    person, other = UserFactory(), UserFactory()
    for who in [person] * many + [other] * (many - 1):
        record(actor=None, action=action, target=who)
    assert [(alarm.code, subject) for alarm, subject in alarms.raised(read())] == [(code, str(person.pk))]
