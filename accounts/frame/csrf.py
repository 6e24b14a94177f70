"""The page for a form with an outdated token."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.frame.kept_forms import is_keeper, keep
from accounts.frame.refusals import is_from_here, refuse


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """After signing in again in another tab, the user gets this form back, unsaved.

    Only for a form of this site: another site must not fill in anyone's form.
    """
    is_ours = is_from_here(request)
    if is_ours and request.user.is_authenticated and is_keeper(request) and keep(request):
        return redirect(request.get_full_path())
    return refuse(request, 403, page="403_csrf", code="csrf_failed", shows_typing=is_ours)
