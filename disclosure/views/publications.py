"""The officers' side: preparing a publication, looking at it, publishing by a second person, withdrawing."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.enqueue import enqueue_or_warn
from accounts.frame.kept_forms import keeps_typing, start
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.workflow import allowed
from casework.steps import StepPage, step_page
from disclosure.forms import PublicationForm
from disclosure.models import Publication, PublicationState
from disclosure.queries.region_page import page_of, tables
from disclosure.services import publications as services
from disclosure.services.publications import PUBLICATIONS
from disclosure.tasks import send_publications
from disclosure.views.open_data import listed, send
from disclosure.workflow import DISCARD, PUBLICATION_TRANSITIONS, PUBLICATION_WORDS, PUBLISH, WITHDRAW

PER_PAGE = 25
REFRESH_SECONDS = 3
READERS = (Permission.PUBLISH, Permission.VIEW_AUDIT)
STEPS = {
    PUBLISH.name: (PUBLISH, PUBLICATIONS.approve),
    WITHDRAW.name: (WITHDRAW, services.withdraw),
    DISCARD.name: (DISCARD, PUBLICATIONS.reject),
}


@requires(*READERS)
@require_safe
def publication_list(request: HttpRequest) -> HttpResponse:
    visible = Publication.objects.within_right(request.user, *READERS).select_related(
        "region", "prepared_by", "published_by"
    )
    page = Paginator(visible, PER_PAGE).get_page(request.GET.get("page"))
    can_start = request.user.may_somewhere(Permission.PUBLISH)
    return render(request, "disclosure/publication_list.html", {"page": page, "can_start": can_start})


@requires(Permission.PUBLISH)
@keeps_typing
@require_http_methods(["GET", "POST"])
def publication_start(request: HttpRequest) -> HttpResponse:
    form = PublicationForm(**start(request), user=request.user, permission=Permission.PUBLISH)
    if form.is_valid():
        try:
            publication = services.start_publication(actor=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            with enqueue_or_warn(request):
                send_publications()
            return redirect(publication)
    return render(request, "disclosure/publication_start.html", {"form": form})


@requires(*READERS)
@require_safe
def publication_detail(request: HttpRequest, pk: int) -> HttpResponse:
    publication = _readable(request, pk)
    steps = allowed(publication, PUBLICATION_TRANSITIONS, actor=request.user, region_code=publication.region_id)
    context: dict[str, Any] = {
        "publication": publication,
        "refresh": REFRESH_SECONDS if publication.state == PublicationState.PREPARING else 0,
        "steps": [(step.name, PUBLICATION_WORDS[step.name].button) for step in steps],
        "waits_for_another": publication.state == PublicationState.DRAFT and PUBLISH not in steps,
        "files": listed(publication, "disclosure:publication_file"),
        "trail": trail_of(publication)[:20],
    }
    return render(request, "disclosure/publication_detail.html", context)


@requires(*READERS)
@require_safe
def publication_preview(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The region's page as the public will see it."""
    publication = _readable(request, pk)
    if not publication.regions.filter(code=code, is_own=False).exists():
        raise Http404
    page = page_of(publication, code)
    context = {
        "page": page,
        "tables": tables(page, publication.pk),
        "publication": publication,
        "files": listed(publication, "disclosure:publication_file"),
        "preview": publication.pk,
    }
    return render(request, "disclosure/region.html", context)


@requires(*READERS)
@require_safe
def publication_file(request: HttpRequest, pk: int, name: str, kind: str) -> FileResponse:
    return send(get_object_or_404(_readable(request, pk).files, name=name, format=kind))


@requires(Permission.PUBLISH)
@keeps_typing
@require_http_methods(["GET", "POST"])
def publication_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    if step not in STEPS:
        raise Http404
    transition, take = STEPS[step]
    publication = scoped_object(_publications(), request.user, Permission.PUBLISH, pk=pk)
    named = {"year": publication.levy_year, "region": publication.region, "version": publication.version}
    page = StepPage(
        words=PUBLICATION_WORDS[step],
        subject=publication,
        facts="disclosure/_publication_facts.html",
        context={"publication": publication},
        crumbs=[(reverse("disclosure:publication_list"), _("公示")), (publication.get_absolute_url(), publication)],
        stand=publication,
        caption=_("%(region)s%(year)s年度公示第%(version)s版") % named,
        take=lambda form: take(publication, actor=request.user, **form.cleaned_data),
        needs_reason=transition.needs_reason,
        seen=None if transition.needs_reason else lambda: PUBLICATIONS.seen(publication),
    )
    return step_page(request, page)


def _publications() -> Any:
    return Publication.objects.select_related("region", "prepared_by", "published_by")


def _readable(request: HttpRequest, pk: int) -> Publication:
    """404 outside the person's regions; 403 inside them for whoever may neither publish nor audit there."""
    publication = get_object_or_404(_publications().visible_to(request.user), pk=pk)
    if not any(request.user.can(right, publication.region_id) for right in READERS):
        raise PermissionDenied
    return publication
