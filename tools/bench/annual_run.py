"""The annual run through Celery, beside COPY of its finished rows and beside one statement that computes them."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection

from accounts.models import Region
from demo.officers import person
from demo.places import PROVINCE
from levy.models import AssessmentRun, RunState
from levy.queries.facts import FACTS
from levy.queries.policy import terms_by_region
from levy.services import runs
from levy.services.slices import COLUMNS
from levy.tasks import send_slices
from tools.bench.measure import Comparison, Cost, alternating, cost_of, peak_memory
from tools.bench.programs import workers
from tools.bench.province import LEVY_YEAR, TENTH, Size
from tools.bench.report import MIB, Line, bounded, compared
from tools.bench.tables import copy_in, copy_out
from tools.roles import as_owner

TURNS = 2
SWEEP_SECONDS = 1

# The same figures in SQL, by the national rules only.
FIGURES = f"""
INSERT INTO levy_assessment ({COLUMNS})
WITH facts AS (
    SELECT employer AS employer_id, region AS region_id, entity_type, registered_on, staff_months AS filed,
           total_wages AS filed_wages, registered_staff AS registered, registered_wages, moved_staff AS moved,
           coalesce(verified_months, 0) + moved_months AS credited
    FROM ({FACTS}) line
),
terms (region_id, ratio, cap) AS (
    SELECT * FROM unnest(%(regions)s::text[], %(ratios)s::numeric[], %(caps)s::numeric[])
),
chosen AS (
    SELECT facts.*, ratio, cap, coalesce(filed, round(registered * 12)::int) AS declared,
           CASE WHEN filed IS NULL THEN registered_wages ELSE filed_wages END AS wages
    FROM facts JOIN terms USING (region_id)
),
assessed AS (
    SELECT *, entity_type <> 'sole_trader' AND declared > 0 AND wages IS NOT NULL AS has_figures,
           greatest(declared + moved, 0) AS staff, round(wages * 12 / nullif(declared, 0), 2) AS average
    FROM chosen
),
due AS (
    SELECT *, round(greatest(staff * ratio - credited, 0) * least(average, cap) / 12, 2) AS gross,
           CASE WHEN entity_type = 'sole_trader' THEN 'not_liable'
                WHEN NOT has_figures OR has_figures IS NULL THEN 'missing'
                WHEN staff * ratio <= credited THEN 'met'
                WHEN entity_type = 'enterprise' AND staff <= 360 THEN 'exempt'
                WHEN credited >= staff * 0.01 THEN 'half' ELSE 'ninety' END AS outcome
    FROM assessed
),
relieved AS (
    SELECT *, round(gross * CASE outcome WHEN 'exempt' THEN 1 WHEN 'half' THEN 0.5 WHEN 'met' THEN 0 ELSE 0.1 END, 2)
              AS relief
    FROM due
)
SELECT %(run)s, employer_id, %(year)s, region_id, entity_type, registered_on, outcome, declared, filed IS NULL, wages,
       moved, CASE WHEN has_figures THEN staff END, CASE WHEN has_figures THEN credited END,
       CASE WHEN has_figures THEN average END, CASE WHEN has_figures THEN least(average, cap) END,
       CASE WHEN has_figures THEN gross END, CASE WHEN has_figures THEN relief END,
       CASE WHEN has_figures THEN gross - relief END
FROM relieved
"""

COMPARED = ", ".join(column for column in COLUMNS.split(", ") if column != "run_id")
FINGERPRINT = f"SELECT count(*), sum(hashtextextended(ROW({COMPARED})::text, 0)) FROM levy_assessment"


def lines(size: Size) -> Iterator[Line]:
    """The run of the first tenth and of the whole province, each into an empty table."""
    costs = []
    for region, employers in ((TENTH, size.tenth), (PROVINCE, size.employers)):
        title = f"annual run of {employers:,} employers through Celery"
        with workers("batch") as worker:
            by_copy, by_statement = measured(region)
            memory = peak_memory(worker)
        yield compared(title, by_copy, limit="COPY of the finished rows", bar=2.0)
        yield compared(title, by_statement, limit="INSERT … SELECT of the figures", bar=1.3)
        yield bounded(
            f"{title}: a worker's memory", memory and memory / MIB, 250, f"{(memory or 0) / MIB:.0f} MiB", " MB"
        )
        costs.append(by_copy.subject)
    (few, many), tenfold = costs, size.employers / size.tenth
    growth = many.wall / few.wall / tenfold
    of_cpu = f", of CPU {many.cpu / few.cpu / tenfold:.2f}" if many.cpu and few.cpu else ""
    yield bounded("time per employer, the whole province ÷ its tenth", growth, 1.15, f"{growth:.2f}{of_cpu}")


def measured(region: str) -> tuple[Comparison, Comparison]:
    """The run and both limits, in turns. Raises RuntimeError when one of them gives other rows."""
    with TemporaryDirectory() as folder:
        bench = _Bench(region, Path(folder) / "rows")
        run, copy, statement = alternating(TURNS, bench.run, bench.copy, bench.statement)
    return Comparison(run, copy), Comparison(run, statement)


class _Bench:
    """Three ways to the same rows; each begins with an empty table."""

    def __init__(self, region: str, file: Path) -> None:
        self._region = Region.objects.get(pk=region)
        self._file = file
        self._officer = person("levy1")
        self._fingerprint: Any = None

    def run(self) -> Cost:
        empty()
        cost = cost_of(lambda: computed(self._region))
        self._compare()
        if not self._file.exists():
            copy_out(f"SELECT {COLUMNS} FROM levy_assessment ORDER BY employer_id", self._file)
        return cost

    def copy(self) -> Cost:
        empty()
        cost = cost_of(lambda: copy_in(self._file, f"levy_assessment ({COLUMNS})"))
        self._compare()
        return cost

    def statement(self) -> Cost:
        empty()
        run = AssessmentRun.objects.latest("pk")
        terms = terms_by_region(run.policy_version)
        values = {
            "run": run.pk,
            "year": LEVY_YEAR,
            "first": 0,
            "last": 2**62,
            "region": f"{self._region.prefix}%",
            "regions": list(terms),
            "ratios": [term.required_ratio for term in terms.values()],
            "caps": [term.wage_cap for term in terms.values()],
        }
        with connection.cursor() as cursor:
            cost = cost_of(lambda: cursor.execute(FIGURES, values))
        self._compare()
        return cost

    def _compare(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(FINGERPRINT)
            found = cursor.fetchone()
        self._fingerprint = self._fingerprint or found
        if found != self._fingerprint:
            raise RuntimeError(f"other rows: {found} instead of {self._fingerprint}")


def computed(region: Region) -> AssessmentRun:
    """Start a run and wait until the workers have finished it; sends slices as the sweeper would."""
    run = runs.start_run(levy_year=LEVY_YEAR, region=region, actor=person("levy1"))
    sent = 0.0
    while run.state == RunState.COMPUTING:
        if time.monotonic() - sent > SWEEP_SECONDS:
            send_slices(run.pk)
            sent = time.monotonic()
        time.sleep(0.05)
        run.refresh_from_db(fields=["state"])
    if run.state != RunState.DRAFT:
        raise RuntimeError(f"the run ended as {run.state}")
    return run


def empty() -> None:
    """Delete all runs and make the table new. The product cannot do this to itself."""
    AssessmentRun.objects.exclude(state=RunState.DISCARDED).update(state=RunState.DISCARDED)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE levy_assessment DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE levy_assessment CASCADE")
        cursor.execute("ALTER TABLE levy_assessment ENABLE TRIGGER USER")
