"""Error pages, and `{code, message, fields}` for /api/. They say what happened and what to do next, and give the
reader's text back. No cache keeps them."""

import logging
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.frame.kept_forms import LARGEST, is_keeper, keep
from audit.errors import DomainError

API = "/api/"
NO_DATABASE = (OperationalError, InterfaceError)
RETRY_SECONDS = 60
SHORTEST_TEXT = 10  # characters: shorter texts are quickly typed again
MOST_TEXTS = 20
WAITING_HELPS = {429, 500, 503}
CONFLICT = 409

logger = logging.getLogger(__name__)


def refuse(
    request: HttpRequest,
    status: int,
    *,
    page: str = "",
    message: str = "",
    code: str = "",
    retry_after: int = 0,
    shows_typing: bool = True,
    stand: str = "",
) -> HttpResponse:
    """The error page with this status.

    `page` replaces errors/<status>.html, `message` its sentence; `stand` is the address of the matter as it is now.
    """
    if request.path.startswith(API):
        response: HttpResponse = _for_programs(status, code, message)
    else:
        told = {"message": message, "stand": stand}
        response = HttpResponse(_for_people(request, status, page or str(status), told, shows_typing), status=status)
    response.headers["Cache-Control"] = "no-store"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _for_programs(status: int, code: str, message: str) -> JsonResponse:
    known_code, sentence = _sentences()[status]
    return JsonResponse({"code": code or known_code, "message": message or sentence, "fields": {}}, status=status)


def _sentences() -> Mapping[int, tuple[str, str]]:
    return {
        400: ("bad_request", _("请求无法读取。")),
        403: ("permission_denied", _("没有权限。")),
        404: ("not_found", _("没有找到。")),
        405: ("method_not_allowed", _("该地址不接受这种请求方法。")),
        409: ("refused", _("内容已经变化，请重新读取后再提交。")),
        413: ("too_large", _("请求内容太大。")),
        415: ("unsupported_media_type", _("请求内容须为UTF-8编码。")),
        429: ("throttled", _("访问过于频繁，请稍后再试。")),
        500: ("failed", _("系统出错，没有保存任何内容。")),
        503: ("unavailable", _("系统暂时不能使用，请稍后再试。")),
    }


def turned_back(request: HttpRequest, refusal: DomainError, form: BaseForm | None, stand: Any) -> HttpResponse:
    """Redirect to the present state of the matter with the reason; an author with a filled-in form gets it back
    first."""
    if form is not None and form.visible_fields():
        return refuse(request, CONFLICT, message=str(refusal), code=refusal.code, stand=resolve_url(stand))
    messages.error(request, str(refusal))
    return redirect(stand)


def _for_people(request: HttpRequest, status: int, page: str, told: dict[str, str], shows_typing: bool) -> str:
    """The page in the reader's own frame, or without it if drawing the frame fails for the same reason."""
    template, context = f"errors/{page}.html", dict(told)
    try:
        can_wait = request.method == "GET" and status in WAITING_HELPS
        context |= {"back": page_before(request), "retry": request.get_full_path() if can_wait else ""}
        context |= _given_back(request, status) if shows_typing and status != 413 else {}
        return render_to_string(template, context, request)
    except Exception as fault:
        logger.error("the frame of a refusal could not be drawn: %s", type(fault).__name__)
        return render_to_string(template, told)


def _given_back(request: HttpRequest, status: int) -> dict[str, Any]:
    """The parts that save a posted form: its sentences to copy, the form as a button where waiting helps, and the
    address that shows it filled in again where the matter has changed."""
    if request.method != "POST" or not is_keeper(request):
        return {}
    given: dict[str, Any] = {"typed": typed_texts(request)}
    if status in WAITING_HELPS:
        given["repeated"] = posted_fields(request)
    elif status == CONFLICT and keep(request):
        given["again"] = request.get_full_path()
    return given


def page_before(request: HttpRequest) -> str:
    """The page of this site that led here; "" if another site did or the browser does not say."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(before)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def posted_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """The whole form, to send again unchanged. Only if this site's own page sent it: the token may be unchecked yet,
    and the person who presses the button is responsible for its contents."""
    fields = [(name, text) for name, values in request.POST.lists() for text in values]
    is_small = sum(len(name) + len(text) for name, text in fields) <= LARGEST
    return fields if is_small and is_from_here(request) else []


def is_from_here(request: HttpRequest) -> bool:
    """True if a page of this site sent the form, by the browser's headers."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def typed_texts(request: HttpRequest) -> list[str]:
    """The sentences of a posted form, for their author to copy; no numbers, no choices."""
    texts = [text.strip() for _name, values in request.POST.lists() for text in values]
    return [text for text in texts if len(text) >= SHORTEST_TEXT and _has_chinese(text)][:MOST_TEXTS]


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503 when the database does not answer. It shows no person, because the database would have to say who is signed
    in."""
    logger.error("the database did not answer: %s", type(error).__name__)
    request.user = AnonymousUser()
    return refuse(request, 503, retry_after=RETRY_SECONDS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400, also for requests that are too large to read."""
    return refuse(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return refuse(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return refuse(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500; also catches a database that goes away outside a view."""
    error = sys.exc_info()[1]
    return unavailable(request, error) if isinstance(error, NO_DATABASE) else refuse(request, 500)
