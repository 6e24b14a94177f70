"""What every page's frame needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, get_language_info

from accounts.frame.display import preferences
from accounts.models import User
from accounts.sign_in.session_store import session_ends_at


def chrome(request: HttpRequest) -> dict[str, Any]:
    """What layout/base.html takes beside the page's own context."""
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
    """session_ends, when the session ends unless its person goes on, and session_seconds, how long that is."""
    if not signed_in(request):
        return {"session_ends": None}
    ends = session_ends_at(request.session)
    return {"session_ends": ends, "session_seconds": int((ends - timezone.now()).total_seconds())}


def signed_in(request: HttpRequest) -> User | None:
    """Whoever is signed in. A request refused before that was found out has no user at all."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def scope(request: HttpRequest) -> str:
    """Where and as what the person works; "" for the public."""
    user = signed_in(request)
    appointments = user.current_appointments if user else []
    return f"{appointments[0].region} · {appointments[0].get_role_display()}" if appointments else ""
