"""Parameter administrators' pages: each region's numbers and rules, the missing ones, and new values by two people."""

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
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.workflow import allowed
from casework.decisions import ProposalState
from casework.steps import decision_page, step_page
from law.policy import POLICY_YEARS
from levy.forms import ParameterForm, RegionYearForm
from levy.models import ParameterChange
from levy.parameter_words import RULES, is_number, name_in_words, value_in_words
from levy.queries import parameter_state
from levy.queries.parameter_effects import effect_on_last_year
from levy.services.parameter_changes import PARAMETERS, effect_of, propose_parameter
from levy.workflow import PARAMETER_TRANSITIONS, PARAMETER_WORDS
from quota.enums import NumberKind
from quota.models import RegionalNumber, RegionalSetting

PER_PAGE = 50
THIS_YEAR = max(POLICY_YEARS) - 1  # the levy year that is filed now
READERS = (Permission.MANAGE_PARAMETERS, Permission.VIEW_AUDIT)


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """The numbers or the rules of a region and year; `is_rules`: a rule that is not entered follows the national
    one."""

    caption: str
    region: Region
    lines: list[parameter_state.ParameterLine]
    may_propose: bool
    is_rules: bool = False


def parameter_regions(user: User) -> QuerySet[Region]:
    """Regions whose parameters the person may read, retired ones included."""
    inside = Q(pk__in=[])
    for permission in READERS:
        for prefix in user.prefixes(permission):
            inside |= Q(code__startswith=prefix)
    return Region.objects.filter(inside)


def _with_defaults(request: HttpRequest, **given: Any) -> dict[str, Any]:
    """The parameters of the address; for missing ones `given`, and the levy year that is filed now."""
    return {"levy_year": THIS_YEAR, **given, **request.GET.dict()}


@requires(*READERS)
@require_safe
def parameter_list(request: HttpRequest) -> HttpResponse:
    """One region's year: numbers and rules with their source, and the missing ones."""
    regions = parameter_regions(request.user).filter(valid_until=None)
    form = RegionYearForm(_with_defaults(request, region=regions.first()), regions=regions)
    if not form.is_valid():
        raise Http404
    region, levy_year = form.cleaned_data["region"], form.cleaned_data["levy_year"]
    may_propose = request.user.can(Permission.MANAGE_PARAMETERS, region.code)
    context = {
        "form": form,
        "region": region,
        "levy_year": levy_year,
        "gaps": parameter_state.gaps_of([region], levy_year).get(region.code, []),
        "numbers": ParameterTable(_("地区参数"), region, parameter_state.numbers_of(region, levy_year), may_propose),
        "rules": ParameterTable(
            _("地区规则"), region, parameter_state.rules_of(region, levy_year), may_propose, is_rules=True
        ),
        "national": POLICY_YEARS.get(levy_year),
        "waiting": _changes(request.user).filter(state=ProposalState.PROPOSED).count(),
    }
    return render(request, "levy/parameter_list.html", context)


@requires(*READERS)
@require_safe
def parameter_history(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Every value ever entered for a region, with its author; the database keeps them."""
    region = _region(request, code, name)
    model = RegionalNumber if is_number(name) else RegionalSetting
    named = {"kind": name} if is_number(name) else {"name": name}
    events = model.pgh_event_model.objects.filter(region=region, **named).order_by("-pgh_id")
    events = events.select_related("entered_by", "approved_by")
    page = Paginator(events, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "region": region,
        "name": name,
        "label": name_in_words(name),
        "page": page,
        "entries": [(event, value_in_words(name, str(event.value))) for event in page],
        "may_propose": request.user.can(Permission.MANAGE_PARAMETERS, region.code),
    }
    return render(request, "levy/parameter_history.html", context)


@requires(Permission.MANAGE_PARAMETERS)
@keeps_typing
@require_http_methods(["GET", "POST"])
def parameter_propose(request: HttpRequest, code: str, name: str) -> HttpResponse:
    region = _region(request, code, name)
    if not request.user.can(Permission.MANAGE_PARAMETERS, region.code):
        raise PermissionDenied
    form = ParameterForm(**start(request), name=name)
    if form.is_valid():
        try:
            change = propose_parameter(region=region, name=name, actor=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已提出，待另一位参数管理员批准。"))
            return redirect(change)
    context = {"form": form, "region": region, "name": name, "label": name_in_words(name), "rule": RULES.get(name)}
    return render(request, "levy/parameter_propose.html", context)


@requires(*READERS)
@require_safe
def parameter_change_list(request: HttpRequest) -> HttpResponse:
    """Waiting changes first, then the decided ones."""
    visible = _changes(request.user)
    waiting = Paginator(visible.filter(state=ProposalState.PROPOSED).order_by("pk"), PER_PAGE)
    decided = Paginator(visible.exclude(state=ProposalState.PROPOSED), PER_PAGE)
    context = {
        "waiting": waiting.get_page(request.GET.get("waiting")),
        "page": decided.get_page(request.GET.get("page")),
    }
    return render(request, "levy/parameter_change_list.html", context)


@requires(*READERS)
@require_safe
def parameter_change(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(_changes(request.user), pk=pk)
    steps = allowed(change, PARAMETER_TRANSITIONS, actor=request.user, region_code=change.region_id)
    context = {
        "change": change,
        "steps": [step.name for step in steps],
        "is_own": change.proposed_by_id == request.user.pk,
        "trail": trail_of(change)[:20],
        **_outlook(change),
    }
    return render(request, "levy/parameter_change.html", context)


def _outlook(change: ParameterChange) -> dict[str, Any]:
    """The effect of an approval on the stored rows, or the obstacle to it."""
    if change.state != ProposalState.PROPOSED:
        return {"stands": change.replaced}
    try:
        return {"stands": effect_of(change).in_words, "effect": effect_on_last_year(change)}
    except DomainError as refusal:
        return {"refusal": str(refusal)}


@requires(Permission.MANAGE_PARAMETERS)
@keeps_typing
@require_http_methods(["GET", "POST"])
def parameter_change_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    people = ParameterChange.objects.select_related("region", "proposed_by", "approved_by", "rejected_by")
    change = scoped_object(people, request.user, Permission.MANAGE_PARAMETERS, pk=pk)
    page = decision_page(
        PARAMETERS,
        change,
        step,
        request.user,
        words=PARAMETER_WORDS,
        facts="levy/_parameter_change_facts.html",
        context={"change": change, **_outlook(change)},
        crumbs=[(reverse("levy:parameter_change_list"), _("参数变更")), (change.get_absolute_url(), change)],
    )
    return step_page(request, page)


def _changes(user: User) -> QuerySet[ParameterChange]:
    inside = ParameterChange.objects.filter(region__in=parameter_regions(user))
    return inside.select_related("region", "proposed_by", "approved_by", "rejected_by")


def _region(request: HttpRequest, code: str, name: str) -> Region:
    """The region, if the person may read it and the name is known; otherwise 404."""
    if name not in NumberKind.values and name not in RULES:
        raise Http404
    return get_object_or_404(parameter_regions(request.user), code=code)
