"""Copies a confirmed year into a publication, in set-based SQL and the caller's transaction."""

from collections.abc import Iterable
from functools import lru_cache

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Sum

from accounts.models import Region
from disclosure.models import Publication, PublicationState, PublishedRegion
from disclosure.queries.checks import published_assessments
from law.averaging import MONTHS
from law.policy import POLICY_YEARS
from law.published_heads import FEWEST_STAFF, Span, published_heads
from law.suppression import hidden_nodes, hidden_settlements

# A regional total of fewer employers than this would reveal what one of them owes or has paid.
FEWEST_PAYERS = 3
SIDES = ("payer_count", "paying_count", "owing_count", "overpaid_count", "withheld_count")
PAYER = 1_000_000  # more than the regions of a country
Counts = tuple[int, ...]

# Each employer with the ratio that its own run pinned: a correction is a run with its own policy version.
# Sole traders do not pay the levy and are not published. `earlier` are its bands in other versions.
BASE = """
DROP TABLE IF EXISTS pg_temp.publishing;
CREATE TEMP TABLE publishing ON COMMIT DROP AS
WITH terms AS MATERIALIZED (
    SELECT v.id AS version_id, t.key AS region_id, (t.value #>> '{{required_ratio,value}}')::numeric AS ratio
    FROM levy_policyversion v CROSS JOIN jsonb_each(v.content -> 'regions') t WHERE v.levy_year = %(year)s
), paid AS MATERIALIZED (
    SELECT employer_id, sum(amount) AS amount FROM collection_payment WHERE levy_year = %(year)s GROUP BY employer_id
), versions AS MATERIALIZED (
    SELECT uscc, string_agg(DISTINCT placed_low || '-' || coalesce(placed_high, 2147483647), ' ') AS bands
    FROM disclosure_publishedentry WHERE publication_id = ANY(%(earlier)s) AND placed_low IS NOT NULL GROUP BY uscc
)
SELECT e.uscc, e.name, a.region_id, a.entity_type, a.outcome,
       -- a supplement is a run of one employer too, and corrects nothing
       run.is_correction AND EXISTS (
           SELECT FROM levy_supersession s WHERE s.new_id = a.id AND s.old_id IS NOT NULL
       ) AS is_corrected,
       a.staff_months, a.credited_months, a.staff_months * terms.ratio AS required, a.payable,
       coalesce(paid.amount, 0) AS paid, r.is_late, v.id AS verified_id, coalesce(versions.bands, '') AS earlier
FROM levy_assessment a
JOIN quota_employer e ON e.id = a.employer_id
JOIN levy_assessmentrun run ON run.id = a.run_id
LEFT JOIN terms ON terms.version_id = run.policy_version_id AND terms.region_id = a.region_id
LEFT JOIN paid ON paid.employer_id = a.employer_id
LEFT JOIN versions ON versions.uscc = e.uscc
LEFT JOIN quota_headcountreturn r ON r.employer_id = e.id AND r.levy_year = a.levy_year AND r.is_in_force
LEFT JOIN quota_verifiedheadcount v
    ON v.employer_id = e.id AND v.levy_year = a.levy_year AND v.withdrawn_at IS NULL
WHERE a.id IN ({chosen})
"""
KNOWN = """
SELECT DISTINCT staff_months, required, credited_months, outcome, earlier FROM publishing
WHERE staff_months IS NOT NULL AND required IS NOT NULL AND credited_months IS NOT NULL
"""
BANDS = """
DROP TABLE IF EXISTS pg_temp.published_heads;
CREATE TEMP TABLE published_heads (
    staff_months integer, required numeric, credited_months integer, outcome text, earlier text,
    low integer, high integer, counted integer, share text
) ON COMMIT DROP
"""
# Everything about heads in a row follows from its band. Without a band, a small enterprise is exempt whatever it
# placed, where the year's law says so; any other row shows neither result nor levy, for they follow from the heads.
ROWS = """
WITH rows AS MATERIALIZED (
    SELECT b.*, h.low, h.high, h.counted, h.share,
        CASE WHEN b.outcome = 'missing' THEN 'missing'
             WHEN h.low IS NULL AND b.outcome IN ('met', 'exempt') AND b.entity_type = 'enterprise'
                 AND b.staff_months < %(exempt_below)s THEN 'exempt'
             WHEN h.low IS NULL THEN 'withheld'
             WHEN b.outcome IN ('met', 'exempt') THEN b.outcome ELSE 'below' END AS standing,
        CASE WHEN h.low IS NOT NULL THEN b.required END AS shown_required,
        CASE WHEN h.low IS NOT NULL THEN b.staff_months END AS shown_staff
    FROM publishing b LEFT JOIN published_heads h USING (staff_months, required, credited_months, outcome, earlier)
), entries AS (
    INSERT INTO disclosure_publishedentry (
        publication_id, uscc, name, region_code, region_name, entity_type, standing, share_band, filing, is_verified,
        required_months, credited_months, placed_low, placed_high, levy_band, settlement, is_corrected
    )
    SELECT %(publication)s, b.uscc, b.name, b.region_id, place.name, b.entity_type, b.standing,
        CASE WHEN b.standing = 'missing' THEN '' ELSE coalesce(b.share, 'withheld') END,
        CASE WHEN b.is_late IS NULL THEN 'none' WHEN b.is_late THEN 'late' ELSE 'on_time' END,
        b.verified_id IS NOT NULL,
        b.required, b.counted, b.low, b.high,
        CASE WHEN b.payable IS NULL THEN ''
             WHEN b.standing = 'withheld' THEN 'withheld'
             WHEN b.payable = 0 THEN 'nothing'
             WHEN b.payable < 10000 THEN 'below_10k'
             WHEN b.payable < 100000 THEN 'below_100k'
             WHEN b.payable < 500000 THEN 'below_500k'
             WHEN b.payable < 1000000 THEN 'below_1m' ELSE 'from_1m' END,
        CASE WHEN b.payable IS NULL THEN ''
             WHEN b.standing = 'withheld' THEN 'withheld'
             WHEN b.payable = 0 THEN 'nothing_due'
             WHEN NOT EXISTS (
                 SELECT FROM collection_payment paid JOIN quota_employer payer ON payer.id = paid.employer_id
                 WHERE paid.levy_year = %(year)s AND payer.region_id LIKE %(region)s) THEN ''
             WHEN b.paid >= b.payable THEN 'paid'
             WHEN b.paid > 0 THEN 'part' ELSE 'unpaid' END,
        b.is_corrected
    FROM rows b JOIN accounts_region place ON place.code = b.region_id
)
INSERT INTO disclosure_publishedfigure (
    publication_id, region_code, entity_type, unit_count, verified_count, met_count, below_count, exempt_count,
    missing_count, withheld_count, staff_months, required_months, credited_months, shortfall_months, payer_count,
    payable_total, paid_total, paying_count, owing_count, overpaid_count
)
SELECT %(publication)s, b.region_id, b.entity_type, count(*), count(b.verified_id),
    count(*) FILTER (WHERE b.standing = 'met'),
    count(*) FILTER (WHERE b.standing = 'below'),
    count(*) FILTER (WHERE b.standing = 'exempt'),
    count(*) FILTER (WHERE b.standing = 'missing'),
    count(*) FILTER (WHERE b.standing = 'withheld'),
    coalesce(sum(b.shown_staff), 0), coalesce(sum(b.shown_required), 0), coalesce(sum(b.counted), 0),
    coalesce(sum(greatest(b.shown_required - b.counted, 0)), 0),
    count(*) FILTER (WHERE b.payable > 0), coalesce(sum(b.payable), 0), sum(b.paid),
    count(*) FILTER (WHERE b.paid <> 0), count(*) FILTER (WHERE b.paid < coalesce(b.payable, 0)),
    count(*) FILTER (WHERE b.paid > coalesce(b.payable, 0))
FROM rows b GROUP BY b.region_id, b.entity_type
"""

# A long pending list lets the name index take in the rows in few large batches, which halves the time. Every search
# reads that list too, so it is emptied at the end. The settings end with the transaction.
LARGE_BATCHES = "SET LOCAL gin_pending_list_limit = '32MB'; SET LOCAL work_mem = '64MB'"
TAKE_UP = "SELECT disclosure_take_up_names()"


def write_rows(publication: Publication) -> None:
    """Write entries, figures and regions."""
    chosen = published_assessments(publication).order_by().values("pk").query.sql_with_params()
    given = {
        "year": publication.levy_year,
        "region": f"{publication.region.prefix}%",
        "publication": publication.pk,
        "earlier": [earlier.pk for earlier in _earlier(publication) if earlier.pk != publication.pk],
        "exempt_below": exempt_below(publication.levy_year),
    }
    with connection.cursor() as cursor:
        cursor.execute(LARGE_BATCHES)
        cursor.execute(BASE.format(chosen=connection.ops.compose_sql(*chosen).replace("%", "%%")), given)
        _write_bands(cursor)
        cursor.execute(ROWS, given)
        cursor.execute(TAKE_UP)
    PublishedRegion.objects.bulk_create(_regions(publication))


def exempt_below(levy_year: int) -> int:
    """Person-months of staff below which an enterprise shows no heads and is exempt whatever it placed; 0 where the
    year's exemption is smaller or ends some years after registration."""
    small = POLICY_YEARS[levy_year].small_enterprise.value
    is_general = small.years is None and small.staff_limit >= FEWEST_STAFF
    return FEWEST_STAFF * MONTHS if is_general else 0


def _write_bands(cursor: CursorWrapper) -> None:
    """Decide once for all employers of equal figures what their rows show of their heads."""
    cursor.execute(KNOWN)
    known = cursor.fetchall()
    cursor.execute(BANDS)
    with cursor.copy("COPY published_heads FROM STDIN") as copy:
        for staff, required, credited, outcome, earlier in known:
            shown = published_heads(staff, required, credited, outcome, _spans(earlier))
            if shown is not None:
                high = None if shown.is_open else shown.high
                band = (shown.low, high, shown.counted, shown.share)
                copy.write_row((staff, required, credited, outcome, earlier, *band))
    cursor.execute("ANALYZE published_heads")


@lru_cache(maxsize=65_536)
def _spans(bands: str) -> tuple[Span, ...]:
    spans = [band.split("-") for band in bands.split()]
    return tuple((int(low), int(high)) for low, high in spans)


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
    weights = {node: (_weight(sides),) for node, sides in cells.items()}
    hidden = hidden_nodes(parents, weights, FEWEST_PAYERS * PAYER, due_before)
    paid_before = frozenset(map(_node, earlier.filter(is_paid_shown=False)))
    settled = {node: sides[:4] for node, sides in cells.items()}
    hidden_paid = hidden_settlements(parents, settled, FEWEST_PAYERS, hidden, paid_before)
    for line in lines:
        line.is_money_shown = _node(line) not in hidden
        line.is_paid_shown = _node(line) not in hidden_paid


def _weight(sides: Counts) -> int:
    """The payers behind a sum due. A sum of nothing tells, of rows that withhold their result, that all of them reach
    the ratio: it counts for as good as nothing, but not for none."""
    payers, withheld = sides[0], sides[4]
    return PAYER * payers + (1 if withheld and not payers else 0)


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
