"""The tax bureau's list: the twelve columns of the 缴费申报表, before them the employer, after them run and policy.

Rows stream out of PostgreSQL as CSV or as the XML of a workbook; nothing is held whole. For speed the lines do not
pass through design.csv_lines: the SELECT escapes names by the same rule, so that no cell is ever a formula (promise
C6).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from psycopg import sql

from accounts.models import Region
from audit.errors import DomainError
from design.csv_lines import BOM, escaped_in_sql
from design.law_words import official_words
from design.workbooks import number_cell, text_cell, workbook
from law.amount import CreditedRounding, StaffRounding
from law.amount.heads import UNITS
from law.averaging import NewEmployer
from law.codes import EntityType
from levy.models import Assessment, AssessmentRun, RunState
from levy.models.assessments import AssessmentQuerySet, OutcomeCode
from levy.models.runs import FINAL_STATES
from levy.queries.policy import terms_by_region

BLOCK_BYTES = 64 * 1024
UNROUNDED_PLACES = 4

# The number of months over which a row's heads are averaged, as in law.averaging.months_averaged.
MONTHS = """CASE WHEN terms.since_registration AND extract(year FROM a.registered_on) = a.levy_year
    THEN 13 - extract(month FROM a.registered_on) ELSE 12.0 END"""
# Heading, and the expression that fills it. Heads are those of the computation, to four decimals where the region does
# not round them; person-months are exact.
COLUMNS: dict[str, str] = {
    "统一社会信用代码": "e.uscc",
    "单位名称": escaped_in_sql("e.name"),
    "行政区划代码": "a.region_id",
    "单位类型": "entity.label",
    "序号": "row_number() OVER (ORDER BY a.region_id, e.uscc)",
    "费款所属期起": "make_date(a.levy_year, 1, 1)",
    "费款所属期止": "make_date(a.levy_year, 12, 31)",
    "上年在职职工工资总额": "a.total_wages",
    "上年在职职工人数": f"round(a.staff_months / {MONTHS}, terms.staff_places)",
    "应安排残疾人就业比例": "terms.ratio",
    "上年实际安排残疾人就业人数": f"round(a.credited_months / {MONTHS}, terms.credited_places)",
    "上年在职职工年平均工资": "a.average_wage",
    "本期应纳费额": "a.gross",
    "本期减免费额": "a.relief",
    "本期已缴费额": "CASE WHEN a.payable IS NOT NULL THEN coalesce(paid.amount, 0.00) END",
    "本期应补(退)费额": "a.payable - coalesce(paid.amount, 0.00)",
    "结果": "outcome.label",
    "职工人月": "a.staff_months",
    "安排人月": "a.credited_months",
    "计费工资": "a.charged_wage",
    "政策版本": "version.label",
    "批次号": "a.levy_year || '-' || run.region_id || '-' || run.id",
}
ROWS = """
SELECT {columns} FROM levy_assessment a
JOIN quota_employer e ON e.id = a.employer_id
JOIN levy_assessmentrun run ON run.id = a.run_id
JOIN (VALUES {versions}) AS version (id, label) ON version.id = run.policy_version_id
LEFT JOIN (VALUES {terms}) AS terms
    (version_id, region_id, ratio, since_registration, staff_places, credited_places)
    ON terms.version_id = run.policy_version_id AND terms.region_id = a.region_id
JOIN (VALUES {entities}) AS entity (code, label) ON entity.code = a.entity_type
JOIN (VALUES {outcomes}) AS outcome (code, label) ON outcome.code = a.outcome
LEFT JOIN (
    SELECT employer_id, sum(amount) AS amount FROM collection_payment WHERE levy_year = {year}
    GROUP BY employer_id
) paid ON paid.employer_id = a.employer_id
WHERE {chosen}
ORDER BY a.region_id, e.uscc
"""
IN_FORCE = """a.levy_year = {} AND {} AND run.state IN ('confirmed', 'handed_over') AND NOT EXISTS (
    SELECT 1 FROM levy_supersession s WHERE s.old_id = a.id AND s.approved_at IS NOT NULL
)"""
TEXT_COLUMNS = {"统一社会信用代码", "单位名称", "行政区划代码", "单位类型", "结果", "政策版本", "批次号"}
DATE_COLUMNS = {"费款所属期起", "费款所属期止"}


class NoRun(DomainError):
    code = "no_run"

    def __init__(self, levy_year: int, region: Region) -> None:
        super().__init__(_("%s %s年度没有可下载的核定批次，请先试算。") % (region.name, levy_year))


@dataclass(frozen=True, slots=True)
class LevyList:
    """The assessments of a list. `is_final` is False for a trial run, which must not be used to collect; `since`
    limits the list to rows confirmed from then on, as a first result or a correction."""

    levy_year: int
    region: Region
    run: AssessmentRun
    is_final: bool
    since: datetime | None = None

    def assessments(self) -> AssessmentQuerySet:
        if self.is_final:
            rows = Assessment.objects.current().filter(levy_year=self.levy_year)
        else:
            rows = Assessment.objects.filter(run=self.run)
        if self.since:
            rows = rows.filter(run__confirmed_at__gte=self.since)
        return rows.in_region(self.region.code)

    def totals(self) -> tuple[int, Decimal]:
        """Number of rows, and their total due in yuan."""
        sums = self.assessments().aggregate(rows=Count("pk"), payable=Sum("payable", default=Decimal("0.00")))
        return sums["rows"], sums["payable"]

    def file_name(self, suffix: str) -> str:
        kind = ("levy-changes" if self.since else "levy-list") if self.is_final else "trial-list"
        return f"{kind}-{self.levy_year}-{self.region.code}.{suffix}"


def levy_list(*, levy_year: int, region: Region) -> LevyList:
    """The confirmed assessments of the region, or those of its latest trial run if none are confirmed. Raises
    NoRun."""
    covering = AssessmentRun.objects.filter(levy_year=levy_year, is_correction=False, region__in=region.lineage())
    inside = AssessmentRun.objects.filter(levy_year=levy_year, is_correction=False).in_region(region.code)
    runs = covering | inside
    final = runs.filter(state__in=FINAL_STATES).first()
    run = final or covering.filter(state__in=[RunState.DRAFT, RunState.CHECKED]).first()
    if run is None:
        raise NoRun(levy_year, region)
    return LevyList(levy_year, region, run, is_final=final is not None)


def csv_chunks(levy_list: LevyList) -> Iterator[bytes]:
    """The list as CSV: UTF-8 with a byte order mark for spreadsheets."""
    yield BOM
    yield from _copied(_csv_query(levy_list))


def xlsx_chunks(levy_list: LevyList) -> Iterator[bytes]:
    """The list as a workbook: codes and words as text, money and heads as numbers."""
    return workbook(sheet="核定清单", headings=list(COLUMNS), rows=_copied(_xlsx_query(levy_list)))


def _copied(query: sql.Composed) -> Iterator[bytes]:
    """The query's rows by COPY, without the page's time limit: the download of a province's list takes longer."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1h'")
        with cursor.copy(query) as copy:
            yield from _blocks(copy)


def _blocks(rows: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Collect rows into larger pieces: PostgreSQL sends row by row, and every yielded piece costs a call of the
    network."""
    block = bytearray()
    for row in rows:
        block += row
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _csv_query(levy_list: LevyList) -> sql.Composed:
    return sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(_rows(levy_list))


def _xlsx_query(levy_list: LevyList) -> sql.Composed:
    cells = ((text_cell if head in TEXT_COLUMNS | DATE_COLUMNS else number_cell)(f'list."{head}"') for head in COLUMNS)
    row = sql.SQL(f"'<row>' || {' || '.join(cells)} || '</row>'")
    return sql.SQL("COPY (SELECT {} FROM ({}) list) TO STDOUT").format(row, _rows(levy_list))


def _rows(levy_list: LevyList) -> sql.Composed:
    """The rows under their headings, in the list's order."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(sql.SQL(expression), sql.Identifier(head)) for head, expression in COLUMNS.items()
    )
    return sql.SQL(ROWS).format(
        columns=columns,
        versions=_values((v.pk, str(v)) for v in _versions(levy_list)),
        terms=_values(_terms(levy_list)),
        entities=_values(official_words(EntityType).items()),
        outcomes=_values(official_words(OutcomeCode).items()),
        year=sql.Literal(levy_list.levy_year),
        chosen=_chosen(levy_list),
    )


def _values(rows: Iterable[tuple[Any, ...]]) -> sql.Composable:
    return sql.SQL(", ").join(
        sql.SQL("({})").format(sql.SQL(", ").join(sql.Literal(value) for value in row)) for row in rows
    )


def _versions(levy_list: LevyList) -> list[Any]:
    runs = AssessmentRun.objects.filter(levy_year=levy_list.levy_year).select_related("policy_version")
    return list({run.policy_version_id: run.policy_version for run in runs}.values())


def _terms(levy_list: LevyList) -> Iterator[tuple[int, str, Decimal, bool, int, int]]:
    for version in _versions(levy_list):
        for code, terms in terms_by_region(version).items():
            rules = terms.rules
            since_registration = rules.new_employer is NewEmployer.MONTHS_SINCE_REGISTRATION
            places = _places(rules.staff_rounding), _places(rules.credited_rounding)
            yield version.pk, code, terms.required_ratio, since_registration, *places


def _places(rounding: StaffRounding | CreditedRounding) -> int:
    """The number of decimals of heads."""
    unit = UNITS.get(rounding)
    return UNROUNDED_PLACES if unit is None else -unit.as_tuple().exponent


def _chosen(levy_list: LevyList) -> sql.Composable:
    region = sql.SQL("a.region_id LIKE {}").format(sql.Literal(f"{levy_list.region.prefix}%"))
    if levy_list.since:
        region += sql.SQL(" AND run.confirmed_at >= {}").format(sql.Literal(levy_list.since))
    if not levy_list.is_final:
        return sql.SQL("a.run_id = {} AND {}").format(sql.Literal(levy_list.run.pk), region)
    return sql.SQL(IN_FORCE).format(sql.Literal(levy_list.levy_year), region)


CHUNKS = {"csv": csv_chunks, "xlsx": xlsx_chunks}


@dataclass(frozen=True, slots=True)
class WrittenList:
    """The contents of a list's receipt."""

    rows: int
    payable: Decimal
    sha256: str


def write_list(levy_list: LevyList, path: Path, file_format: str) -> WrittenList:
    """Write the list to a file that appears only when it is complete. `file_format` is csv or xlsx."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as target:
            target.writelines(CHUNKS[file_format](levy_list))
        with part.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    rows, payable = levy_list.totals()
    return WrittenList(rows, payable, digest)
