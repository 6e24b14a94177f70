"""Cached figures over every employer of a run: they take a second or more at a million rows.

A computed run's rows never change; those in force for the year before change only with a confirmation. The cache key
names both, so no entry is ever out of date and none must be deleted.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, Max
from redis.exceptions import RedisError

from levy.models import AssessmentRun
from levy.models.runs import COMPUTED_STATES, FINAL_STATES

Figures = TypeVar("Figures")
KEPT = timedelta(days=7)


def figures(run: AssessmentRun, name: str, compute: Callable[[], Figures], *, alone: bool = False) -> Figures:
    """The run's figures of this name. One query on a hit, none with `alone`: figures without anything of the year
    before."""
    if run.state not in COMPUTED_STATES:
        return compute()
    made_of = f"{run.pk} {run.finished_at} {'' if alone else _year_before(run)}"
    key = f"levy:{name}:{hashlib.sha256(made_of.encode()).hexdigest()}"
    with suppress(RedisError):
        if (found := cache.get(key)) is not None:
            return found
    found = compute()
    with suppress(RedisError):
        cache.set(key, found, KEPT.total_seconds())
    return found


def _year_before(run: AssessmentRun) -> dict[str, Any]:
    """A key that changes with each confirmation for that year: every approved correction is a confirmed run."""
    before = AssessmentRun.objects.filter(levy_year=run.levy_year - 1, state__in=FINAL_STATES)
    return before.order_by().aggregate(runs=Count("pk"), last=Max("confirmed_at"), highest=Max("pk"))
