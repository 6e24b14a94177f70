"""Checks of this app's files beside the engine's own (exchange.engine.checks)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from exchange.engine.checks import overlapping_rows
from exchange.engine.contract import Scope, StagedRows
from exchange.engine.faults import Fault, Refusal
from exchange.engine.lookups import out_of_scope


def employer_in_scope(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """Refuse a file that would take an employer over from another region."""
    if scope.prefixes is None:
        return
    condition = (
        "EXISTS (SELECT FROM quota_employer t WHERE t.uscc = s.uscc AND NOT t.region_id ^@ ANY (%(prefixes)s::text[]))"
    )
    yield from staging.faults_where(condition, "uscc", out_of_scope(), prefixes=list(scope.prefixes))


def two_employers(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    refusal = Refusal(_("派遣单位和用工单位相同。"), _("请核对两个信用代码。"))
    yield from staging.faults_where("s.host_id = s.agency_id", "host_id", refusal)


def one_host_a_month(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """A person's month moves to one host only: two agreements with a host in the same month are a fault."""
    overlapping = overlapping_rows(
        staging,
        start="starts_on",
        owner="{r}.person_key",
        span=(
            "daterange(date_trunc('month', {r}.starts_on::timestamp)::date,"
            " (date_trunc('month', {r}.ends_on::timestamp) + interval '1 month')::date)"
        ),
        where="{r}.counts_at = 'host'",
    )
    for line, other in overlapping:
        yield Fault(
            line,
            "协议开始",
            _("同一人同一月份，%(other)s的协议也计入用工单位。") % {"other": other},
            _("请与两家单位核对，只保留一份或改正起止日期。"),
        )
