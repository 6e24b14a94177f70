"""Reading, checking and writing one exchange file, for the command and the upload page.

The rows stream into a temporary table in batches; nothing else changes until every row has been checked. Then one
transaction compares, writes and records, or changes nothing.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum

from django.db import DataError, IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import RoleMissing
from accounts.models import User
from audit.errors import SecondPersonNeeded, TransitionNotAllowed
from audit.services import record
from exchange.engine.contract import Kind, Scope
from exchange.engine.control import ControlTotals
from exchange.engine.convert import Converter
from exchange.engine.fault_book import masked, with_values
from exchange.engine.faults import Fault
from exchange.engine.matters import SecondLook, second_look
from exchange.engine.source import Source
from exchange.engine.staging import Staging, staging_of
from exchange.engine.table import RowBatch, Table
from exchange.errors import FileRefused
from exchange.models import FileState, ImportedFile

SHOWN_FAULTS = SHOWN_CHANGES = 100
NAMED_LINES = 5
OVERTAKEN = gettext_lazy("内容与库中刚变动的数据冲突，未写入。请重新读取后再试。")
OVERTAKEN_AGAIN = gettext_lazy("写入前数据有变动，与确认时所示不同，未写入。请按最新内容重新确认。")

Progress = Callable[[int], None]


class Mode(Enum):
    """Report only; write if every row is sound; write the sound rows."""

    REPORT = "report"
    APPLY = "apply"
    APPLY_VALID = "apply_valid"


@dataclass(slots=True)
class Report:
    """Counts and faults of one reading, and the result of writing. `sound` rows are new, changed or unchanged.

    `look` is what a second person has to see of an upload; `is_overtaken`: it was not written, because that or a count
    is no longer what the person saw who ordered it. `totals` are those of every row whose amount could be read.
    """

    rows: int = 0
    repeated: int = 0
    sound: int = 0
    new: int = 0
    changed: int = 0
    is_applied: bool = False
    is_overtaken: bool = False
    look: SecondLook = field(default_factory=SecondLook)
    totals: ControlTotals = field(default_factory=ControlTotals)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        return self.sound - self.new - self.changed

    @property
    def faulty_rows(self) -> int:
        return self.rows - self.repeated - self.sound

    def take(self, faults: Iterable[Fault]) -> list[Fault]:
        fresh = list(faults)
        self.faults += fresh
        return fresh


def scope_of(kind: Kind, actor: User | None, second: User | None) -> Scope:
    """The regions in which everyone concerned may load this kind; without a person (the command line) everywhere.

    Raises PermissionMissing.
    """
    scope = Scope()
    for person in filter(None, (actor, second)):
        held = tuple(person.prefixes(kind.permission))
        if not held:
            raise RoleMissing(kind.permission)
        scope = Scope(held if scope.prefixes is None else _shared(scope.prefixes, held))
    return scope


def _shared(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The prefixes of the regions that both cover."""
    pairs = [(one, other) for one in some for other in others]
    return tuple({max(pair, key=len) for pair in pairs if pair[0].startswith(pair[1]) or pair[1].startswith(pair[0])})


def load_file(
    *,
    kind: Kind,
    source: Source,
    mode: Mode,
    actor: User | None,
    second: User | None = None,
    file: ImportedFile | None = None,
    progress: Progress | None = None,
) -> Report:
    """Read a file and, if the mode says so, write it, in one transaction.

    `second` is the person who approves a file that needs two people. `file` is the row of an upload; the command line
    creates one when it writes, and needs a second person for few kinds only. Raises FileRefused, PermissionMissing,
    SecondPersonNeeded.
    """
    if kind.needs_two_people and mode is not Mode.REPORT and (not actor or not second or actor == second):
        raise SecondPersonNeeded
    scope = replace(scope_of(kind, actor, second), is_upload=file is not None)
    table, report = Table(source, kind), Report()
    with staging_of(kind) as staging:
        stage_rows(staging, table.batches(), scope, report, progress)
        if kind.prepare:
            kind.prepare(staging)
        try:
            with transaction.atomic():
                staging.run("SET LOCAL work_mem = '128MB'")
                if mode is not Mode.REPORT:
                    take_turn(kind)
                    _take_upload(file)
                    if kind.lock:
                        kind.lock(staging)
                check_rows(staging, scope, report)
                report.warnings = [*table.warnings, *filter(None, report.warnings)]
                _finish(staging, source, mode, actor, second, file, report)
        # A row changed after the checks: the constraints catch it. Their messages quote identity numbers, hide them.
        except (IntegrityError, DataError):
            raise FileRefused(OVERTAKEN) from None
    return report


def take_turn(kind: Kind) -> None:
    """Wait until no other file of the kind is being written; the turn lasts as long as the transaction."""
    # Row locks cannot do this: two files may bring the same new key, for which there is no row yet.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"exchange {kind.name}"])


def _take_upload(file: ImportedFile | None) -> None:
    """An upload is written once. Raises TransitionNotAllowed."""
    if file is not None:
        locked = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        if locked.state != FileState.WRITING:
            raise TransitionNotAllowed


def stage_rows(
    staging: Staging, batches: Iterable[RowBatch], scope: Scope, report: Report, progress: Progress | None = None
) -> None:
    """Read the cells and put the rows without a fault into the temporary table."""
    converter = Converter(staging.kind, scope)
    with _uncollected():
        for batch in batches:
            # PostgreSQL stored the last batch while this one was read; a lookup in convert needs the connection.
            staging.settle_added()
            rows, faults = converter.convert(batch.lines, batch.columns)
            report.take(batch.faults)
            report.take(faults)
            report.rows += len(batch.lines) + len(batch.faults)
            if progress:
                progress(report.rows)
            if rows:
                staging.add(rows)
    staging.settle_added()
    report.totals = converter.left_out
    staging.run("ANALYZE staged")  # autovacuum never analyses a temporary table


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector: millions of cells come and go without cycles, and it took half of the time
    (measured)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check_rows(staging: Staging, scope: Scope, report: Report) -> None:
    """Hold rows against each other, then against what is stored. Faulty rows leave the table."""
    report.repeated, clashes = staging.settle_repeated()
    report.totals += staging.control_totals()
    staging.remove(report.take(clashes))
    for check in staging.kind.checks:
        staging.remove(report.take(check(staging, scope)))
    report.warnings += [_remark(text, staging.lines_where(condition)) for condition, text in staging.kind.remarks]
    order = {heading: place for place, heading in enumerate(staging.kind.headings)}
    report.faults.sort(key=lambda fault: (fault.line, order.get(fault.heading, -1)))
    report.sound = staging.count()


def _remark(text: object, lines: list[int]) -> str:
    named = "、".join(map(str, lines[:NAMED_LINES]))
    more = _("等%(count)s行") % {"count": len(lines)} if len(lines) > NAMED_LINES else _("行")
    return _("第%(lines)s%(more)s：%(text)s。") % {"lines": named, "more": more, "text": text} if lines else ""


def _finish(
    staging: Staging,
    source: Source,
    mode: Mode,
    actor: User | None,
    second: User | None,
    file: ImportedFile | None,
    report: Report,
) -> None:
    if file is not None:
        report.look = second_look(staging)
    if mode is Mode.REPORT:
        report.new, report.changed = staging.compare()
        return
    if file is not None and _is_overtaken(staging, file, report):
        report.new, report.changed = staging.compare()
        report.is_overtaken = True
        report.warnings.append(str(OVERTAKEN_AGAIN))
        keep_outcome(file, report, FileState.CHECKED, source, staging.kind)
        return
    file = file or _file_of_command(staging.kind, source, actor, second)
    file.sha256 = source.sha256()
    if mode is Mode.APPLY and report.faults:
        report.new, report.changed = staging.compare()
        keep_outcome(file, report, FileState.REFUSED, source, staging.kind)
        return
    file.save()
    people = {"actor": actor.pk if actor else None, "second": second.pk if second else None}
    report.new, report.changed = staging.write(people | {"file": file.pk, "region": file.region_id})
    if staging.kind.settle:
        staging.kind.settle(staging)
    report.is_applied = True
    keep_outcome(file, report, FileState.APPLIED, source, staging.kind)
    record(
        actor=second or actor,
        action="quota.file.apply",
        target=file,
        region_code=file.region_id or "",
        details={
            "kind": file.kind,
            "sha256": file.sha256,
            "rows": report.rows,
            "new": report.new,
            "changed": report.changed,
            "faulty": report.faulty_rows,
            **({"entered_by": actor.username} if actor and second else {}),
            **({"matters": report.look.stored, "changes": report.look.digest} if file.matters else {}),
            **({"control": file.control} if file.control else {}),
        },
    )


def _file_of_command(kind: Kind, source: Source, actor: User | None, second: User | None) -> ImportedFile:
    people = {"loaded_by": actor, "applied_by": second or actor, "needs_second": kind.needs_two_people}
    return ImportedFile(kind=kind.name, name=source.name[:200], **people)


def _is_overtaken(staging: Staging, file: ImportedFile, report: Report) -> bool:
    """True if what needs a second person, or a count beside it, is not what was seen when the writing was ordered."""
    if report.faults and not file.only_sound_rows:
        return False  # refused with its faults
    if not file.needs_second:
        return bool(report.look.rows)
    seen = (file.changes_digest, file.sound_rows, file.new_rows, file.changed_rows)
    return seen != (report.look.digest, report.sound, *staging.compare())


def keep_outcome(file: ImportedFile, report: Report, state: FileState, source: Source, kind: Kind) -> None:
    """Store the outcome with the file, and the first hundred faults without identity or certificate numbers.

    A checked file waits for a decision, also if an earlier one was overtaken.
    """
    file.state = state
    if state is FileState.CHECKED:
        file.needs_second = kind.needs_two_people or bool(report.look.rows)
        file.applied_by = file.applied_at = None
    file.read_rows, file.sound_rows, file.repeated_rows = report.rows, report.sound, report.repeated
    file.new_rows, file.changed_rows = report.new, report.changed
    shown = with_values(report.faults[:SHOWN_FAULTS], source, kind) if report.faults else ()
    file.faults = [masked(fault)._asdict() for fault in shown]
    file.fault_count = len(report.faults)
    file.warnings = report.warnings
    file.totals = report.totals.stored if kind.control else {}
    file.matters, file.changes_digest = report.look.stored, report.look.digest
    file.changes = [changed_row._asdict() for changed_row in report.look.rows[:SHOWN_CHANGES]]
    file.save()
