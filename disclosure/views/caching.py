"""Public pages: no sign-in, read-only, and equal for all readers with the same display settings."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

MAX_AGE = 5  # seconds: then a withdrawn page is gone everywhere (promise E6), and yet a crowd shares one answer

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """Needs no sign-in; caches may keep a good answer for MAX_AGE. Settings and language are in cookies, and
    accounts.frame.middleware.private_pages makes a signed-in reader's copy private."""

    @login_not_required
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            patch_cache_control(response, public=True, max_age=MAX_AGE)
        patch_vary_headers(response, ["Cookie"])
        return response

    return opened
