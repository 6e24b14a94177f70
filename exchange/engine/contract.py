"""The declaration of a kind of exchange file. Reading, checking, writing and documentation all follow it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from django.db import models

from accounts.permissions import Permission
from exchange.engine.cells import Reader
from exchange.engine.faults import Fault, Refusal
from exchange.models import ImportedFile

# Maps a code to the text to store for it, or to the reason for refusing it.
Resolved: TypeAlias = Mapping[str, str | Refusal]
Resolver: TypeAlias = Callable[[Collection[str], "Scope"], Resolved]


@dataclass(frozen=True, slots=True)
class Scope:
    """The regions to which rows may belong. None means everywhere: the command line without a person.

    `is_upload`: the file came through the pages, where some checks are stricter than on the command line.
    """

    prefixes: tuple[str, ...] | None = None
    is_upload: bool = False

    def covers(self, region_code: str) -> bool:
        return self.prefixes is None or region_code.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    `staged` names the columns it fills and their SQL types. `blank` is the stored value of an optional empty cell.
    `beside` names other headings whose cells the reader needs too. `resolve` turns the codes of a batch into stored
    values, in one query.
    """

    heading: str
    read: Reader
    staged: tuple[str, ...]
    note: object
    required: bool = True
    blank: str | None = None
    beside: tuple[str, ...] = ()
    resolve: Resolver | None = None

    @property
    def names(self) -> list[str]:
        return [column.split()[0] for column in self.staged]


class StagedRows(Protocol):
    """The rows of one file in the temporary table `staged`, for the checks of a kind (exchange.engine.staging)."""

    kind: "Kind"
    same_key: str
    last_stored: int

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]: ...

    def run(self, sql: str, values: Mapping[str, object] | None = None) -> int: ...

    def faults_where(self, condition: str, staged: str, refusal: Refusal, **values: object) -> Iterator[Fault]: ...

    def lines_where(self, condition: str, **values: object) -> list[int]: ...

    def differs_from_stored(self) -> str: ...

    def body_differs(self, alias: str) -> str: ...


Check: TypeAlias = Callable[[StagedRows, Scope], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Matter:
    """Rows of an upload that take effect only with a second person.

    `where` is the SQL condition on a row s of the source and the stored row t of the same key, which is NULL for a new
    row. `reason` names them, with their number %(rows)s. `columns` are shown with their stored and new values;
    `amount` is the SQL of the yuan to sum. With `needs_reason` the second person states why they may take effect.
    """

    code: str
    reason: object
    where: str
    columns: tuple[str, ...]
    amount: str = ""
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """Totals that the second person types from another office's paper before the file's own are shown.

    `column` is the signed amount of a row. The labels name the paper, and the three totals of ControlTotals.
    """

    column: str
    paper: object
    labels: tuple[object, object, object]


def column_changes(column: str, reason: object) -> Matter:
    """Stored rows whose `column` changes."""
    return Matter(column, reason, f"t.id IS NOT NULL AND s.{column} IS DISTINCT FROM t.{column}", (column,))


@dataclass(frozen=True, slots=True)
class FileSequel:
    """The next step after a written file: a template and its context variable `sequel`."""

    template: str
    sequel: object


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Rows are staged; then `source` (by default the staged rows) is compared with `model` by `key`. `body` names the
    other compared columns; `companions` are written with them but not compared. `constants` is the SQL of the columns
    that the file does not have, for a new row; `change_constants`, for a changed row. `release` is set on all changed
    rows first, where a constraint would refuse them while they change one after another. `rows_add_up` means that
    equal rows are separate payments. `needs_two_people`: every file takes effect only in the names of two, also on the
    command line. `matters` need a second person in an upload that has such rows; `subject` names a row to that person,
    as pairs of heading and SQL on s; `control` compares the file with another office's totals first. `remarks` are
    conditions that give a warning, not a fault. `prepare` runs once the rows are staged, `lock` before the checks of a
    file to be written, `settle` after writing, the last two in one transaction. `followed_by` adds a part below the
    report on the page of a written file.
    """

    name: str
    label: object
    permission: Permission
    model: type[models.Model]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    body: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    change_constants: Mapping[str, str] = field(default_factory=dict)
    release: str = ""
    source: str = "SELECT * FROM staged"
    stored_where: str = "true"
    rows_add_up: bool = False
    needs_two_people: bool = False
    matters: tuple[Matter, ...] = ()
    subject: tuple[tuple[str, str], ...] = ()
    control: Control | None = None
    checks: tuple[Check, ...] = ()
    remarks: tuple[tuple[str, object], ...] = ()
    prepare: Callable[[StagedRows], None] | None = None
    lock: Callable[[StagedRows], None] | None = None
    settle: Callable[[StagedRows], None] | None = None
    followed_by: Callable[[ImportedFile], FileSequel] | None = None

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def headings(self) -> list[str]:
        return [column.heading for column in self.columns]

    def heading_of(self, staged: str) -> str:
        """The heading that fills a staged column."""
        return next(column.heading for column in self.columns if staged in column.names)
