"""Checks of rows against each other and against what is stored. They run in the database, on all rows at once."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from exchange.engine.contract import Check, Scope, StagedRows
from exchange.engine.faults import Fault, Refusal

# Rows of the file and stored rows they do not replace, side by side; `span` may not overlap within `owner`.
_OVERLAPS = """
WITH rows AS (
    SELECT s.line, s.{start} AS start, {owner_of_s} AS owner, {span_of_s} AS span FROM staged s WHERE {where_s}
    UNION ALL
    SELECT NULL, t.{start}, {owner_of_t}, {span_of_t} FROM {table} t
    WHERE {where_t} AND {owner_of_t} IN (SELECT {owner_of_s} FROM staged s)
      AND NOT EXISTS (SELECT FROM staged s WHERE {same_key})
)
SELECT DISTINCT ON (a.line) a.line, b.line, b.start
FROM rows a JOIN rows b ON a.owner = b.owner AND a.span && b.span AND a.line IS DISTINCT FROM b.line
WHERE a.line IS NOT NULL ORDER BY a.line, b.line NULLS LAST
"""


def in_order(first: str, last: str) -> Check:
    """The later date is not before the earlier one."""

    def check(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
        refusal = Refusal(_("结束日期早于开始日期。"), _("请核对两个日期。"))
        yield from staging.faults_where(f"s.{last} < s.{first}", last, refusal)

    return check


def not_zero(name: str) -> Check:
    def check(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
        refusal = Refusal(_("金额不能为0。"), _("请填写实缴金额；退费为负数。"))
        yield from staging.faults_where(f"s.{name} = 0", name, refusal)

    return check


def stored_rows_stand(key: str, reason: object, cure: object) -> Check:
    """A key that is stored with other contents is not overwritten: the row waits for a person (promise A9)."""

    def check(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
        refusal = Refusal(str(reason), str(cure))
        yield from staging.faults_where(staging.differs_from_stored(), key, refusal)

    return check


def overlapping_rows(
    staging: StagedRows, *, start: str, owner: str, span: str, where: str
) -> Iterator[tuple[int, str]]:
    """Lines that overlap another row, with where that row stands."""
    parts = {"table": staging.kind.table, "start": start, "same_key": staging.same_key}
    for alias in "st":
        parts |= {
            f"owner_of_{alias}": owner.format(r=alias),
            f"span_of_{alias}": span.format(r=alias),
            f"where_{alias}": where.format(r=alias),
        }
    for line, other, starts in staging.rows(_OVERLAPS.format(**parts)):
        yield (
            line,
            _("第%(line)s行") % {"line": other} if other else _("已登记的一条（%(day)s起）") % {"day": starts},
        )


def periods_apart(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """A region has one value of a parameter on a day. An open period is closed before the next one begins."""
    overlapping = overlapping_rows(
        staging,
        start="valid_from",
        owner="({r}.region_id || {r}.kind)",
        span="daterange({r}.valid_from, {r}.valid_until, '[]')",
        where="true",
    )
    for line, other in overlapping:
        yield Fault(
            line,
            "失效日期",
            _("有效期与%(other)s重叠。") % {"other": other},
            _("请先为较早的一条填写失效日期（同一生效日期的行会更新该条），再填写新的一条。"),
        )
