"""The menu of every page."""

from typing import Any

from django.http import HttpRequest

from accounts.frame.context import signed_in
from casework.desk import menu_for


def menu_of_page(request: HttpRequest) -> dict[str, Any]:
    """`nav_items` of {url, label, current}: the person's menu, or the public one."""
    entries = ((entry.url, entry.label) for entry in menu_for(signed_in(request)))
    items = [{"url": url, "label": label, "current": request.path.startswith(url)} for url, label in entries]
    return {"nav_items": items}
