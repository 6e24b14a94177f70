"""The auditors' log, and the two addresses that a watcher asks."""

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


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
    checks = {"database": _database_answers(), "broker": _broker_answers()}
    is_ready = all(checks.values())
    return JsonResponse({"status": "ok" if is_ready else "unavailable", **checks}, status=200 if is_ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
            return bool(broker.ping())
    except redis.RedisError:
        return False
