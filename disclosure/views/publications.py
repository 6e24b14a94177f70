"""The officers' side: preparing a publication, looking at it, publishing by a second person, withdrawing."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.enqueue import hurry
from accounts.frame.kept_forms import keeps_typing, start
from accounts.frame.refusals import turned_back
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.workflow import Transition, allowed
from disclosure.forms import PublicationForm
from disclosure.models import Publication, PublicationState
from disclosure.queries.region_page import page_of, tables
from disclosure.services import publications as services
from disclosure.tasks import send_publications
from disclosure.views.open_data import listed, send
from disclosure.workflow import DISCARD, PUBLICATION_TRANSITIONS, PUBLISH, WITHDRAW
from levy.forms import StepForm

PER_PAGE = 25
REFRESH_SECONDS = 3
READERS = (Permission.PUBLISH, Permission.VIEW_AUDIT)


@dataclass(frozen=True, slots=True)
class Act:
    """How a step is announced: the button, the question, what follows from it."""

    button: str
    question: str
    consequence: str


def acts() -> dict[str, Act]:
    return {
        PUBLISH.name: Act(
            _("公布"),
            _("确认公布"),
            _("公布后，任何人都能查询和下载。内容不能修改，只能撤下或以新版替代；同一范围的旧版随即停止公开。"),
        ),
        WITHDRAW.name: Act(
            _("撤下"),
            _("确认撤下"),
            _("撤下后，公众立即不能查询和下载，已下载的文件无法收回。撤下不能恢复，须发布新版。"),
        ),
        DISCARD.name: Act(_("作废"), _("确认作废"), _("作废后，本版内容和文件删除，可以重新生成。办理记录保留。")),
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
            with hurry(request):
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
        "steps": [(step.name, acts()[step.name].button) for step in steps],
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
    transition = next((t for t in PUBLICATION_TRANSITIONS if t.name == step), None)
    if transition is None:
        raise Http404
    publication = scoped_object(_publications(), request.user, Permission.PUBLISH, pk=pk)
    form = StepForm(**start(request), needs_reason=transition.needs_reason)
    if form.is_valid():
        try:
            _take(transition, publication, request, form)
        except DomainError as refusal:
            return turned_back(request, refusal, form, publication)
        messages.success(request, _("已办理：%s。") % acts()[step].button)
        return redirect(publication)
    context = {"publication": publication, "act": acts()[step], "form": form}
    return render(request, "disclosure/publication_step.html", context)


def _take(transition: Transition, publication: Publication, request: HttpRequest, form: StepForm) -> None:
    if transition is PUBLISH:
        services.publish(publication=publication, actor=request.user)
    else:
        act = services.withdraw if transition is WITHDRAW else services.discard
        act(publication=publication, actor=request.user, reason=form.cleaned_data["reason"])


def _publications() -> Any:
    return Publication.objects.select_related("region", "prepared_by", "published_by")


def _readable(request: HttpRequest, pk: int) -> Publication:
    """404 outside the person's regions; 403 inside them for whoever may neither publish nor audit there."""
    publication = get_object_or_404(_publications().visible_to(request.user), pk=pk)
    if not any(request.user.can(right, publication.region_id) for right in READERS):
        raise PermissionDenied
    return publication
