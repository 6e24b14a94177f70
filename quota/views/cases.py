"""A return under verification: its people, one person's evidence and months, and the weighty steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.frame.enqueue import enqueue_or_warn
from accounts.frame.kept_forms import keeps_typing, start
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.workflow import Transition
from casework.decisions import digest_of
from casework.forms import ReasonForm
from casework.steps import StepPage, step_page
from quota.enums import ReturnState
from quota.errors import CaseChanged
from quota.forms import CaseQueueForm, DecisionForm, SendBackForm
from quota.models import HeadcountReturn, VerifiedHeadcount
from quota.queries import case as cases
from quota.queries import dispatch
from quota.queries.certificate_changes import UNSEEN, unseen_changes
from quota.queries.evidence import open_steps
from quota.queries.origins import Origin, Origins, origins_of
from quota.queries.queue import FIRST_SORT, Selection
from quota.queries.verification import decision_seen, shown_of_return
from quota.services import verification
from quota.tasks import check_return
from quota.views.queue import selection_of
from quota.workflow import CASE_WORDS, REOPEN, RETURN_TO_REVIEW, REVIEW, SEND_BACK, VERIFY

SERVICES = {
    REVIEW.name: (REVIEW, verification.review_return),
    VERIFY.name: (VERIFY, verification.verify_return),
    SEND_BACK.name: (SEND_BACK, verification.send_back),
    RETURN_TO_REVIEW.name: (RETURN_TO_REVIEW, verification.return_to_review),
    REOPEN.name: (REOPEN, verification.reopen_return),
}
STEPS = tuple(step for step, _service in SERVICES.values())
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class CaseView:
    """The contents of the page. `chosen` is the person whose evidence is open, `form` decides that person's months.
    `steps` are the permitted ones, `bar` tells why a review is not among them; every link keeps `query`;
    `is_conflict`: somebody else has decided meanwhile."""

    filed: HeadcountReturn
    workers: list[cases.Worker]
    chosen: cases.PersonEvidence | None
    form: DecisionForm | None
    origins: Origins
    steps: list[Transition]
    bar: str
    can_reveal: bool
    query: str
    is_conflict: bool

    @property
    def can_decide(self) -> bool:
        return REVIEW in self.steps and not self.filed.is_late

    @property
    def people(self) -> list[tuple[cases.Worker, bool]]:
        """All people, each with True for the chosen one."""
        chosen = self.chosen.worker if self.chosen else None
        return [(worker, worker is chosen) for worker in self.workers]

    @property
    def chosen_origins(self) -> list[Origin]:
        return self.origins.of_person(self.chosen.worker.placement.person_key) if self.chosen else []

    @property
    def totals(self) -> cases.HeadTotals:
        return cases.head_totals(self.filed, self.workers)

    @property
    def months(self) -> list[tuple[cases.MonthEvidence, BoundField]]:
        """The chosen person's months, each with its field of the form."""
        if self.chosen is None or self.form is None:
            return []
        return [(row, self.form[row.field_name]) for row in self.chosen.months]


@requires(Permission.VERIFY_RETURN, Permission.VIEW_PERSONS)
@keeps_typing
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, pk: int, placement: int | None = None) -> HttpResponse:
    """The whole case; with a placement, that person's evidence and the form that decides its months."""
    filed = _filed(request, pk, Permission.VERIFY_RETURN if request.method == "POST" else Permission.VIEW_PERSONS)
    people = cases.case_workers(filed)
    worker = _chosen(people, placement)
    form = DecisionForm(**start(request), result=worker.result) if worker else None
    is_conflict = False
    if form and form.is_valid():
        try:
            _decide(request, worker, form)
        except CaseChanged as conflict:
            is_conflict = True
            people, worker, form = _keep_typing(request, filed, worker, conflict)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记录%(name)s的逐月认定。") % {"name": worker.placement.name})
            return redirect(_kept(request, "quota:case_person", filed.pk, worker.placement.pk))
    origins = origins_of(filed)
    steps, bar = open_steps(filed, STEPS, request.user, origins)
    shown = CaseView(
        filed=filed,
        workers=people,
        chosen=cases.person_evidence(filed, worker, request.user) if worker else None,
        form=form,
        origins=origins,
        steps=steps,
        bar=bar,
        can_reveal=request.user.can(Permission.REVEAL_IDENTITY, filed.employer.region_id),
        query=f"?{request.GET.urlencode()}" if request.GET else "",
        is_conflict=is_conflict,
    )
    return render(request, "quota/case.html", _context(request, shown), status=CONFLICT if is_conflict else 200)


def _keep_typing(
    request: HttpRequest, filed: HeadcountReturn, worker: cases.Worker, conflict: CaseChanged
) -> tuple[list[cases.Worker], cases.Worker, DecisionForm]:
    """Keep the typed months on top of another officer's decision: saving again is then deliberate (promise A8)."""
    people = cases.case_workers(filed)
    worker = _chosen(people, worker.placement.pk)
    typed = request.POST.copy()
    typed["seen"] = decision_seen(worker.result)
    form = DecisionForm(typed, result=worker.result)
    form.add_error(None, str(conflict))
    return people, worker, form


def _kept(request: HttpRequest, name: str, *args: Any) -> str:
    """The address of a page, with the reader's selection (quota.queries.queue.Selection) unchanged."""
    return reverse(name, args=args, query=request.GET)


def _selection(request: HttpRequest, filed: HeadcountReturn) -> Selection:
    """The selection in the address; without one, the returns in the same state as this one."""
    if "state" in request.GET:
        form = CaseQueueForm(request.GET, user=request.user, case_region=filed.employer.region_id)
        return selection_of(request, form)
    return Selection(request.user, {"levy_year": filed.levy_year}, filed.state, FIRST_SORT)


def _chosen(people: list[cases.Worker], placement: int | None) -> cases.Worker | None:
    """The requested person, else the first one with a finding, else the first."""
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
        seen=form.cleaned_data["seen"],
        actor=request.user,
    )


@requires(Permission.VERIFY_RETURN)
@require_POST
def decision_preview(request: HttpRequest, pk: int, placement: int) -> HttpResponse:
    """The case's totals with the months chosen in the form; saves nothing."""
    filed = _filed(request, pk, Permission.VERIFY_RETURN)
    people = cases.case_workers(filed)
    worker = _chosen(people, placement)
    form = DecisionForm(request.POST, result=worker.result)
    form.is_valid()  # a reason may still be missing; only the months are needed
    totals = cases.head_totals(filed, people)
    chosen = replace(totals, decided=totals.decided - worker.decided + sum(form.decided()))
    return render(request, "quota/_case_tally.html", {"filed": filed, "totals": chosen})


def _context(request: HttpRequest, shown: CaseView) -> dict[str, Any]:
    selection = _selection(request, shown.filed)
    before, after = selection.neighbours(shown.filed)
    return {
        "case": shown,
        "filed": shown.filed,
        "form": shown.form,  # its errors open the page
        "steps": [(step.name, CASE_WORDS[step.name].button) for step in shown.steps],
        "changes": unseen_changes(shown.filed) if shown.filed.has_changes else [],
        "trail": trail_of(shown.filed)[:20],
        "may_look": request.user.can(Permission.VERIFY_RETURN, shown.filed.employer.region_id),
        "before": before,
        "after": after,
        "selection": selection,
    }


@requires(Permission.VERIFY_RETURN)
@keeps_typing
@require_http_methods(["GET", "POST"])
def case_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    if step not in SERVICES:
        raise Http404
    transition, take = SERVICES[step]
    filed = _filed(request, pk, Permission.VERIFY_RETURN)
    people = cases.case_workers(filed)
    query, stand = f"?{request.GET.urlencode()}" if request.GET else "", _kept(request, "quota:case", filed.pk)
    page = StepPage(
        words=CASE_WORDS[step],
        subject=filed,
        facts="quota/_case_facts.html",
        context={
            "filed": filed,
            "totals": cases.head_totals(filed, people),
            "origins": origins_of(filed),
            "hosts": _hosts(request, filed) if transition in (VERIFY, REOPEN) else [],
        },
        crumbs=[(reverse("quota:queue") + query, _("待审核")), (stand, filed.employer)],
        stand=stand,
        about=filed.employer,
        take=lambda form: _take(request, transition, take, filed, form),
        needs_reason=transition.needs_reason,
        seen=None if transition.needs_reason else lambda: digest_of(*shown_of_return(filed)),
        form=(lambda: SendBackForm(**start(request), lacks=cases.lacks(people))) if transition is SEND_BACK else None,
        onwards=lambda: _onwards(request, filed),
        done=_done(stand, filed, CASE_WORDS[step].button),
    )
    return step_page(request, page)


def _hosts(request: HttpRequest, filed: HeadcountReturn) -> list[dispatch.Host]:
    """Employers other than the agency whose headcount this return also decides."""
    hosts = dispatch.hosts_of(filed.employer_id, filed.levy_year)
    return dispatch.known_to(request.user, hosts, Permission.VIEW_EMPLOYERS)


def _take(
    request: HttpRequest, transition: Transition, take: Callable[..., object], filed: HeadcountReturn, form: Any
) -> None:
    typed = form.typed() if transition is SEND_BACK else form.cleaned_data
    take(headcount_return=filed, actor=request.user, **typed)
    if transition.target == ReturnState.SUBMITTED:
        with enqueue_or_warn(request):
            check_return.apply_async((filed.pk,), retry=False)


def _done(back: str, filed: HeadcountReturn, step: str) -> str:
    """The message after a step, with a link back to the case."""
    return format_html('<a href="{}">{}</a>：{}', back, filed.employer, _("已办理%(step)s。") % {"step": step})


def _onwards(request: HttpRequest, filed: HeadcountReturn) -> str:
    """The next case of the selection; without a selection in the address, the same case."""
    if "state" not in request.GET:
        return _kept(request, "quota:case", filed.pk)
    before, after = _selection(request, filed).neighbours(filed)
    if waiting := after or before:
        return _kept(request, "quota:case", waiting)
    return _kept(request, "quota:queue")


@sensitive_variables("number")
@requires(Permission.REVEAL_IDENTITY)
@keeps_typing
@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, pk: int, placement: int) -> HttpResponse:
    """Ask for a reason, then show one identity number once."""
    filed = _filed(request, pk, Permission.REVEAL_IDENTITY)
    people = filed.employer.placements.filter(levy_year=filed.levy_year)
    person = get_object_or_404(people.select_related("employer"), pk=placement)
    form, number = ReasonForm(**start(request)), None
    if form.is_valid():
        number = verification.reveal_identity(placement=person, reason=form.cleaned_data["reason"], actor=request.user)
    return render(request, "quota/reveal.html", {"filed": filed, "person": person, "form": form, "number": number})


def _filed(request: HttpRequest, pk: int, permission: Permission) -> HeadcountReturn:
    """A filed return of the person's regions, with its 审核认定书's number; officers do not see drafts."""
    returns = HeadcountReturn.objects.exclude(state__in=[ReturnState.DRAFT, ReturnState.REPLACED])
    numbers = VerifiedHeadcount.objects.current().filter(headcount_return=OuterRef("pk")).values("number")
    queryset = returns.select_related("employer__region").annotate(
        certificate_number=Subquery(numbers), has_changes=UNSEEN
    )
    return scoped_object(queryset, request.user, permission, region_of="employer.region_id", pk=pk)
