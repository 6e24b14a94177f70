"""Checks that compare rows with each other and with stored rows. They run in the database, on all rows at once."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from exchange.engine.contract import Check, Scope, StagedRows
from exchange.engine.faults import Fault, Refusal

# Pairs the rows of the file with each other and with the stored rows that they do not replace. Two rows of one
# `owner` may not overlap in `span`. NULLS LAST names a row of the same file before a stored one.
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


def dates_in_order(first: str, last: str) -> Check:
    """Refuse rows whose second date is before the first."""

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
    """Never overwrite a stored key with other contents: a person decides about the row (promise A9)."""

    def check(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
        refusal = Refusal(str(reason), str(cure))
        yield from staging.faults_where(staging.differs_from_stored(), key, refusal)

    return check


def overlapping_rows(
    staging: StagedRows, *, start: str, owner: str, span: str, where: str
) -> Iterator[tuple[int, str]]:
    """Yield each line that overlaps another row, with the place of that row in words."""
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
    """Refuse two values of one parameter for one region and day. Close an open period before you begin the next
    one."""
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
