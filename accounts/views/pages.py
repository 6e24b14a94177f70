"""The auditors' log and the style guide."""

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from audit.models import AuditEntry
from audit.queries import with_shared_origin
from design.styleguide import styleguide_context

ENTRIES_PER_PAGE = 50


@requires(Permission.VIEW_AUDIT)
@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """The trail of the person's regions, newest first, filtered by person.

    An entry from the browser or address of another person who handled the same object before is marked.
    """
    seen = Q(pk__in=[])
    for prefix in request.user.prefixes(Permission.VIEW_AUDIT):
        seen |= Q(region_code__startswith=prefix)
    entries = AuditEntry.objects.filter(seen).select_related("actor")
    if who := request.GET.get("who", "").strip():
        entries = entries.filter(Q(actor__username=who) | Q(actor__name=who))
    page = Paginator(with_shared_origin(entries), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/audit_log.html", {"page": page, "who": who})


@login_not_required
@require_safe
def style_guide(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide.html", styleguide_context())
