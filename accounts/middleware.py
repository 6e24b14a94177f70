"""Request-wide rules of our own."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from audit.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "language"
SERVICE_UNAVAILABLE = 503
logger = logging.getLogger(__name__)


def language(get_response: Handler) -> Handler:
    """The language a person chose (profile or cookie), otherwise Chinese. The browser's own wish changes nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "") or request.COOKIES.get(LANGUAGE_COOKIE, "")
        if chosen not in dict(settings.LANGUAGES):
            chosen = settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response

    return middleware


def private_pages(get_response: Handler) -> Handler:
    """No cache keeps a page that a signed-in person saw (promise E6)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


REFUSALS: tuple[tuple[type[Exception], int], ...] = (
    (DomainError, 409),
    (RequestDataTooBig, 413),
    (OperationalError, 503),
)


class RefusalPages:
    """What a page could not answer becomes a page that says what to do next."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        for kind, status in REFUSALS:
            if isinstance(error, kind):
                if status == SERVICE_UNAVAILABLE:
                    logger.error("the database did not answer: %s", type(error).__name__)
                message = str(error) if isinstance(error, DomainError) else ""
                return render(request, f"errors/{status}.html", {"message": message}, status=status)
        return None
