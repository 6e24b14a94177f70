"""The addresses that a watcher asks, and the page that says how the system is."""

import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from accounts.permissions import Permission
from audit.models import AuditEntry
from disclosure.models import Publication, PublicationState
from levy.models import AssessmentRun
from operations import alarms, metrics
from operations.models import AlarmEntry, Sign
from operations.queries.readings import QUEUES, Readings, database_answers, queue_lengths, read

PART_READERS = (Permission.VIEW_AUDIT, Permission.MANAGE_PEOPLE)


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nobody else, so that a slow database does not get the web process killed."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database and broker answer: 200, otherwise 503 with which of them does not."""
    checks = {"database": database_answers(), "broker": queue_lengths() is not None}
    is_ready = all(checks.values())
    return JsonResponse({"status": "ok" if is_ready else "unavailable", **checks}, status=200 if is_ready else 503)


@login_not_required
@never_cache
@require_safe
def metrics_text(request: HttpRequest) -> HttpResponse:
    """For whoever has the token of LEVY_METRICS_TOKEN; to everybody else the address does not exist."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not secrets.compare_digest(sent.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


@login_not_required
@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The status page: in plain words for everybody, with its parts for auditors and administrators."""
    readings = read()
    wrong = alarms.raised(readings)
    sees_parts = request.user.is_authenticated and any(map(request.user.may_somewhere, PART_READERS))
    published = Publication.objects.filter(state=PublicationState.PUBLISHED).order_by("-published_at").first()
    context = {
        "at": timezone.now(),
        "effects": list(dict.fromkeys(alarm.effect for alarm, _subject in wrong if alarm.effect)),
        "published": published,
        "backup_at": readings.seen.get(Sign.BACKUP),
        "restore_at": readings.seen.get(Sign.RESTORE),
        "trail_at": readings.seen.get(Sign.TRAIL),
        "trail_head": AuditEntry.objects.order_by("-id").first(),
        "parts": _parts(readings, wrong) if sees_parts else None,
    }
    return render(request, "operations/status.html", context)


def _parts(readings: Readings, wrong: list[tuple[alarms.Alarm, str]]) -> dict[str, object]:
    lengths = readings.queue_lengths or {}
    return {
        "alarms": wrong,
        "queues": [(sign.label, readings.seen.get(sign), lengths.get(name)) for sign, name in QUEUES.items()],
        "run": AssessmentRun.objects.filter(is_correction=False).select_related("region").first(),
        "history": [(entry, alarms.BY_CODE.get(entry.code)) for entry in AlarmEntry.objects.all()[:20]],
    }
