"""Fits the returns of a file in among those already filed."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange.engine import cells
from exchange.engine.contract import Matter, Scope, StagedRows
from exchange.engine.faults import Cell, Fault, Refusal
from law.counting import effective_return, filing_opens
from quota.enums import DECIDED
from quota.kinds.columns import FROM_FILE
from quota.queries.parameters import counting_rules, filing_deadlines
from quota.queries.returns import day_in_china
from quota.services.in_force import COPIED, settle_returns_in_force
from quota.services.person_keys import hold_keys
from quota.workflow import SUBMIT

DECIDED_STATES = ", ".join(f"'{state.value}'" for state in DECIDED)
OPEN_STATES = ", ".join(f"'{state}'" for state in sorted(SUBMIT.sources))

MONTHS = [f"m{month}" for month in range(1, 13)]
# An employer's only return of a year is in force at once; among several, the rules choose in settle().
SOURCE = f"""
SELECT f.*, ARRAY[{", ".join(MONTHS)}] AS staff_by_month, {" + ".join(MONTHS)} AS staff_months,
       o.employer_id IS NULL AND count(*) OVER (PARTITION BY f.employer_id, f.levy_year) = 1 AS is_only_one
FROM staged f LEFT JOIN (
    SELECT DISTINCT employer_id, levy_year FROM quota_headcountreturn
    WHERE state <> 'draft' AND employer_id IN (SELECT employer_id FROM staged)
) o USING (employer_id, levy_year)
"""
NEW = {
    **FROM_FILE,
    "source": "'file'",
    "state": "'submitted'",
    "submitted_at": "now()",
    "submitted_by_id": "%(actor)s",
    "is_in_force": "s.is_only_one",
    "is_late": "false",
    "version": "1",
    "sent_back_reason": "''",
    "claimed_months": "0",
    "computed_months": "0",
    "has_findings": "false",
}
CORRECTED = {
    **FROM_FILE,
    "state": "CASE t.state WHEN 'replaced' THEN t.state ELSE 'submitted' END",
    "submitted_at": "now()",
    "submitted_by_id": "%(actor)s",
    "checked_at": "NULL",
    "version": "t.version + 1",
}

# The drafts and returns in force that the file adds to or changes, in the order in which a filing locks its own two,
# so that the two cannot deadlock. All rows locked later belong to one of these.
LOCK = """
SELECT FROM quota_headcountreturn r
WHERE (r.is_in_force OR r.state = 'draft') AND (r.employer_id, r.levy_year) IN (
    SELECT s.employer_id, s.levy_year FROM ({source}) s LEFT JOIN {table} t ON {same_key}
    WHERE t.id IS NULL OR {body_differs}
) ORDER BY r.is_in_force, r.id FOR NO KEY UPDATE OF r
"""
# Condition: the row is not stored yet, and the return in force of its employer and year is decided.
NEW_IN_DECIDED_YEAR = f"""
EXISTS (
    SELECT FROM quota_headcountreturn r WHERE r.employer_id = s.employer_id AND r.levy_year = s.levy_year
      AND r.is_in_force AND r.state IN ({DECIDED_STATES})
) AND NOT EXISTS (SELECT FROM {{table}} t WHERE {{same_key}})
"""
# Filings that come in after the deadline under a day before it. They count as on time only if a second person agrees.
LATE_BUT_TIMELY = Matter(
    "late_but_timely",
    gettext_lazy("截止日后录入、申报日期在截止日前的申报%(rows)s户"),
    "s.is_back_dated AND ROW(s.staff_by_month, s.total_wages) IS DISTINCT FROM ROW(t.staff_by_month, t.total_wages)",
    ("filed_on", "total_wages"),
    needs_reason=True,
)
USCC, NAME = (f"(SELECT e.{column} FROM quota_employer e WHERE e.id = s.employer_id)" for column in ("uscc", "name"))
BACK_DATED = """
UPDATE staged s SET is_back_dated = true
FROM quota_employer e, unnest(%(regions)s::text[], %(years)s::int[], %(days)s::date[]) AS d(region, year, last_day)
WHERE e.id = s.employer_id AND e.region_id = d.region AND s.levy_year = d.year AND s.filed_on <= d.last_day
"""
RIVALS = "SELECT s.line, s.employer_id, s.levy_year, s.filed_on FROM staged s WHERE {condition} ORDER BY s.line"
FILED = """
SELECT r.employer_id, r.levy_year, e.region_id, array_agg(r.filed_on ORDER BY r.id)
FROM quota_headcountreturn r JOIN quota_employer e ON e.id = r.employer_id
WHERE r.state <> 'draft' AND r.employer_id = ANY(%(employers)s) GROUP BY 1, 2, 3
"""
# People who came after the check: their return waits for the next check.
UNCHECKED = """
UPDATE quota_headcountreturn r SET state = 'submitted'
WHERE r.is_in_force AND r.state = 'checked'
  AND (r.employer_id, r.levy_year) IN (SELECT employer_id, levy_year FROM staged)
  AND EXISTS (
    SELECT FROM quota_placement p LEFT JOIN quota_placementcheck k ON k.placement_id = p.id
    WHERE p.employer_id = r.employer_id AND p.levy_year = r.levy_year AND k.placement_id IS NULL
  )
"""
# Add the file's new people to the employer's draft too, because a submitted draft replaces the list of the year. The
# version refuses an open page's next save; rows already in the draft stay as the employer left them.
INTO_DRAFTS = f"""
WITH added AS (
    INSERT INTO quota_draftplacement (headcount_return_id, {", ".join(COPIED)})
    SELECT r.id, {", ".join(f"p.{name}" for name in COPIED)}
    FROM quota_headcountreturn r
    JOIN quota_placement p ON p.employer_id = r.employer_id AND p.levy_year = r.levy_year
    WHERE r.state IN ({OPEN_STATES}) AND p.id > %(last_stored)s
      AND (r.employer_id, r.levy_year) IN (SELECT employer_id, levy_year FROM staged)
    ON CONFLICT DO NOTHING RETURNING headcount_return_id
)
UPDATE quota_headcountreturn SET version = version + 1 WHERE id IN (SELECT headcount_return_id FROM added)
"""


def lock(staging: StagedRows) -> None:
    """Let no one decide on these returns between the checks of the file and its last row."""
    hold_keys()
    kind = staging.kind
    names = {"same_key": staging.same_key, "body_differs": staging.body_differs("s")}
    staging.run(LOCK.format(source=kind.source, table=kind.table, **names))
    ((staging.last_stored,),) = staging.rows(f"SELECT coalesce(max(id), 0) FROM {kind.table}")


def filing_day(cell: Cell) -> tuple[str, str]:
    """The day, and a mark that days_of_upload sets."""
    return cells.day(cell), "f"


def days_of_upload(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """Refuse days on which nobody can have filed, and mark those that would make a filing timely after the deadline.

    The command line may load filings of any day: it brings in what another system has dated.
    """
    if not scope.is_upload:
        return
    today = day_in_china()
    too_late = Refusal(_("申报日期晚于今天。"), _("请填写收到申报的日期。"))
    yield from staging.faults_where("s.filed_on > %(today)s", "filed_on", too_late, today=today)
    too_early = Refusal(_("申报日期早于该年度申报开始之日。"), _("年度结束后才能申报，请填写收到申报的日期。"))
    for (year,) in staging.rows("SELECT DISTINCT levy_year FROM staged ORDER BY levy_year"):
        names = {"year": year, "opens": filing_opens(year)}
        yield from staging.faults_where(
            "s.levy_year = %(year)s AND s.filed_on < %(opens)s", "filed_on", too_early, **names
        )
    _mark_back_dated(staging, today)


def _mark_back_dated(staging: StagedRows, today: date) -> None:
    places = "SELECT DISTINCT e.region_id, s.levy_year FROM staged s JOIN quota_employer e ON e.id = s.employer_id"
    last_days = filing_deadlines(set(staging.rows(places)))
    over = [(region, year, day) for (region, year), day in last_days.items() if day < today]
    regions, years, days = ([row[part] for row in over] for part in range(3))
    staging.run(BACK_DATED, {"regions": regions, "years": years, "days": days})


def decided_returns_stand(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """Refuse rows that would rewrite or replace a reviewed or verified return."""
    refusal = _decided()
    heading = staging.kind.heading_of("filed_on")
    yield from staging.faults_where(
        f"EXISTS (SELECT FROM quota_headcountreturn t JOIN ({staging.kind.source}) d ON d.line = s.line"
        f" WHERE {staging.same_key} AND t.state IN ({DECIDED_STATES}) AND {staging.body_differs('d')})",
        "filed_on",
        refusal,
    )
    for line in _lines_that_would_replace(staging):
        yield Fault(line, heading, *refusal)


def decided_years_stand(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """Refuse new people for a reviewed or verified return; a file may repeat stored rows."""
    yield from staging.faults_where(_new_in_decided_year(staging), "levy_year", _decided())


def _decided() -> Refusal:
    return Refusal(_("该单位本年度的申报已审核认定。"), _("请先由残联撤回认定，再按更正办理。"))


def _new_in_decided_year(staging: StagedRows) -> str:
    return NEW_IN_DECIDED_YEAR.format(table=staging.kind.table, same_key=staging.same_key)


def _lines_that_would_replace(staging: StagedRows) -> Iterator[int]:
    rivals: dict[tuple[int, int], list[tuple[date, int]]] = defaultdict(list)
    for line, employer, year, filed_on in staging.rows(RIVALS.format(condition=_new_in_decided_year(staging))):
        rivals[employer, year].append((filed_on, line))
    employers = [employer for employer, _year in rivals]
    for employer, year, region, stored in staging.rows(FILED, employers=employers):
        waiting = rivals.get((employer, year), [])
        rules = counting_rules({region}, year)[region] if waiting else None
        while waiting and rules is not None:
            chosen = effective_return([*stored, *(filed_on for filed_on, _line in waiting)], year, rules) or 0
            if chosen < len(stored):
                break
            yield waiting.pop(chosen - len(stored))[1]


def settle(staging: StagedRows) -> None:
    """Let the rules choose the return that counts for each touched employer."""
    years = "SELECT levy_year, array_agg(DISTINCT employer_id) FROM staged GROUP BY levy_year ORDER BY levy_year"
    for year, employers in staging.rows(years):
        settle_returns_in_force(employer_ids=employers, levy_year=year)


def settle_people(staging: StagedRows) -> None:
    """Send a checked return back to the checks when people were added, and add them to the employer's draft too."""
    staging.run(UNCHECKED)
    staging.run(INTO_DRAFTS, {"last_stored": staging.last_stored})
