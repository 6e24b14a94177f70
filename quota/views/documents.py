"""The 审核认定书 on screen and as a file."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from design.pdf import pdf_response
from quota.documents.headcount_certificate import certificate_pdf, certificate_sheet
from quota.models import VerifiedHeadcount


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    headcount = _certificate(request, number)
    context = {"headcount": headcount, "sheet": certificate_sheet(headcount), "pdf_enabled": settings.PDF_ENABLED}
    return render(request, "quota/headcount_certificate.html", context)


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def certificate_file(request: HttpRequest, number: str) -> HttpResponseBase:
    headcount = _certificate(request, number)
    twin = redirect("quota:certificate", number)
    return pdf_response(request, lambda: certificate_pdf(headcount), file_name=f"{number}.pdf", twin=twin)


def _certificate(request: HttpRequest, number: str) -> VerifiedHeadcount:
    """A certificate of one's own employer, or of one in an officer's region: 404 outside, 403 without the right."""
    queryset = VerifiedHeadcount.objects.visible_to(request.user).select_related("employer", "headcount_return")
    headcount = get_object_or_404(queryset, number=number)
    is_own = headcount.employer.memberships.filter(user=request.user).exists()
    if not is_own and not request.user.can(Permission.VIEW_EMPLOYERS, headcount.employer.region_id):
        raise PermissionDenied
    return headcount
