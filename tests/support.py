"""Checks of the suite on every request it makes."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

WRITES = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)
WRITES_BY_PROTOCOL = {"/sign-in/oidc/return/"}  # OpenID Connect brings its answer by GET, and it signs in
# Reading a list of what everybody owes is itself recorded; sessions are Django's own.
MAY_BE_WRITTEN_ON_GET = {"audit_auditentry", "accounts_session"}


class WroteOnGet(AssertionError):
    """A page changed data on a GET."""


def _refuse_writes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    written = WRITES.match(sql)
    if written and written[2] not in MAY_BE_WRITTEN_ON_GET:
        raise WroteOnGet(sql[:200])
    return execute(sql, params, many, context)


def reading_changes_nothing(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware of the test settings: a GET that writes fails the test."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or request.path in WRITES_BY_PROTOCOL:
            return get_response(request)
        with connection.execute_wrapper(_refuse_writes):
            return get_response(request)

    return middleware
