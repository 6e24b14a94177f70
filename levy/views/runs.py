"""Runs: the list, one run with its progress and totals, and the page before each weighty step."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.enqueue import hurry
from accounts.frame.kept_forms import keeps_typing, start
from accounts.frame.refusals import turned_back
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.services import record
from audit.workflow import Transition, allowed
from law.policy import PolicyYearMissing
from levy.errors import RunAlreadyLive
from levy.forms import ScopeForm, StepForm
from levy.models import AssessmentRun, RunState
from levy.queries import comparison, totals
from levy.queries.progress import is_stalled, progress
from levy.queries.put_aside import put_aside
from levy.queries.run_stages import run_stages
from levy.services import runs
from levy.tasks import send_slices
from levy.workflow import CHECK, CONFIRM, DISCARD, HAND_OVER, RUN_TRANSITIONS, run_transitions

PER_PAGE = 25
REFRESH_SECONDS = 2
DOWNLOAD = "levy.comparison.download"


@dataclass(frozen=True, slots=True)
class Act:
    """How a step is announced: the button, the question, what follows from it."""

    button: str
    question: str
    consequence: str


def acts() -> dict[str, Act]:
    return {
        CHECK.name: Act(_("核对通过"), _("确认核对通过"), _("核对通过后，由另一人核定。核定前仍可作废重算。")),
        CONFIRM.name: Act(
            _("核定"), _("确认核定"), _("核定后费额不再修改，只能按更正程序以新的核定替代。此操作不能撤回。")
        ),
        HAND_OVER.name: Act(_("接收清单"), _("确认接收清单"), _("接收后，税务部门按清单征收。此操作不能撤回。")),
        DISCARD.name: Act(_("作废"), _("确认作废"), _("作废后明细删除，可以重新试算。批次和办理记录保留。")),
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
            with hurry(request):
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
    context["steps"] = [(step.name, acts()[step.name].button) for step in steps]
    context["stages"] = run_stages(run)
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
    """The employers of one movement, whole; the download is recorded."""
    chosen = next((known for known in comparison.MOVEMENTS if known.name == movement), None)
    if chosen is None:
        raise Http404
    run = _comparable(request, pk, Permission.DOWNLOAD_LEVY_LIST)
    details = {"movement": movement, "levy_year": run.levy_year}
    record(actor=request.user, action=DOWNLOAD, target=run, region_code=run.region_id, details=details)
    response = StreamingHttpResponse(comparison.movement_csv(run, chosen), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{movement}-{run}.csv"'
    return response


@requires(Permission.RUN_ASSESSMENT, Permission.CONFIRM_ASSESSMENT, Permission.TAKE_OVER_LIST)
@keeps_typing
@require_http_methods(["GET", "POST"])
def run_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    transition = next((t for t in RUN_TRANSITIONS if t.name == step), None)
    if transition is None:
        raise Http404
    run = _run(request, pk, transition.permission)
    form = StepForm(**start(request), needs_reason=transition.needs_reason)
    if request.method == "POST" and form.is_valid():
        try:
            _take(transition, run, request, form)
        except DomainError as refusal:
            return turned_back(request, refusal, form, run)
        messages.success(request, _("已办理：%s。") % acts()[step].button)
        return redirect(run)
    return render(request, "levy/run_step.html", {"run": run, "act": acts()[step], "form": form})


def _take(transition: Transition, run: AssessmentRun, request: HttpRequest, form: StepForm) -> None:
    services = {CHECK: runs.check_run, CONFIRM: runs.confirm_run, HAND_OVER: runs.hand_over_run}
    if transition is DISCARD:
        runs.discard_run(run=run, actor=request.user, reason=form.cleaned_data["reason"])
    else:
        services[transition](run=run, actor=request.user)


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
