"""One log line per request, with a reference that the person can read out over the telephone."""

import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from operations.logs import reference

logger = logging.getLogger("operations.requests")
QUIET = {"operations:health", "operations:ready", "operations:metrics"}


def request_log(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Write which address was asked by which account, with what result and how long it took.

    The address is the route's name: the path and the query may say whom or what somebody looked for. The reference
    goes back in `X-Request-Id`.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        mark = uuid.uuid4().hex[:12]
        reference.set(mark)
        began = time.perf_counter()
        try:
            response = get_response(request)
            response.headers["X-Request-Id"] = mark
            _write(request, response, time.perf_counter() - began)
            return response
        finally:
            reference.set("")  # no token: one in this frame, and so in an error's, would keep the thread's cache open

    return middleware


def _write(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    route = match.view_name if match else ""
    if route in QUIET:
        return
    logger.info(
        "request",
        extra={
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000),
            "account": _account(request),
        },
    )


def _account(request: HttpRequest) -> int:
    """The number of the signed-in account, 0 when there is none or the database does not tell."""
    with suppress(DatabaseError):
        return getattr(getattr(request, "user", None), "pk", None) or 0
    return 0
