"""Runs: the list, one run with its progress and totals, and the page before each weighty step."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.enqueue import enqueue_or_warn
from accounts.frame.kept_forms import keeps_typing
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.services import record
from audit.workflow import allowed
from casework.decisions import digest_of
from casework.desk import panels
from casework.steps import StepPage, step_page
from law.policy import PolicyYearMissing
from levy.desk import RUN
from levy.errors import RunAlreadyLive
from levy.forms import ScopeForm
from levy.models import AssessmentRun, RunState
from levy.queries import comparison, totals
from levy.queries.progress import is_stalled, progress
from levy.queries.put_aside import put_aside
from levy.queries.run_stages import run_stages
from levy.services import runs
from levy.tasks import send_slices
from levy.workflow import CHECK, CONFIRM, DISCARD, RUN_WORDS, run_transitions

PER_PAGE = 25
REFRESH_SECONDS = 2
DOWNLOAD = "levy.comparison.download"
STEPS = {
    CHECK.name: (CHECK, runs.check_run),
    CONFIRM.name: (CONFIRM, runs.confirm_run),
    DISCARD.name: (DISCARD, runs.discard_run),
}


@requires(Permission.VIEW_RUNS)
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    visible = AssessmentRun.objects.within_right(request.user, Permission.VIEW_RUNS).select_related("region")
    page = Paginator(visible, PER_PAGE).get_page(request.GET.get("page"))
    can_start = request.user.may_somewhere(Permission.RUN_ASSESSMENT)
    return render(request, "levy/run_list.html", {"page": page, "can_start": can_start})


@requires(Permission.RUN_ASSESSMENT)
@require_http_methods(["GET", "POST"])
def run_start(request: HttpRequest) -> HttpResponse:
    form = ScopeForm(
        request.POST if request.method == "POST" else None, user=request.user, permission=Permission.RUN_ASSESSMENT
    )
    if form.is_valid():
        try:
            run = runs.start_run(actor=request.user, **form.cleaned_data)
        except RunAlreadyLive as live:
            messages.warning(request, str(live))
            return redirect("levy:run_detail", live.run_id)
        except (DomainError, PolicyYearMissing) as refusal:
            form.add_error(None, str(refusal))
        else:
            with enqueue_or_warn(request):
                send_slices(run.pk)
            return redirect(run)
    return render(request, "levy/run_start.html", {"form": form})


@requires(Permission.VIEW_RUNS)
@require_safe
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk, Permission.VIEW_RUNS)
    context: dict[str, Any] = {"run": run, "progress": progress(run), "trail": trail_of(run)[:20]}
    if run.state in (RunState.COMPUTING, RunState.DISCARDED):
        context["refresh"] = REFRESH_SECONDS if run.state == RunState.COMPUTING else 0
        context["is_stalled"] = is_stalled(run)
    else:
        context |= {
            "outcomes": totals.outcome_totals(totals.run_sums(run)),
            "groups": comparison.region_groups(comparison.region_lines(run)),
            "is_comparable": comparison.is_comparable(run),
            "put_aside": put_aside(run) if run.state == RunState.PARTIAL else [],
        }
    steps = allowed(run, run_transitions(run), actor=request.user, region_code=run.region_id)
    context["steps"] = [(step.name, RUN_WORDS[step.name].button) for step in steps]
    context["stages"] = run_stages(run)
    context["panels"] = panels(RUN, request.user, run=run)
    return render(request, "levy/run_detail.html", context)


@requires(Permission.VIEW_RUNS)
@require_safe
def run_comparison(request: HttpRequest, pk: int) -> HttpResponse:
    run = _comparable(request, pk, Permission.VIEW_RUNS)
    groups = comparison.region_groups(comparison.region_lines(run))
    context = {
        "run": run,
        "whole": groups[0].whole if groups else None,
        "movements": comparison.movement_counts(run),
        "changes": totals.largest_changes(run),
        "may_download": request.user.can(Permission.DOWNLOAD_LEVY_LIST, run.region_id),
    }
    return render(request, "levy/run_comparison.html", context)


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def run_movement(request: HttpRequest, pk: int, movement: str) -> HttpResponse:
    """All employers of one movement, as a file; the download is recorded."""
    chosen = next((known for known in comparison.MOVEMENTS if known.name == movement), None)
    if chosen is None:
        raise Http404
    run = _comparable(request, pk, Permission.DOWNLOAD_LEVY_LIST)
    details = {"movement": movement, "levy_year": run.levy_year}
    record(actor=request.user, action=DOWNLOAD, target=run, region_code=run.region_id, details=details)
    response = StreamingHttpResponse(comparison.movement_csv(run, chosen), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{movement}-{run}.csv"'
    return response


@requires(Permission.RUN_ASSESSMENT, Permission.CONFIRM_ASSESSMENT)
@keeps_typing
@require_http_methods(["GET", "POST"])
def run_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    if step not in STEPS:
        raise Http404
    transition, take = STEPS[step]
    run = _run(request, pk, transition.permission)
    page = StepPage(
        words=RUN_WORDS[step],
        subject=run,
        facts="levy/_run_facts.html",
        context={"run": run},
        crumbs=[(reverse("levy:run_list"), _("核定批次")), (run.get_absolute_url(), run)],
        stand=run,
        take=lambda form: take(run=run, actor=request.user, **form.cleaned_data),
        needs_reason=transition.needs_reason,
        seen=None if transition.needs_reason else lambda: digest_of(*runs.shown_of_run(run)),
    )
    return step_page(request, page)


def _comparable(request: HttpRequest, pk: int, permission: str) -> AssessmentRun:
    run = _run(request, pk, permission)
    if not comparison.is_comparable(run):
        raise Http404
    return run


def _run(request: HttpRequest, pk: int, permission: str) -> AssessmentRun:
    queryset = AssessmentRun.objects.select_related(
        "region", "policy_version", "started_by", "checked_by", "confirmed_by", "handed_over_by"
    )
    return scoped_object(queryset, request.user, Permission(permission), pk=pk)
