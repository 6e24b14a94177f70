"""The page for a form whose token is too old."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.kept import keep
from accounts.refusals import refuse


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Whoever signed in again in another window finds the text typed in this one on the same page, not saved yet.

    Only for a form of this site's own: another site must not lay words into anybody's form.
    """
    is_ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    view = request.resolver_match.func if request.resolver_match else None
    if is_ours and request.user.is_authenticated and getattr(view, "keeps_typing", False):
        keep(request)
        return redirect(request.get_full_path())
    return refuse(request, 403, page="403_csrf", code="csrf_failed", shows_typing=is_ours)
