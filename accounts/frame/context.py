"""The context of every page's frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, get_language_info

from accounts.frame.display import preferences
from accounts.models import User
from accounts.sign_in.session_store import session_ends_at


def chrome(request: HttpRequest) -> dict[str, Any]:
    """The variables of layout/base.html beside the page's own context."""
    return {
        "scope": scope(request),  # 地区 · 岗位
        "display": preferences(request),
        "other_language": other_language(),
        "env_banner": settings.ENVIRONMENT_NOTE,
        **session_left(request),
    }


def other_language() -> dict[str, str]:
    """The language that the header offers: {code, name}, the name in that language itself."""
    code = next(code for code, _name in settings.LANGUAGES if code != get_language())
    return {"code": code, "name": get_language_info(code)["name_local"]}


def session_left(request: HttpRequest) -> dict[str, Any]:
    """session_ends, the end of the session without a further action, and session_seconds, the time until then."""
    if not signed_in(request):
        return {"session_ends": None}
    ends = session_ends_at(request.session)
    return {"session_ends": ends, "session_seconds": int((ends - timezone.now()).total_seconds())}


def signed_in(request: HttpRequest) -> User | None:
    """The signed-in person. A request refused before authentication has no user at all."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def scope(request: HttpRequest) -> str:
    """The person's region and role; "" for the public."""
    user = signed_in(request)
    appointments = user.current_appointments if user else []
    return f"{appointments[0].region} · {appointments[0].get_role_display()}" if appointments else ""
