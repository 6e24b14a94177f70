"""One look at the whole system: the numbers that alarms, the status page and the metrics are made of."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now

from audit.models import AuditEntry
from disclosure.models import PublicationState
from exchange.models import AT_WORK
from levy.models import AssessmentRun, AssessmentSlice, RunState, SliceState
from operations.models import Pulse, Sign
from quota.queries.certificate_tries import employers_that_try

QUEUES = {Sign.QUEUE_FAST: "fast", Sign.QUEUE_BATCH: "batch", Sign.QUEUE_PDF: "pdf", Sign.QUEUE_IMPORT: "import"}
STALLED_AFTER = timedelta(minutes=5)
WATCHED_FOR = timedelta(hours=24)
# From this number on within WATCHED_FOR, whatever was forgiven in between: who forgets a phone types fewer.
WRONG_CODE, UNLOCK = "accounts.user.wrong_code", "accounts.user.unlock"
WATCHED = {WRONG_CODE: 10, UNLOCK: 3}
MOST_NAMED = 20  # of one kind

STUCK = """
SELECT 'run', id FROM levy_assessmentrun WHERE state = %(partial)s
UNION ALL SELECT 'publication', id FROM disclosure_publication WHERE state = %(failed)s
UNION ALL SELECT 'file', id FROM exchange_importedfile
WHERE state = ANY(%(at_work)s) AND touched_at < now() - %(after)s AND stored <> ''
ORDER BY 2
"""


@dataclass(frozen=True)
class Readings:
    """`seen` and `ages` have the signs of life that were ever seen: when, and how long ago by the database's clock;
    `queue_lengths` is None without a broker; `guessed_codes` and `often_unlocked` are numbers of accounts;
    `free_space` is the free share of the disk with the files."""

    seen: dict[str, datetime]
    ages: dict[str, timedelta]
    queue_lengths: dict[str, int] | None
    stalled_runs: list[int] = field(default_factory=list)
    partial_runs: list[int] = field(default_factory=list)
    stalled_files: list[int] = field(default_factory=list)
    failed_publications: list[int] = field(default_factory=list)
    guessed_codes: list[int] = field(default_factory=list)
    often_unlocked: list[int] = field(default_factory=list)
    employers_that_try: list[str] = field(default_factory=list)
    free_space: float = 1.0


def read() -> Readings:
    """Look at everything now: five short queries and one question to the broker. Raises DatabaseError."""
    stuck, often = _stuck(), _often(WATCHED)
    signs = list(Pulse.objects.values_list("name", "seen_at", Now() - F("seen_at")))
    return Readings(
        seen={name: seen_at for name, seen_at, _age in signs},
        ages={name: age for name, _seen_at, age in signs},
        queue_lengths=queue_lengths(),
        stalled_runs=stalled_runs(),
        partial_runs=stuck["run"],
        stalled_files=stuck["file"],
        failed_publications=stuck["publication"],
        guessed_codes=often[WRONG_CODE],
        often_unlocked=often[UNLOCK],
        employers_that_try=employers_that_try(),
        free_space=_free_space(),
    )


def stalled_runs() -> list[int]:
    """Runs that compute but finished no slice for five minutes (promise B8)."""
    recent = AssessmentSlice.objects.filter(run=OuterRef("pk"), done_at__gte=Now() - STALLED_AFTER)
    left = AssessmentSlice.objects.filter(run=OuterRef("pk"), state=SliceState.TODO)
    runs = AssessmentRun.objects.filter(state=RunState.COMPUTING, started_at__lt=Now() - STALLED_AFTER)
    return _ids(runs.filter(Exists(left)).exclude(Exists(recent)))


def _often(watched: dict[str, int]) -> dict[str, list[int]]:
    """For each action, the numbers of the accounts with so many entries of it in the last day."""
    recent = AuditEntry.objects.filter(action__in=watched, at__gte=Now() - WATCHED_FOR)
    counted = recent.values("action", "object_id").annotate(times=Count("pk")).order_by()
    found = [(row["action"], int(row["object_id"])) for row in counted if row["times"] >= watched[row["action"]]]
    return {action: sorted(pk for name, pk in found if name == action)[:MOST_NAMED] for action in watched}


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def queue_lengths() -> dict[str, int] | None:
    """Messages that wait in each queue; None when the broker does not answer."""
    try:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
            return {name: int(broker.llen(name)) for name in QUEUES.values()}
    except redis.RedisError:
        return None


def _stuck() -> dict[str, list[int]]:
    """Runs with a slice put aside, publications that failed, uploads that no worker takes on; one query for all."""
    names = {
        "partial": RunState.PARTIAL.value,
        "failed": PublicationState.FAILED.value,
        "at_work": [state.value for state in AT_WORK],
        "after": STALLED_AFTER,
    }
    found: dict[str, list[int]] = {"run": [], "publication": [], "file": []}
    with connection.cursor() as cursor:
        cursor.execute(STUCK, names)
        for kind, pk in cursor.fetchall():
            found[kind].append(pk)
    return {kind: pks[:MOST_NAMED] for kind, pks in found.items()}


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_NAMED])


def _free_space() -> float:
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(settings.MEDIA_ROOT)
    return disk.free / disk.total
