"""Administrators' pages: the divisions from the province down, and changes of them by two people."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.kept_forms import keeps_typing, start
from accounts.models import Region, User
from accounts.permissions import Permission, requires
from audit.errors import DomainError
from audit.queries import trail_of
from audit.workflow import allowed
from casework.decisions import ProposalState
from casework.steps import decision_page, step_page
from levy.forms import RegionChangeForm, YearSearchForm
from levy.models import RegionChange
from levy.queries import parameter_state
from levy.queries.divisions import attached_to, standing
from levy.services import region_changes
from levy.services.region_changes import DIVISIONS
from levy.views.parameters import READERS as PARAMETER_READERS
from levy.views.parameters import THIS_YEAR
from levy.workflow import DIVISION_TRANSITIONS, division_words

PER_PAGE = 50
READERS = (Permission.MANAGE_REGIONS, *PARAMETER_READERS)
Kind = RegionChange.Kind


@dataclass(frozen=True, slots=True)
class DivisionLine:
    """A division in a table: its own gaps, the number of divisions in force below it, and how many of those have
    gaps."""

    region: Region
    gaps: list[parameter_state.Gap]
    below: int
    lacking: int


def _lines(shown: Collection[Region], inside: Collection[Region], levy_year: int) -> list[DivisionLine]:
    """The lines of the divisions `shown`; `inside` contains all that may be below them. Two queries."""
    in_force = [region for region in inside if region.valid_until is None]
    gaps = parameter_state.gaps_of(in_force, levy_year)
    lines = []
    for region in shown:
        below = [one.code for one in in_force if region.contains(one.code) and one.code != region.code]
        lines.append(DivisionLine(region, gaps.get(region.code, []), len(below), sum(code in gaps for code in below)))
    return lines


@requires(*READERS)
@require_safe
def region_list(request: HttpRequest) -> HttpResponse:
    """The divisions directly below the person's own, or those found by name or code, retired ones too."""
    form = YearSearchForm({"levy_year": THIS_YEAR, **request.GET.dict()})
    if not form.is_valid():
        raise Http404
    levy_year, text = form.cleaned_data["levy_year"], form.cleaned_data["q"]
    inside = list(_regions(request.user).select_related("successor"))
    if text:
        shown = [region for region in inside if text in region.name or region.code.startswith(text)]
    else:
        known = {region.code for region in inside}
        tops = {region.code for region in inside if region.parent_code not in known}
        shown = [region for region in inside if region.code in tops or region.parent_code in tops]
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "lines": _lines(page.object_list, inside, levy_year),
        "levy_year": levy_year,
        "in_force": sum(region.valid_until is None for region in inside),
        "total": len(inside),
        "waiting": _changes(request.user).filter(state=ProposalState.PROPOSED).order_by("pk"),
    }
    return render(request, "levy/region_list.html", context)


@requires(*READERS)
@require_safe
def region_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One division with those above it and directly below it, and its changes."""
    region = _region(request, code)
    inside = list(Region.objects.filter(code__startswith=region.prefix).select_related("successor"))
    line, *lines = _lines([region, *(one for one in inside if one.parent_code == region.code)], inside, THIS_YEAR)
    changes = Paginator(_changes(request.user).filter(code__startswith=region.prefix), PER_PAGE)
    context = {
        "region": region,
        "parent": _regions(request.user).filter(code=region.parent_code).first(),
        "predecessors": region.predecessors.all(),
        "line": line,
        "lines": lines,
        "levy_year": THIS_YEAR,
        "changes": changes.get_page(request.GET.get("page")),
        "may": _may_propose(request.user, region),
        "reads_parameters": any(request.user.can(right, region.code) for right in PARAMETER_READERS),
    }
    return render(request, "levy/region_detail.html", context)


def _may_propose(user: User, region: Region) -> list[str]:
    """The kinds of change that the person may propose on the region's page."""
    if region.valid_until is not None or not user.can(Permission.MANAGE_REGIONS, region.code):
        return []
    offered = [Kind.RENAME]
    if region.level != Region.Level.COUNTY:
        offered.append(Kind.ADD)
    if region.level != Region.Level.PROVINCE:
        offered.append(Kind.RETIRE)
    return [str(kind) for kind in offered]


@requires(Permission.MANAGE_REGIONS)
@keeps_typing
@require_http_methods(["GET", "POST"])
def region_propose(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    region = _region(request, code)
    if kind not in _may_propose(request.user, region):
        raise PermissionDenied
    form = RegionChangeForm(**start(request), kind=kind, region=region)
    if form.is_valid():
        given = {"code": region.code} | form.cleaned_data
        try:
            change = region_changes.propose_region_change(kind=Kind(kind), actor=request.user, **given)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已提出，待另一位管理员批准。"))
            return redirect(change)
    context = {"form": form, "region": region, "kind": kind, "label": Kind(kind).label}
    context["attached"] = attached_to(region) if kind != Kind.ADD else None
    return render(request, "levy/region_propose.html", context)


@requires(*READERS)
@require_safe
def region_change(request: HttpRequest, pk: int) -> HttpResponse:
    change = _change(request, pk)
    steps = allowed(change, DIVISION_TRANSITIONS, actor=request.user, region_code=change.code)
    context = {
        "change": change,
        "steps": [step.name for step in steps],
        "is_own": change.proposed_by_id == request.user.pk,
        "trail": trail_of(change)[:20],
        **_outlook(change),
    }
    return render(request, "levy/region_change.html", context)


def _outlook(change: RegionChange) -> dict[str, Any]:
    """The dependants of the division of a waiting change, and the obstacle to its approval."""
    if change.state != ProposalState.PROPOSED:
        return {}
    region, attached = standing(change)
    try:
        region_changes.refuse_impossible(change, region, attached)
    except DomainError as refusal:
        return {"attached": attached, "refusal": str(refusal)}
    return {"attached": attached}


@requires(Permission.MANAGE_REGIONS)
@keeps_typing
@require_http_methods(["GET", "POST"])
def region_change_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    change = _change(request, pk)
    if not request.user.can(Permission.MANAGE_REGIONS, change.code):
        raise PermissionDenied
    page = decision_page(
        DIVISIONS,
        change,
        step,
        request.user,
        words=division_words(change),
        facts="levy/_region_change_facts.html",
        context={"change": change, **_outlook(change)},
        crumbs=[(reverse("levy:region_list"), _("行政区划")), (change.get_absolute_url(), change)],
    )
    return step_page(request, page)


def _region(request: HttpRequest, code: str) -> Region:
    return get_object_or_404(_regions(request.user).select_related("successor"), code=code)


def _regions(user: User) -> QuerySet[Region]:
    """Divisions that the person may read, retired ones included."""
    return Region.objects.filter(_inside(user))


def _inside(user: User) -> Q:
    """Codes of the divisions that the person may read."""
    inside = Q(pk__in=[])
    for permission in READERS:
        for prefix in user.prefixes(permission):
            inside |= Q(code__startswith=prefix)
    return inside


def _change(request: HttpRequest, pk: int) -> RegionChange:
    return get_object_or_404(_changes(request.user), pk=pk)


def _changes(user: User) -> QuerySet[RegionChange]:
    """Changes of divisions that the person may read, including divisions that do not exist yet."""
    people = ("proposed_by", "approved_by", "rejected_by")
    return RegionChange.objects.filter(_inside(user)).select_related("successor", *people)
