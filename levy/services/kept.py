"""Figures over every employer of a run: a second or more at a million rows, and kept as long as they are true.

A computed run's rows never change; what is in force for the year before changes with each confirmation only. The key
names both, so nothing kept is ever out of date, and nothing has to be thrown away.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Count, Max
from redis.exceptions import RedisError

from levy.models import AssessmentRun
from levy.models.runs import COMPUTED_STATES, FINAL_STATES

Figures = TypeVar("Figures")
KEPT = timedelta(days=7)


def kept(run: AssessmentRun, name: str, compute: Callable[[], Figures]) -> Figures:
    """The run's figures of this name, perhaps beside those of the year before; one query where they are known."""
    if run.state not in COMPUTED_STATES:
        return compute()
    key = f"levy:{name}:{hashlib.sha256(_version(run).encode()).hexdigest()}"
    with suppress(RedisError):
        if (found := cache.get(key)) is not None:
            return found
    found = compute()
    with suppress(RedisError):
        cache.set(key, found, KEPT.total_seconds())
    return found


def _version(run: AssessmentRun) -> str:
    """All that the figures are made of: the run, and what was confirmed for the year before, corrections too."""
    before = AssessmentRun.objects.filter(levy_year=run.levy_year - 1, state__in=FINAL_STATES)
    confirmed = before.order_by().aggregate(runs=Count("pk"), last=Max("confirmed_at"), highest=Max("pk"))
    return f"{run.pk} {run.finished_at} {confirmed}"
