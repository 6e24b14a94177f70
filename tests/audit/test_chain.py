"""No one can edit the trail, and an edit past the application shows (promise E4)."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from accounts.models import Region, User
from audit import queries, services
from audit.models import AuditEntry
from tests.accounts.factories import RegionFactory, UserFactory
from tools.faults.rewriting import rewriting
from tools.roles import as_owner

ENTRIES = 8


@pytest.fixture(autouse=True)
def _no_seals() -> Iterator[None]:
    queries.seal_path().unlink(missing_ok=True)
    yield
    queries.seal_path().unlink(missing_ok=True)


@pytest.fixture
def trail(transactional_db: None) -> User:
    person, region = UserFactory(), RegionFactory()
    for number in range(ENTRIES):
        note(person, region, number)
    return person


def note(person: User, region: Region, number: int) -> None:
    services.record(
        actor=person, action="test.region.note", target=region, region_code=region.code,
        reason="说明", details={"number": number, "金额": "12.30"},
    )  # fmt: skip


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def past_the_triggers() -> Iterator[None]:
    """The acts of the tables' owner with the triggers off."""
    with as_owner():
        execute("ALTER TABLE audit_auditentry DISABLE TRIGGER USER")
        yield
        execute("ALTER TABLE audit_auditentry ENABLE TRIGGER USER")


WRITES: list[Callable[[AuditEntry], object]] = [
    lambda entry: entry.delete(),
    lambda entry: entry.save(),
    lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(reason="改"),
    lambda entry: AuditEntry.objects.all().delete(),
    lambda entry: execute(f"UPDATE audit_auditentry SET reason = '改' WHERE id = {entry.pk}"),
    lambda entry: execute(f"DELETE FROM audit_auditentry WHERE id = {entry.pk}"),
]


@pytest.mark.parametrize("who", [nullcontext, as_owner], ids=["the application", "the owner"])
@pytest.mark.parametrize("number", range(len(WRITES)))
def test_no_path_changes_an_entry(trail: User, number: int, who: Callable) -> None:
    entry = AuditEntry.objects.get(pk=4)
    entry.reason = "改"
    with who(), pytest.raises(DatabaseError), transaction.atomic():
        WRITES[number](entry)
    assert AuditEntry.objects.count() == ENTRIES
    assert queries.verify_chain().broken_at is None


def test_truncating_is_refused_outside_a_test_database(trail: User) -> None:
    name = next(trigger for trigger in AuditEntry._meta.triggers if trigger.name == "no_truncate").get_pgid(AuditEntry)
    source = f"SELECT pg_get_functiondef('{name}'::regproc)"
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(source)
        guard = cursor.fetchone()[0]
        cursor.execute(guard.replace("test\\_%", "none\\_%"))
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("TRUNCATE audit_auditentry")
        cursor.execute(guard)


def test_whoever_is_in_the_trail_cannot_be_deleted(trail: User) -> None:
    with pytest.raises(ProtectedError):
        trail.delete()


def test_the_database_gives_number_and_time(trail: User) -> None:
    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.id for entry in entries] == list(range(1, ENTRIES + 1))
    assert all(entry.at.year > 2000 for entry in entries)


TAMPERING = {
    "an edited entry": ("UPDATE audit_auditentry SET reason = '改' WHERE id = 4", 4),
    "an edited detail": ("UPDATE audit_auditentry SET details = '{\"number\": 9}' WHERE id = 3", 3),
    "a deleted entry": ("DELETE FROM audit_auditentry WHERE id = 4", 5),
    "an inserted entry": (
        "INSERT INTO audit_auditentry SELECT (jsonb_populate_record(e, '{\"id\": 9}')).* FROM audit_auditentry e"
        " WHERE id = 3",
        9,
    ),
    "two entries swapped": (
        "UPDATE audit_auditentry SET id = CASE id WHEN 3 THEN 40 ELSE 30 END WHERE id IN (3, 4);"
        "UPDATE audit_auditentry SET id = CASE id WHEN 40 THEN 4 ELSE 3 END WHERE id IN (30, 40)",
        3,
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_past_the_triggers_is_found_at_its_place(trail: User, what: str) -> None:
    statement, broken_at = TAMPERING[what]
    with past_the_triggers():
        execute(statement)
    assert queries.verify_chain().broken_at == broken_at
    with pytest.raises(CommandError, match=f"第{broken_at}条"):
        call_command("audit_verify")


def test_a_cut_tail_shows_against_the_seal_outside_the_database(trail: User) -> None:
    services.seal_trail()
    with past_the_triggers():
        execute(f"DELETE FROM audit_auditentry WHERE id > {ENTRIES - 2}")
    assert queries.verify_chain().broken_at == ENTRIES


def test_twin_without_a_seal_a_cut_tail_stays_unseen(trail: User) -> None:
    with past_the_triggers():
        execute(f"DELETE FROM audit_auditentry WHERE id > {ENTRIES - 2}")
    assert queries.verify_chain().broken_at is None


def rewrite() -> None:
    """Rewrite the chain, and the seal file that the web server may write."""
    with as_owner():
        for statement in rewriting(3):
            execute(statement)
    queries.seal_path().unlink()
    services.seal_trail()


def kept_elsewhere(tmp_path: Path) -> Path:
    """A seal as the log of another user's machine has it."""
    kept = tmp_path / "auth.log"
    kept.write_text(f"Nov 30 20:10:00 levy: audit seal {queries.seal_path().read_text()}")
    return kept


def test_the_application_cannot_rewrite_the_chain(trail: User) -> None:
    for statement in rewriting(3):
        with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
            execute(statement)
    assert queries.verify_chain() == queries.ChainReport(entries=ENTRIES, broken_at=None)


def test_a_chain_written_anew_shows_against_a_seal_kept_elsewhere(trail: User, tmp_path: Path) -> None:
    services.seal_trail()
    kept = kept_elsewhere(tmp_path)
    call_command("audit_verify", "--seals", str(kept))
    rewrite()
    with pytest.raises(CommandError, match=f"第{ENTRIES}条"):
        call_command("audit_verify", "--seals", str(kept))


def test_twin_against_its_own_seals_a_chain_written_anew_is_whole(trail: User) -> None:
    services.seal_trail()
    rewrite()
    assert queries.verify_chain() == queries.ChainReport(entries=ENTRIES - 3, broken_at=None)


def test_a_file_without_a_seal_proves_nothing(trail: User, tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_text("Nov 30 20:10:00 levy: 12 entries\n")
    with pytest.raises(CommandError, match="未作比对"):
        call_command("audit_verify", "--seals", str(tmp_path / "empty.log"))


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_a_seal_goes_to_the_system_log(trail: User, settings, tmp_path: Path, family: int) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log") if family == socket.AF_UNIX else ("127.0.0.1", 0))
        log.settimeout(5)
        name = log.getsockname()
        settings.SEAL_SYSLOG = name if family == socket.AF_UNIX else f"{name[0]}:{name[1]}"
        services.seal_trail()
        said = log.recv(1000).decode()
    assert said == f"<85>levy: audit seal {queries.seal_path().read_text().strip()}"
    assert queries.sealed([said]) == queries.sealed(queries.seal_path().read_text().splitlines())


def test_a_temporary_table_gives_no_false_head(trail: User) -> None:
    """PostgreSQL looks among the session's own tables first; the trigger does not."""
    with transaction.atomic():
        execute("CREATE TEMP TABLE audit_auditentry (LIKE public.audit_auditentry) ON COMMIT DROP")
        execute("INSERT INTO pg_temp.audit_auditentry SELECT * FROM public.audit_auditentry WHERE id = 2")
        execute(
            'INSERT INTO public.audit_auditentry SELECT (jsonb_populate_record(e, \'{"reason": "false"}\')).*'
            " FROM public.audit_auditentry e WHERE id = 2"
        )
    assert queries.verify_chain() == queries.ChainReport(entries=ENTRIES + 1, broken_at=None)


def test_a_whole_chain_is_said_to_be_whole(trail: User, capsys: pytest.CaptureFixture[str]) -> None:
    services.seal_trail()
    call_command("audit_verify")
    assert f"共{ENTRIES}条" in capsys.readouterr().out


def test_eight_writers_at_once_make_one_unbroken_chain(trail: User) -> None:
    region = Region.objects.get()

    def write() -> None:
        try:
            for number in range(10):
                note(trail, region, number)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert queries.verify_chain() == queries.ChainReport(entries=ENTRIES + 80, broken_at=None)
