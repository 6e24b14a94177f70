"""Copies a confirmed year into a publication, in set-based SQL and the caller's transaction."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Sum

from accounts.models import Region
from disclosure.models import Publication, PublicationState, PublishedRegion
from disclosure.queries.checks import published_assessments
from law.suppression import hidden_nodes, hidden_settlements

# A regional total of fewer employers than this would reveal what one of them owes or has paid.
FEWEST_PAYERS = 3
SIDES = ("payer_count", "paying_count", "owing_count", "overpaid_count")
Counts = tuple[int, ...]

# Each employer with the ratio that its own run pinned: a correction is a run with its own policy version.
# Sole traders do not pay the levy and are not published.
ROWS = """
WITH terms AS MATERIALIZED (
    SELECT v.id AS version_id, t.key AS region_id, (t.value #>> '{{required_ratio,value}}')::numeric AS ratio
    FROM levy_policyversion v CROSS JOIN jsonb_each(v.content -> 'regions') t WHERE v.levy_year = %s
), paid AS MATERIALIZED (
    SELECT employer_id, sum(amount) AS amount FROM collection_payment WHERE levy_year = %s GROUP BY employer_id
), base AS MATERIALIZED (
    SELECT e.uscc, e.name, a.region_id, a.entity_type, a.outcome,
           -- a supplement is a run of one employer too, and corrects nothing
           run.is_correction AND EXISTS (
               SELECT FROM levy_supersession s WHERE s.new_id = a.id AND s.old_id IS NOT NULL
           ) AS is_corrected,
           a.staff_months, a.credited_months, a.staff_months * terms.ratio AS required, a.payable,
           coalesce(paid.amount, 0) AS paid, r.is_late, v.id AS verified_id
    FROM levy_assessment a
    JOIN quota_employer e ON e.id = a.employer_id
    JOIN levy_assessmentrun run ON run.id = a.run_id
    LEFT JOIN terms ON terms.version_id = run.policy_version_id AND terms.region_id = a.region_id
    LEFT JOIN paid ON paid.employer_id = a.employer_id
    LEFT JOIN quota_headcountreturn r ON r.employer_id = e.id AND r.levy_year = a.levy_year AND r.is_in_force
    LEFT JOIN quota_verifiedheadcount v
        ON v.employer_id = e.id AND v.levy_year = a.levy_year AND v.withdrawn_at IS NULL
    WHERE a.id IN ({chosen})
), entries AS (
    INSERT INTO disclosure_publishedentry (
        publication_id, uscc, name, region_code, region_name, entity_type, standing, share_band, filing, is_verified,
        required_months, credited_months, levy_band, settlement, is_corrected
    )
    SELECT %s, b.uscc, b.name, b.region_id, place.name, b.entity_type,
        CASE b.outcome WHEN 'met' THEN 'met' WHEN 'exempt' THEN 'exempt' WHEN 'missing' THEN 'missing'
                       ELSE 'below' END,
        CASE WHEN b.outcome = 'missing' THEN ''
             WHEN b.outcome = 'met' THEN 'met'
             WHEN b.outcome = 'half' THEN 'from_one'  -- as the amount was decided, also where a region rounds heads
             WHEN b.outcome = 'ninety' THEN 'below_one'
             WHEN b.credited_months * 100 >= b.staff_months THEN 'from_one' ELSE 'below_one' END,
        CASE WHEN b.is_late IS NULL THEN 'none' WHEN b.is_late THEN 'late' ELSE 'on_time' END,
        b.verified_id IS NOT NULL,
        b.required, b.credited_months,
        CASE WHEN b.payable IS NULL THEN ''
             WHEN b.payable = 0 THEN 'nothing'
             WHEN b.payable < 10000 THEN 'below_10k'
             WHEN b.payable < 100000 THEN 'below_100k'
             WHEN b.payable < 500000 THEN 'below_500k'
             WHEN b.payable < 1000000 THEN 'below_1m' ELSE 'from_1m' END,
        CASE WHEN b.payable IS NULL THEN ''
             WHEN b.payable = 0 THEN 'nothing_due'
             WHEN NOT EXISTS (SELECT FROM paid JOIN quota_employer payer ON payer.id = paid.employer_id
                              WHERE payer.region_id LIKE %s) THEN ''
             WHEN b.paid >= b.payable THEN 'paid'
             WHEN b.paid > 0 THEN 'part' ELSE 'unpaid' END,
        b.is_corrected
    FROM base b JOIN accounts_region place ON place.code = b.region_id
)
INSERT INTO disclosure_publishedfigure (
    publication_id, region_code, entity_type, unit_count, verified_count, met_count, below_count, exempt_count,
    missing_count, staff_months, required_months, credited_months, shortfall_months, payer_count, payable_total,
    paid_total, paying_count, owing_count, overpaid_count
)
SELECT %s, b.region_id, b.entity_type, count(*), count(b.verified_id),
    count(*) FILTER (WHERE b.outcome = 'met'),
    count(*) FILTER (WHERE b.outcome IN ('half', 'ninety', 'full')),
    count(*) FILTER (WHERE b.outcome = 'exempt'),
    count(*) FILTER (WHERE b.outcome = 'missing'),
    coalesce(sum(b.staff_months), 0), coalesce(sum(b.required), 0), coalesce(sum(b.credited_months), 0),
    coalesce(sum(greatest(b.required - b.credited_months, 0)), 0),
    count(*) FILTER (WHERE b.payable > 0), coalesce(sum(b.payable), 0), sum(b.paid),
    count(*) FILTER (WHERE b.paid <> 0), count(*) FILTER (WHERE b.paid < coalesce(b.payable, 0)),
    count(*) FILTER (WHERE b.paid > coalesce(b.payable, 0))
FROM base b GROUP BY b.region_id, b.entity_type
"""

# A long pending list lets the name index take in the rows in few large batches, which halves the time. Every search
# reads that list too, so it is emptied at the end. The settings end with the transaction.
LARGE_BATCHES = "SET LOCAL gin_pending_list_limit = '32MB'; SET LOCAL work_mem = '64MB'"
TAKE_UP = "SELECT disclosure_take_up_names()"


def write_rows(publication: Publication) -> None:
    """Write entries, figures and regions."""
    chosen, chosen_params = published_assessments(publication).order_by().values("pk").query.sql_with_params()
    year, prefix = publication.levy_year, f"{publication.region.prefix}%"
    with connection.cursor() as cursor:
        cursor.execute(LARGE_BATCHES)
        cursor.execute(
            ROWS.format(chosen=chosen), [year, year, *chosen_params, publication.pk, prefix, publication.pk]
        )
        cursor.execute(TAKE_UP)
    PublishedRegion.objects.bulk_create(_regions(publication))


def _regions(publication: Publication) -> list[PublishedRegion]:
    """One line for each region with employers, for each region above it, and for employers registered at those
    directly."""
    rows = publication.figures.order_by().values_list("region_code").annotate(*(Sum(side) for side in SIDES))
    counts = {code: tuple(sides) for code, *sides in rows}
    named = Region.objects.in_bulk([place for code in counts for place in Region(code=code).lineage()])
    top = publication.region
    codes = sorted(code for code in {*named, top.code} if top.contains(code))
    lines = [_line(publication, named.get(code, top), codes) for code in codes]
    inner = {line.parent_code for line in lines}
    own = [_own_line(publication, line) for line in lines if line.code in inner and line.code in counts]
    _decide_money(publication, [*lines, *own], counts)
    return [*lines, *own]


def _line(publication: Publication, region: Region, codes: list[str]) -> PublishedRegion:
    above = [code for code in region.lineage()[1:] if code in codes and code != region.code]
    return PublishedRegion(
        publication=publication,
        code=region.code,
        is_own=False,
        name=region.name,
        level=region.level,
        parent_code=above[0] if above else "",
    )


def _own_line(publication: Publication, line: PublishedRegion) -> PublishedRegion:
    return PublishedRegion(
        publication=publication,
        code=line.code,
        is_own=True,
        name=f"{line.name}本级",
        level=line.level,
        parent_code=line.code,
    )


def _decide_money(publication: Publication, lines: list[PublishedRegion], counts: dict[str, Counts]) -> None:
    """Set is_money_shown and is_paid_shown so that every total that a reader can derive covers three employers or
    none."""
    parents = {_node(line): line.parent_code or None for line in lines}
    cells = {_node(line): _counts(line, counts) for line in lines}
    # A reader can subtract a new version from an older one, so lines hidden before stay hidden.
    earlier = PublishedRegion.objects.filter(publication__in=_earlier(publication))
    due_before = frozenset(map(_node, earlier.filter(is_money_shown=False)))
    hidden = hidden_nodes(parents, {node: sides[:1] for node, sides in cells.items()}, FEWEST_PAYERS, due_before)
    paid_before = frozenset(map(_node, earlier.filter(is_paid_shown=False)))
    hidden_paid = hidden_settlements(parents, cells, FEWEST_PAYERS, hidden, paid_before)
    for line in lines:
        line.is_money_shown = _node(line) not in hidden
        line.is_paid_shown = _node(line) not in hidden_paid


def _node(line: PublishedRegion) -> str:
    return f"{line.code} own" if line.is_own else line.code


def _counts(line: PublishedRegion, counts: dict[str, Counts]) -> Counts:
    if line.is_own:
        return counts[line.code]
    prefix = Region(code=line.code).prefix
    below = [sides for code, sides in counts.items() if code.startswith(prefix)]
    return tuple(sum(column) for column in zip(*below, strict=True))


def _earlier(publication: Publication) -> Iterable[Publication]:
    return Publication.objects.filter(
        levy_year=publication.levy_year, region__code__startswith=publication.region.code[:2]
    ).exclude(state__in=[PublicationState.DISCARDED, PublicationState.FAILED])
