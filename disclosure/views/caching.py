"""What a public page is: open to everybody, read-only, and the same for everybody with the same display settings."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

MAX_AGE = 5  # seconds: what is withdrawn is gone everywhere after that (promise E6); a crowd still shares one answer

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """Nobody signs in; caches may keep a good answer for MAX_AGE. Settings and language live in cookies, and a
    signed-in reader's copy is made private by accounts.frame.middleware.private_pages."""

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
