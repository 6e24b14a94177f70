"""The project's own rules for every request."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.utils import translation

from accounts.errors import TooManyAttempts
from accounts.frame import kept_forms as kept
from accounts.frame.bodies import ENCODED_PARAMETER, without_charset
from accounts.frame.refusals import NO_DATABASE, page_before, refuse, unavailable
from accounts.sign_in.second_factor import needs_second_factor
from accounts.sign_in.session_store import SECOND_FACTOR, SEEN, STARTED, session_ends_at
from audit.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE = "language"
PROBES = {"/health/", "/ready/"}


# On every response; Django's and django-csp's own settings add the rest.
FIXED_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(),"
    " magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def fixed_headers(get_response: Handler) -> Handler:
    """Set the headers that every response needs, also one that another middleware made (promise F1)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in FIXED_HEADERS.items():
            response.headers[name] = value
        return response

    return middleware


# Bytes of one header field. No browser sends more; the server joins fields of the same name.
LONGEST_FIELD = 8190


def readable_requests(get_response: Handler) -> Handler:
    """415 for a body in another charset than UTF-8, before anything decodes it: some decoders take minutes for 500 KB.

    Headers that no browser sends are dropped: Python unquotes cookies in a time that grows with their square.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        cookies, accept = (request.META.get(name, "") for name in ("HTTP_COOKIE", "HTTP_ACCEPT"))
        if len(cookies) > LONGEST_FIELD:
            del request.META["HTTP_COOKIE"]
        if len(accept) > LONGEST_FIELD or ENCODED_PARAMETER.search(accept):
            del request.META["HTTP_ACCEPT"]
        if without_charset(request.META.get("CONTENT_TYPE", "")) is None:
            with translation.override(wished_language(request)):
                return refuse(request, 415, shows_typing=False)
        return get_response(request)

    return middleware


def wished_language(request: HttpRequest) -> str:
    """The language chosen in this browser, before it is known who signs in; otherwise Chinese."""
    wish = request.COOKIES.get(LANGUAGE_COOKIE)
    return wish if wish in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def maintenance(get_response: Handler) -> Handler:
    """503 for everyone while settings.MAINTENANCE_FILE exists; shows its text, if any.

    It comes before sessions and people, so that the database may be away. Probes still get their answer.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        notice = _maintenance_notice()
        if notice is None or request.path in PROBES:
            return get_response(request)
        with translation.override(wished_language(request)):
            return refuse(request, 503, page="maintenance", message=notice, code="maintenance", retry_after=600)

    return middleware


def _maintenance_notice() -> str | None:
    try:
        return settings.MAINTENANCE_FILE.read_text(encoding="utf-8").strip()
    except OSError:
        return None


RENEWED_EVERY = 60  # seconds: one write a minute is enough to keep a session alive


def session_limits(get_response: Handler) -> Handler:
    """An action of the person extends the session by half an hour; twelve hours after sign-in it ends (F2)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            session = request.session
            session.setdefault(STARTED, now)
            session.setdefault(SEEN, now)
            if session_ends_at(session).timestamp() <= now:
                logout(request)
            elif now - session[SEEN] >= RENEWED_EVERY and not is_background(request):
                session[SEEN] = now
        return get_response(request)

    return middleware


def is_background(request: HttpRequest) -> bool:
    """A request by which a page refreshes itself; it must not keep the session alive."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"


def unfinished_sign_in(get_response: Handler) -> Handler:
    """Force a new password after a reset, and a second factor for officers (promise F3)."""
    names = ("accounts:password", "accounts:sign_out", "accounts:display", "accounts:language")
    allowed = {reverse_lazy(name) for name in names}

    def middleware(request: HttpRequest) -> HttpResponse:
        person = request.user
        if not person.is_authenticated:
            return get_response(request)
        if needs_second_factor(person) and not request.session.get(SECOND_FACTOR):
            logout(request)
        elif person.must_change_password and request.path not in allowed:
            return redirect("accounts:password")
        return get_response(request)

    return middleware


class SignInFirst(LoginRequiredMiddleware):
    """Every page needs a signed-in person. A form that comes too late leads back to its own page after sign-in, with
    its text if the page can show it again."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponse]) -> HttpResponse:
        if request.method != "POST":
            return super().handle_no_permission(request, view_func)
        if kept.is_keeper(request):
            kept.keep(request)
            return redirect_to_login(request.get_full_path())
        # Not back to this address, which may accept only POST.
        return redirect_to_login(page_before(request) or resolve_url(settings.LOGIN_REDIRECT_URL))


def language(get_response: Handler) -> Handler:
    """The language chosen in this browser, else the person's preference, else Chinese. Accept-Language is ignored."""

    def middleware(request: HttpRequest) -> HttpResponse:
        wishes = request.COOKIES.get(LANGUAGE_COOKIE), getattr(request.user, "language", "")
        known = dict(settings.LANGUAGES)
        chosen = next((wish for wish in wishes if wish in known), settings.LANGUAGE_CODE)
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response

    return middleware


def private_pages(get_response: Handler) -> Handler:
    """Let no cache keep a page of a signed-in person (promise E6)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


class RefusalPages:
    """Turns an exception of a view into an answer that says what to do next."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            allowed = response.headers["Allow"]
            response = refuse(request, 405)
            response.headers["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooManyAttempts):
            return refuse(request, 429, message=str(error), retry_after=error.seconds)
        if isinstance(error, DomainError):
            return refuse(request, 409, message=str(error), code=error.code)
        if isinstance(error, RequestDataTooBig):
            return refuse(request, 413)
        return unavailable(request, error) if isinstance(error, NO_DATABASE) else None
