"""One return before the federation: its people, one person's evidence and months, and the weighty steps."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.services import trail_of
from audit.workflow import Transition, allowed
from quota import cases, queue
from quota.enums import ReturnState
from quota.forms import DecisionForm, ReasonForm, StepForm
from quota.models import HeadcountReturn, VerifiedHeadcount
from quota.services import verification
from quota.workflow import REOPEN, REVIEW, SEND_BACK, VERIFY

STEPS = (REVIEW, VERIFY, SEND_BACK, REOPEN)


@dataclass(frozen=True, slots=True)
class Act:
    """How a step is announced: the button, the question, what follows from it."""

    button: str
    question: str
    consequence: str


def acts() -> dict[str, Act]:
    return {
        REVIEW.name: Act(_("初审通过"), _("确认初审通过"), _("提交复审后，由另一人办理；您不得参与本户复审。")),
        VERIFY.name: Act(_("复审认定"), _("确认复审认定"), _("认定后签发审核认定书，按认定人月核定费额。")),
        SEND_BACK.name: Act(
            _("退回补正"), _("确认退回补正"), _("单位补正后重新提交，原申报日期不变。理由对单位可见。")
        ),
        REOPEN.name: Act(
            _("重新认定"), _("确认重新认定"), _("撤回审核认定书，回到初审。已核定的费额不变，须另按更正程序办理。")
        ),
    }


@requires(Permission.VERIFY_RETURN, Permission.VIEW_PERSONS)
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, pk: int, placement: int | None = None) -> HttpResponse:
    """The whole case; with a placement, that person's evidence and the form that decides its months."""
    filed = _filed(request, pk, Permission.VERIFY_RETURN if request.method == "POST" else Permission.VIEW_PERSONS)
    people = cases.workers(filed)
    worker = _chosen(people, placement)
    form = DecisionForm(_posted(request), result=worker.result) if worker else None
    if form and form.is_valid():
        try:
            _decide(request, worker, form)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记录%(name)s的逐月认定。") % {"name": worker.placement.name})
            return redirect("quota:case_person", filed.pk, worker.placement.pk)
    return render(request, "quota/case.html", _context(request, filed, people, worker, form))


def _chosen(people: list[cases.Worker], placement: int | None) -> cases.Worker | None:
    """The person asked for, otherwise the first one with a finding, otherwise the first."""
    if placement is not None:
        found = [worker for worker in people if worker.placement.pk == placement]
        if not found:
            raise Http404
        return found[0]
    doubtful = [worker for worker in people if worker.computed != worker.result.claimed_months]
    return next(iter([*doubtful, *people]), None)


def _decide(request: HttpRequest, worker: cases.Worker, form: DecisionForm) -> None:
    verification.decide_placement(
        placement=worker.placement,
        decided=form.decided(),
        reason=form.cleaned_data["reason"],
        note=form.cleaned_data["note"],
        actor=request.user,
    )


@requires(Permission.VERIFY_RETURN)
@require_POST
def decision_preview(request: HttpRequest, pk: int, placement: int) -> HttpResponse:
    """The case's totals as the months now chosen would make them; nothing is saved."""
    filed = _filed(request, pk, Permission.VERIFY_RETURN)
    people = cases.workers(filed)
    worker = _chosen(people, placement)
    form = DecisionForm(request.POST, result=worker.result)
    form.is_valid()  # a reason may still be missing; the months are all that is asked for
    totals = cases.totals(filed, people)
    chosen = replace(totals, decided=totals.decided - worker.decided + sum(form.decided()))
    return render(request, "quota/_case_tally.html", {"filed": filed, "totals": chosen, "headcount": None})


def _context(
    request: HttpRequest,
    filed: HeadcountReturn,
    people: list[cases.Worker],
    worker: cases.Worker | None,
    form: DecisionForm | None,
) -> dict[str, Any]:
    before, after = queue.neighbours(filed, request.user)
    region_code = filed.employer.region_id
    steps = allowed(filed, STEPS, actor=request.user, region_code=region_code)
    chosen = cases.person_evidence(filed, worker, request.user) if worker else None
    return {
        "filed": filed,
        "people": people,
        "totals": cases.totals(filed, people),
        "chosen": chosen,
        "months": [(row, form[row.field_name]) for row in chosen.months] if chosen and form else [],
        "form": form,
        "can_decide": REVIEW in steps and not filed.is_late,
        "can_reveal": request.user.can(Permission.REVEAL_IDENTITY, region_code),
        "steps": [(step.name, acts()[step.name].button) for step in steps],
        "headcount": VerifiedHeadcount.objects.current().filter(headcount_return=filed).first(),
        "trail": trail_of(filed)[:20],
        "before": before,
        "after": after,
    }


@requires(Permission.VERIFY_RETURN)
@require_http_methods(["GET", "POST"])
def case_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    transition = next((t for t in STEPS if t.name == step), None)
    if transition is None:
        raise Http404
    filed = _filed(request, pk, Permission.VERIFY_RETURN)
    shown = {"seen": verification.seen_by_reader(filed)}
    form = StepForm(_posted(request), initial=shown, needs_reason=transition.needs_reason)
    if form.is_valid():
        try:
            _take(transition, filed, request, form)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已办理：%s。") % acts()[step].button)
        return redirect("quota:case", filed.pk)
    totals = cases.totals(filed, cases.workers(filed))
    context = {"filed": filed, "act": acts()[step], "form": form, "totals": totals}
    return render(request, "quota/case_step.html", context)


def _take(transition: Transition, filed: HeadcountReturn, request: HttpRequest, form: StepForm) -> None:
    services = {
        REVIEW: verification.review_return,
        VERIFY: verification.verify_return,
        SEND_BACK: verification.send_back,
        REOPEN: verification.reopen_return,
    }
    needed = "reason" if transition.needs_reason else "seen"
    services[transition](headcount_return=filed, actor=request.user, **{needed: form.cleaned_data[needed]})


@sensitive_variables("number")
@requires(Permission.REVEAL_IDENTITY)
@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, pk: int, placement: int) -> HttpResponse:
    """Ask for a reason, then show one identity number once."""
    filed = _filed(request, pk, Permission.REVEAL_IDENTITY)
    people = filed.employer.placements.filter(levy_year=filed.levy_year)
    person = get_object_or_404(people.select_related("employer"), pk=placement)
    form, number = ReasonForm(_posted(request)), None
    if form.is_valid():
        number = verification.reveal_identity(placement=person, reason=form.cleaned_data["reason"], actor=request.user)
    return render(request, "quota/reveal.html", {"filed": filed, "person": person, "form": form, "number": number})


def _filed(request: HttpRequest, pk: int, permission: Permission) -> HeadcountReturn:
    """A filed return of the person's regions; drafts are the employer's own affair."""
    returns = HeadcountReturn.objects.exclude(state__in=[ReturnState.DRAFT, ReturnState.REPLACED])
    queryset = returns.select_related("employer__region")
    return scoped_object(queryset, request.user, permission, region_of="employer.region_id", pk=pk)


def _posted(request: HttpRequest) -> QueryDict | None:
    """What binds a form; also an empty body, as a step without a reason sends it."""
    return request.POST if request.method == "POST" else None
