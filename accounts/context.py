"""What every page's frame needs."""

from typing import Any

from django.http import HttpRequest

from accounts.display import preferences


def chrome(request: HttpRequest) -> dict[str, Any]:
    """nav_items of {url, label, current, count}, scope (地区 · 岗位) and display, the reader's settings."""
    return {"nav_items": [], "scope": scope(request), "display": preferences(request)}


def scope(request: HttpRequest) -> str:
    """Where and as what the person works; "" for the public."""
    appointments = request.user.current_appointments if request.user.is_authenticated else []
    return f"{appointments[0].region} · {appointments[0].get_role_display()}" if appointments else ""
