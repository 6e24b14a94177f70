"""One small check per guard of the application, run in a separate process: `python -m tools.faults.guards NAME…`.

The step `mutants` runs all of them against this code, where they must pass, and each against a copy of the code that
lacks its guard, where it must say `red`. They use the existing province and leave it unchanged.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import django
import redis
from django.conf import settings
from django.db import connection

if TYPE_CHECKING:
    from levy.models import AssessmentRun

RED = 3
COUNTY, NEXT_COUNTY = "140105", "140106"  # the district of xiaodian's officers, and its neighbour
CANARY = 49_999_999  # the serial number of a person whom no other step knows


def doubled() -> bool:
    """A3: a slice that runs twice assesses no employer twice."""
    from levy.models import AssessmentRun
    from levy.services import runs

    with _run() as run, _without_unique_key():
        runs.assess_slice(run_id=run.pk, number=0)
        AssessmentRun.objects.filter(pk=run.pk).update(state="computing")
        runs.assess_slice(run_id=run.pk, number=0)
        rows = run.assessments.count()
        return rows == run.assessments.values("employer").distinct().count() > 0


def swept() -> bool:
    """B1: a slice that was sent long ago and is not done is sent again."""
    from levy.services import runs
    from levy.tasks import sweep

    with _run() as run:
        runs.due_slices(run.pk)
        run.slices.update(sent_at="2026-01-01T00:00:00Z")
        broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
        broker.delete("batch")
        sweep()
        return broker.llen("batch") > 0


def compared() -> bool:
    """A8: when two people save one version, the second is refused."""
    from accounts.models import User
    from demo.officers import EMPLOYER
    from quota.errors import ReturnChanged
    from quota.models import Employer, Membership
    from quota.services import filing

    clerk = User.objects.get(username=EMPLOYER)
    employer = Employer.objects.exclude(returns__levy_year=2025).order_by("-pk")[1]
    Membership.objects.get_or_create(user=clerk, employer=employer)
    draft = filing.open_return(employer=employer, levy_year=2025, actor=clerk)
    typed = {"version": draft.version, "staff_by_month": [40] * 12, "total_wages": Decimal(10**6), "actor": clerk}
    filing.save_return(headcount_return=draft, **typed)
    try:
        filing.save_return(headcount_return=draft, **typed)
    except ReturnChanged:
        return True
    return False


def scoped() -> bool:
    """D2: an object outside an officer's region is not found."""
    from django.test import Client

    from demo.officers import person

    with _run(NEXT_COUNTY) as run:
        client = Client(headers={"host": "localhost"})
        client.force_login(person("levy1", "xiaodian"))
        return client.get(run.get_absolute_url()).status_code == 404


def silent() -> bool:
    """E1: reading a file writes no identity number anywhere. The step searches the output."""
    from demo.codes import identity_number
    from exchange.engine.loading import Mode, load_file
    from exchange.engine.source import UPLOAD, Source
    from quota.kinds import WAGES
    from tools.faults.steps.canaries import rows_about

    lines = [WAGES.headings, *rows_about(WAGES, [identity_number(CANARY)[0]])]
    content = "\n".join(",".join(line) for line in lines).encode()
    return load_file(kind=WAGES, source=Source("f", UPLOAD, content=content), mode=Mode.REPORT, actor=None).sound == 1


CHECKS: dict[str, Callable[[], bool]] = {check.__name__: check for check in (doubled, swept, compared, scoped, silent)}


@contextmanager
def _run(county: str = COUNTY) -> Iterator["AssessmentRun"]:
    """A run of a county, discarded afterwards."""
    from accounts.models import Region
    from levy.models import AssessmentRun
    from levy.services import runs

    region = Region.objects.get(code=county)
    run = runs.start_run(levy_year=2025, region=region, actor=None, slice_employers=50)
    try:
        yield run
    finally:
        runs.delete_assessments(run)
        AssessmentRun.objects.filter(pk=run.pk).update(state="discarded")


@contextmanager
def _without_unique_key():
    """Drop the database's own unique key, to see that the code before it is enough."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE levy_assessment DROP CONSTRAINT one_assessment_per_run")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM levy_assessment WHERE run_id IN (SELECT max(id) FROM levy_assessmentrun)")
            cursor.execute(
                "ALTER TABLE levy_assessment ADD CONSTRAINT one_assessment_per_run UNIQUE (run_id, employer_id)"
            )


def main(names: list[str]) -> int:
    django.setup()
    for name in names:
        if not CHECKS[name]():
            print(f"{name}: red")
            return RED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
