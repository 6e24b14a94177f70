"""Printing the notices of a run through the worker, beside WeasyPrint alone on the same pages."""

import time
from collections.abc import Iterator
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils import timezone

from demo.officers import person
from design.pdf import STYLESHEET, VARIANT, printed_page
from levy.documents.notice import TITLE, notice_sheets
from levy.models import AssessmentRun, DocumentBatch, Notice, RunState
from levy.models.documents import BatchState
from levy.services import runs
from levy.services.batches import PART
from levy.tasks import render_notices
from tools.bench.lists import province_list
from tools.bench.measure import Comparison, alternating, cost_of
from tools.bench.programs import workers
from tools.bench.province import Size
from tools.bench.report import Line, compared

NOTICES = 1000
PATIENCE = 1800  # seconds


def lines(size: Size) -> Iterator[Line]:
    """The first thousand notices of the province's first county."""
    run = confirmed_run()
    due = run.assessments.filter(payable__gt=0).order_by("region_id", "employer_id")
    county = due.values_list("region_id", flat=True).first()
    # Whole parts of one county: a part never mixes two counties.
    count = min(NOTICES, due.filter(region_id=county).count()) // PART * PART
    with workers("pdf"):
        (through_worker,) = alternating(1, lambda: cost_of(lambda: printed(run, count)))
    pages = pages_of(run, count)
    (alone,) = alternating(1, lambda: cost_of(lambda: [render(page) for page in pages]))
    title = f"{count:,} notices as PDF through the worker"
    yield compared(title, Comparison(through_worker, alone), limit="WeasyPrint alone, chunks of 25", bar=1.3)


def confirmed_run() -> AssessmentRun:
    """The province's run, checked and confirmed by two people."""
    run = province_list().run
    if run.state == RunState.DRAFT:
        run = runs.check_run(run=run, actor=person("levy1"))
        run = runs.confirm_run(run=run, actor=person("levy2"))
    return run


def printed(run: AssessmentRun, count: int) -> DocumentBatch:
    """Have the worker print `count` of the run's notices into one file."""
    batch = DocumentBatch.objects.create(run=run, total=count, created_by=person("levy1"))
    render_notices.apply_async((batch.pk,))
    until = time.monotonic() + PATIENCE
    while batch.state == BatchState.WORKING and time.monotonic() < until:
        time.sleep(0.1)
        batch.refresh_from_db()
    if batch.state != BatchState.DONE:
        raise RuntimeError(f"the batch ended as {batch.state}: {batch.error}")
    return batch


def pages_of(run: AssessmentRun, count: int) -> list[str]:
    """The HTML of the same notices in the same parts."""
    rows = Notice.objects.filter(assessment__run=run).with_contents()
    notices = list(rows.order_by("assessment__region_id", "assessment__employer_id")[:count])
    now = timezone.now()
    return [
        printed_page(title=TITLE, dated=now, sheets=notice_sheets(notices[first : first + PART]))
        for first in range(0, count, PART)
    ]


def render(page: str) -> bytes:
    """Print the page as a program that uses only WeasyPrint would."""
    from weasyprint import CSS, HTML

    sheet = CSS(string=Path(finders.find(STYLESHEET)).read_text(encoding="utf-8"))
    return HTML(string=page).write_pdf(stylesheets=[sheet], **VARIANT)
