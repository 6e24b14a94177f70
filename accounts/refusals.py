"""What answers a request that cannot be met: what happened, what to do next, and the words the reader had typed.

A page for people, `{code, message, fields}` for programs under /api/. No cache keeps any of them.
"""

import logging
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

API = "/api/"
NO_DATABASE = (OperationalError, InterfaceError)
RETRY_SECONDS = 60
SHORTEST_TEXT = 10  # signs: shorter words are quickly typed again
MOST_TEXTS = 20
WAITING_HELPS = {429, 500, 503}

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
) -> HttpResponse:
    """The answer with this status; `page` where it is not errors/<status>.html, `message` in place of its sentence."""
    if request.path.startswith(API):
        response: HttpResponse = _for_programs(status, code, message)
    else:
        response = HttpResponse(
            _for_people(request, status, page or str(status), message, shows_typing), status=status
        )
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
        429: ("throttled", _("访问过于频繁，请稍后再试。")),
        500: ("failed", _("系统出错，没有保存任何内容。")),
        503: ("unavailable", _("系统暂时不能使用，请稍后再试。")),
    }


def _for_people(request: HttpRequest, status: int, page: str, message: str, shows_typing: bool) -> str:
    """With the reader's own frame where it can be drawn: whatever broke the request may break that too."""
    template, context = f"errors/{page}.html", {"message": message}
    try:
        can_wait = request.method == "GET" and status in WAITING_HELPS
        context |= {"back": page_before(request), "retry": request.get_full_path() if can_wait else ""}
        context |= {"typed": typed_texts(request)} if shows_typing and status != 413 else {}
        return render_to_string(template, context, request)
    except Exception as fault:
        logger.error("the frame of a refusal could not be drawn: %s", type(fault).__name__)
        return render_to_string(template, {"message": message})


def page_before(request: HttpRequest) -> str:
    """The page of this site that led here, "" if another site did or the browser does not tell."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(before)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def typed_texts(request: HttpRequest) -> list[str]:
    """The sentences of a posted form, for its writer to copy; no numbers, no secrets, no choices."""
    if request.method != "POST":
        return []
    texts = [text.strip() for _name, values in request.POST.lists() for text in values]
    return [text for text in texts if len(text) >= SHORTEST_TEXT and _has_chinese(text)][:MOST_TEXTS]


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503 where the database does not answer. It would also have to tell who is signed in: nobody is asked for."""
    logger.error("the database did not answer: %s", type(error).__name__)
    request.user = AnonymousUser()
    return refuse(request, 503, retry_after=RETRY_SECONDS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400, also of what is too large to be looked at."""
    return refuse(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return refuse(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return refuse(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a database that went away outside a view arrives here too."""
    error = sys.exc_info()[1]
    return unavailable(request, error) if isinstance(error, NO_DATABASE) else refuse(request, 500)
