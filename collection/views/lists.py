"""The tax officer's lists: choose one, see count and sum, download it. Every download is recorded."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.models import Region, User
from accounts.permissions import Permission, requires
from audit.models import AuditEntry
from audit.queries import trail_of
from audit.services import record
from collection.queries import lists
from collection.queries.list_changes import DOWNLOAD, changes_since, departed, last_download, reading_moment
from levy.forms import ScopeForm
from levy.models import Supersession

PER_PAGE = 25
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def list_choose(request: HttpRequest) -> HttpResponse:
    form = ScopeForm(request.GET or None, user=request.user, permission=Permission.DOWNLOAD_LEVY_LIST)
    if form.is_valid():
        return redirect("collection:list_detail", form.cleaned_data["levy_year"], form.cleaned_data["region"].code)
    return render(request, "collection/list_choose.html", {"form": form})


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def list_detail(request: HttpRequest, levy_year: int, code: str) -> HttpResponse:
    region = _region(request.user, code)
    context = {"region": region, "levy_year": levy_year}
    try:
        chosen = lists.levy_list(levy_year=levy_year, region=region)
    except lists.NoRun as missing:
        return render(request, "collection/list_detail.html", context | {"missing": missing})
    rows, payable = chosen.totals()
    downloads = trail_of(region).filter(action=DOWNLOAD, details__levy_year=levy_year).select_related("actor")
    context |= {"list": chosen, "rows": rows, "payable": payable, "downloads": downloads[:20]}
    return render(request, "collection/list_detail.html", context | {"changes": _changes(request, chosen)})


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows of a list since the reader's last download: a page of them with the total of all, and the employers
    that moved to another list (the first ones, and the number of the others)."""

    last: AuditEntry
    page: Page
    payable: Decimal
    departed: list[Supersession]
    departed_more: int


def _changes(request: HttpRequest, chosen: lists.LevyList) -> Changes | None:
    """The rows that the person has not downloaded yet; None before the first download."""
    last = last_download(chosen, by=request.user)
    if last is None:
        return None
    changes = changes_since(last, chosen)
    count, payable = changes.totals()
    rows = changes.assessments().select_related("employer", "region", "supersedes__old")
    page = Paginator(rows.order_by("region", "employer__uscc"), PER_PAGE)
    page.count = count  # already known, counted with the sum
    gone = departed(changes)
    shown = list(gone[:PER_PAGE])
    return Changes(
        last=last,
        page=page.get_page(request.GET.get("page")),
        payable=payable,
        departed=shown,
        departed_more=gone.count() - PER_PAGE if len(shown) == PER_PAGE else 0,
    )


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def list_download(request: HttpRequest, levy_year: int, code: str, file_format: str) -> HttpResponse:
    """The list as a file; with `changed` only the rows that this person has not downloaded yet."""
    region = _region(request.user, code)
    if file_format not in TYPES:
        raise Http404
    try:
        chosen = lists.levy_list(levy_year=levy_year, region=region)
    except lists.NoRun as missing:
        raise Http404(str(missing)) from None
    if "changed" in request.GET:
        last = last_download(chosen, by=request.user)
        if last is None:
            raise Http404
        chosen = changes_since(last, chosen)
    chunks = _recorded(lists.CHUNKS[file_format](chosen), chosen, request.user, file_format)
    response = StreamingHttpResponse(chunks, content_type=TYPES[file_format])
    response["Content-Disposition"] = f'attachment; filename="{chosen.file_name(file_format)}"'
    return response


def _recorded(
    chunks: Iterable[bytes], chosen: lists.LevyList, user: User | AnonymousUser, file_format: str
) -> Iterator[bytes]:
    """Pass the chunks on, and record the hash of the whole file after the last one."""
    digest, as_of = hashlib.sha256(), reading_moment()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    _record(chosen, user, file_format, digest.hexdigest(), as_of)


def _record(
    chosen: lists.LevyList, user: User | AnonymousUser, file_format: str, sha256: str, as_of: datetime
) -> None:
    rows, payable = chosen.totals()
    details = {
        "levy_year": chosen.levy_year,
        "format": file_format,
        "rows": rows,
        "payable": str(payable),
        "sha256": sha256,
        "is_final": chosen.is_final,
        "as_of": as_of.isoformat(),
        "is_changes_only": chosen.since is not None,
    }
    record(actor=user, action=DOWNLOAD, target=chosen.region, region_code=chosen.region.code, details=details)


def _region(user: User | AnonymousUser, code: str) -> Region:
    """A region of the person's scope: 404 for an unknown one or one outside, 403 without the right inside."""
    region = get_object_or_404(Region, code=code)
    if user.can(Permission.DOWNLOAD_LEVY_LIST, code):
        return region
    if any(appointment.region.contains(code) for appointment in user.current_appointments):
        raise PermissionDenied
    raise Http404
