"""Small sheets in the administration: an import-export Resource made from a declared kind of file.

The engine reads, checks and judges the rows as for a loaded file; import-export adds the pages, the preview of every
change and the administration's own log. So a column is declared once, and the two ways into a table cannot disagree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.formats.base_formats import Format
from import_export.resources import ModelResource
from import_export.results import Result
from import_export.widgets import Widget
from tablib import Dataset

from accounts.models import User
from audit.services import record
from design.csv_lines import escape_formula
from exchange.engine.contract import Kind
from exchange.engine.faults import Fault
from exchange.engine.loading import OVERTAKEN, Report, check_rows, scope_of, stage_rows, take_turn
from exchange.engine.matters import second_look
from exchange.engine.source import MIB, Limits, Source
from exchange.engine.staging import Staging, staging_of
from exchange.engine.table import RowBatch, Table
from exchange.errors import FileRefused

SMALL = Limits(size=MIB, rows=2_000, expanded=20 * MIB, memory=512 * MIB, seconds=20)
LINE = "行"  # the heading of the line numbers in a sheet's data set; they are not shown as a column


def resource_of(kind: Kind, *, action: str = "") -> type[ModelResource]:
    """The Resource of a kind whose columns are the fields of its model.

    `action` names the entry in the trail; without it the sheet only exports. Raises ValueError for a kind that a sheet
    cannot write because it stores more than its rows, such as the approvers.
    """
    names = [name for column in kind.columns for name in column.names]
    if {*names} != {*kind.key, *kind.body}:
        raise ValueError(f"the columns of {kind.name} are not the fields of its model")
    if action and (kind.constants or kind.lock or kind.settle):
        raise ValueError(f"a sheet does not write what {kind.name} stores beside its rows")
    fields = {
        name: Field(name, column.heading, widget=StoredValue(kind.model._meta.get_field(name)))
        for column in kind.columns
        for name in column.names
    }
    options = {"model": kind.model, "fields": tuple(fields), "import_id_fields": kind.key}
    meta = type("Meta", (), options | {"skip_unchanged": True, "use_transactions": True})
    return type(ModelResource)(
        f"{kind.model.__name__}Resource",
        (SheetReader, ModelResource),
        {"file_kind": kind, "trail_action": action, "Meta": meta, "__module__": __name__, **fields},
    )


def format_of(kind: Kind) -> type[Format]:
    """The format of a kind's small file: CSV or XLSX, recognised by its content."""
    return type(f"{kind.model.__name__}File", (SheetFormat,), {"kind": kind})


class StoredValue(Widget):
    """Writes a stored value so that the kind's reader accepts it again and no spreadsheet runs it as a formula."""

    def __init__(self, stored: models.Field) -> None:
        super().__init__()
        self.stored = stored

    @cached_property
    def words(self) -> dict[Any, str]:
        """The official Chinese word of each code, in every language of the page."""
        with translation.override(settings.LANGUAGE_CODE):
            return {code: str(word) for code, word in self.stored.flatchoices}

    def render(self, value: Any, obj: models.Model | None = None, **kwargs: Any) -> str:
        if value is None or isinstance(value, bool):
            return {None: "", True: "1", False: "0"}[value]
        return escape_formula(self.words.get(value, value)) if isinstance(value, str) else str(value)


class SheetData(Dataset):
    """The cells of a sheet for the preview, one row per line, and the batches for the engine."""

    batches: list[RowBatch]


class SheetFormat(Format):
    """An exchange file in the form that import-export reads."""

    kind: ClassVar[Kind]

    def __init__(self, encoding: str | None = None) -> None:
        """Ignore the encoding: reading recognises it."""

    def get_title(self) -> str:
        return "CSV / XLSX"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> SheetData:
        """Raises FileRefused if the content cannot be read as this kind."""
        batches = list(Table(Source("", SMALL, content=in_stream), self.kind).batches())
        rows = [row for batch in batches for row in zip(batch.lines, *batch.columns, strict=True)]
        unread = [""] * len(self.kind.headings)
        rows += [(fault.line, *unread) for batch in batches for fault in batch.faults]
        sheet = SheetData(*sorted(rows, key=itemgetter(0)), headers=[LINE, *self.kind.headings])
        sheet.batches = batches
        return sheet


@dataclass(slots=True)
class SheetRow:
    """The engine's verdict on one line. `values` are in their stored form, empty where a cell has a fault; `is_fresh`:
    the row is new or changes the stored row `stored_id`."""

    values: Mapping[str, Any] = field(default_factory=dict)
    stored_id: int | None = None
    is_fresh: bool = False
    faults: list[Fault] = field(default_factory=list)

    @property
    def error(self) -> ValidationError:
        """The faults, each under the heading of its column."""
        words: dict[str, list[str]] = {}
        for fault in self.faults:
            words.setdefault(fault.heading or NON_FIELD_ERRORS, []).append(f"{fault.reason}{fault.cure}")
        return ValidationError(words)


def judged(kind: Kind, batches: list[RowBatch], actor: User) -> dict[int, SheetRow]:
    """Every line of a sheet: read, checked, and compared with the stored rows, for one person's regions.

    A line that needs a second person is refused: a sheet has none.
    """
    scope, report = scope_of(kind, actor, None), Report()
    with staging_of(kind) as staging:
        stage_rows(staging, batches, scope, report)
        rows = {line: SheetRow(*found) for line, *found in _compared(staging)}
        check_rows(staging, scope, report)
        report.faults += _for_two(staging)
        kept = {line for (line,) in staging.rows("SELECT line FROM staged")}
    for line, row in rows.items():
        row.is_fresh = row.is_fresh and line in kept  # a repeated equal row counts once
    for fault in report.faults:
        rows.setdefault(fault.line, SheetRow()).faults.append(fault)
    return rows


def _for_two(staging: Staging) -> Iterator[Fault]:
    reason, cure = _("这项变动须由第二人批准。"), _("请在“文件导入”中上传，由另一人批准。")
    for row in second_look(staging).rows:
        for cell in row.cells:
            yield Fault(row.line, cell.heading, reason, cure)


def _compared(staging: Staging) -> list[tuple[int, dict[str, Any], int | None, bool]]:
    """For each staged line: its values, the stored row with the same key, and True if they differ."""
    kind, names = staging.kind, list(staging.types)
    found = staging.rows(
        f"SELECT s.line, t.{kind.model._meta.pk.column}, {staging.body_differs('s')},"
        f" {', '.join(f's.{name}' for name in names)}"
        f" FROM staged s LEFT JOIN {kind.table} t ON {staging.same_key}"
    )
    return [
        (line, dict(zip(names, values, strict=True)), stored, stored is None or differs)
        for line, stored, differs, *values in found
    ]


class SheetResult(Result):
    """A result that names the lines of the file."""

    def append_invalid_row(self, number: int, row: Mapping[str, Any], validation_error: ValidationError) -> None:
        super().append_invalid_row(row[LINE], row, validation_error)


class SheetReader:
    """Import-export's steps with the engine's verdict on each row. A mixin that precedes ModelResource."""

    file_kind: ClassVar[Kind]
    trail_action: ClassVar[str]

    @classmethod
    def get_result_class(cls) -> type[Result]:
        return SheetResult

    def import_data(self, dataset: SheetData, dry_run: bool = False, **kwargs: Any) -> Result:
        """Preview or write a sheet: every row, or none. Raises PermissionMissing, and FileRefused if the database has
        changed since the preview."""
        if not self.trail_action:
            raise TypeError(f"sheets of {self.file_kind.name} are only written out")
        with transaction.atomic():
            if not dry_run:
                take_turn(self.file_kind)
            self.rows = judged(self.file_kind, dataset.batches, kwargs["user"])
            stored = {row.stored_id for row in self.rows.values()} - {None}
            self.stored = self.file_kind.model._default_manager.in_bulk(stored)
            kwargs["rollback_on_validation_errors"] = True
            result = super().import_data(dataset, dry_run=dry_run, **kwargs)
            _refuse_failures(result)
            if not dry_run:
                self._finish(result, kwargs["user"])
        return result

    def after_import(self, dataset: SheetData, result: Result, **kwargs: Any) -> None:
        """Leave the sequence alone: no row brings its own number, and the application has no right to reset it."""

    def _finish(self, result: Result, actor: User) -> None:
        if result.has_validation_errors():
            raise FileRefused(OVERTAKEN)
        totals = {name: result.totals[name] for name in ("new", "update", "skip")}
        details = {"kind": self.file_kind.name, **totals}
        record(actor=actor, action=self.trail_action, target=actor, details=details)

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> models.Model | None:
        return self.stored.get(self.rows[row[LINE]].stored_id)

    def import_instance(self, instance: models.Model, row: Mapping[str, Any], **kwargs: Any) -> None:
        found = self.rows[row[LINE]]
        if found.faults:
            raise found.error
        for name, value in found.values.items():
            setattr(instance, name, value)

    def skip_row(self, instance: Any, original: Any, row: Mapping[str, Any], import_validation_errors: Any) -> bool:
        return not import_validation_errors and not self.rows[row[LINE]].is_fresh


def _refuse_failures(result: Result) -> None:
    """Hide the database's messages, which contain people's numbers and which import-export would show. Other failures
    are raised."""
    for failure in [*result.base_errors, *chain.from_iterable(row.errors for row in result.error_rows)]:
        if not isinstance(failure.error, IntegrityError | DataError):
            raise failure.error
        raise FileRefused(OVERTAKEN) from None
