"""Handing the list of a confirmed run over to the tax bureau."""

from django.db import transaction

from accounts.models import User
from audit.workflow import apply
from casework.decisions import unless_changed
from collection.workflow import HAND_OVER
from levy.models import AssessmentRun
from levy.services.runs import shown_of_run


def hand_over_run(*, run: AssessmentRun, actor: User, seen: str | None = None) -> AssessmentRun:
    """移交: the tax bureau takes the list over. Raises MatterChanged, and the errors of audit.workflow.apply."""
    with transaction.atomic():
        expect = unless_changed(seen, shown_of_run)
        return apply(run, HAND_OVER, actor=actor, region_code=run.region_id, expect=expect, digest=run.digest)
