"""更正, 补充核定: the proposal on an employer's year, the list of the region, the second person's decision."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.kept_forms import keeps_typing, start
from accounts.frame.refusals import turned_back
from accounts.permissions import Permission, requires
from accounts.scoping import RegionScopedQuerySet, scoped_object
from audit.errors import DomainError
from audit.models import AuditEntry
from audit.queries import trail_of
from audit.workflow import allowed
from casework.steps import decision_page, step_page
from law.amount import Assessed, Step
from levy.forms import CorrectionForm, SupplementForm
from levy.models import Assessment, Supersession
from levy.queries.corrections import (
    first_assessment,
    is_stale,
    reassess,
    refuse_reopened,
    run_that_missed,
    supplements_trail,
)
from levy.queries.explanations import explain
from levy.services import corrections
from levy.services.corrections import CORRECTIONS
from levy.workflow import (
    APPROVE_CORRECTION,
    CORRECTION_TRANSITIONS,
    CORRECTION_WORDS,
    REJECT_CORRECTION,
    SUPPLEMENT_WORDS,
)
from quota.models import Employer
from quota.queries import dispatch

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """One line of the calculation before and after a correction; either side may not have it."""

    before: Step | None
    after: Step | None

    @property
    def label(self) -> str:
        return self._either.label

    @property
    def is_changed(self) -> bool:
        return self.before is None or self.after is None or self.before.value != self.after.value

    @property
    def citation(self) -> str:
        return self._either.citation

    @property
    def _either(self) -> Step:
        step = self.after or self.before
        assert step is not None
        return step


def compared(before: Assessed, after: Assessed) -> list[ComparedStep]:
    """Both calculation sheets side by side, in the order of the new one; lines of the old one alone come last."""
    old, new = ({step.code: step for step in result.steps} for result in (before, after))
    return [ComparedStep(old.get(code), new.get(code)) for code in dict.fromkeys([*new, *old])]


@requires(Permission.RUN_ASSESSMENT)
@keeps_typing
@require_http_methods(["GET", "POST"])
def correction_propose(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    """Show the changes that today's facts give, and propose them to a second person. For an employer without an
    assessment, propose a supplement."""
    current = Assessment.objects.current().select_related("employer__region", "run__policy_version", "region")
    try:
        assessment = scoped_object(
            current, request.user, Permission.RUN_ASSESSMENT, employer__uscc=uscc, levy_year=levy_year
        )
    except Http404:
        return _propose_supplement(request, uscc, levy_year)
    form = CorrectionForm(request.POST) if request.method == "POST" else None
    try:
        refuse_reopened(assessment.employer_id, levy_year)
        shown = reassess(assessment)
        if form and form.is_valid():
            found = corrections.propose_correction(assessment=assessment, actor=request.user, **form.cleaned_data)
            messages.success(request, _("已提出更正，待另一人批准。"))
            return redirect(found)
    except DomainError as refusal:
        stand = reverse("portal:employer_year", args=[uscc, levy_year])
        return turned_back(request, refusal, form, stand)
    context = {
        "assessment": assessment,
        "hosts": _hosts(request, assessment),
        "shown": shown,
        "steps": compared(shown.before, shown.after),
        "waiting": Supersession.objects.filter(old=assessment).first(),
        "form": form or CorrectionForm(**start(request, seen=shown.seen)),
    }
    return render(request, "levy/correction_propose.html", context)


def _hosts(request: HttpRequest, assessment: Assessment) -> list[dispatch.Host]:
    """Hosts with a result of the year in which people of this employer count: each needs its own correction."""
    levy_year = assessment.levy_year
    assessed = Assessment.objects.current().filter(employer=OuterRef("pk"), levy_year=levy_year)
    hosts = dispatch.hosts_of(assessment.employer_id, levy_year).filter(Exists(assessed))
    return dispatch.known_to(request.user, hosts, Permission.RUN_ASSESSMENT)


def _propose_supplement(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    """Show the amount due of an employer that is not in its region's confirmed run, and propose it."""
    employers = Employer.objects.select_related("region")
    employer = scoped_object(employers, request.user, Permission.RUN_ASSESSMENT, uscc=uscc)
    missed = run_that_missed(employer, levy_year)
    if missed is None:
        raise Http404
    form = SupplementForm(request.POST) if request.method == "POST" else None
    try:
        refuse_reopened(employer.pk, levy_year)
        shown = first_assessment(employer, missed)
        if form and form.is_valid():
            found = corrections.propose_supplement(
                employer=employer, levy_year=levy_year, actor=request.user, **form.cleaned_data
            )
            messages.success(request, _("已提出补充核定，待另一人批准。"))
            return redirect(found)
    except DomainError as refusal:
        return turned_back(request, refusal, form, reverse("portal:employer_year", args=[uscc, levy_year]))
    waiting = Supersession.objects.filter(old=None, new__employer=employer, new__levy_year=levy_year).first()
    context = {
        "employer": employer,
        "levy_year": levy_year,
        "run": missed,
        "steps": shown.after.steps,
        "waiting": waiting,
        "form": form or SupplementForm(**start(request, seen=shown.seen)),
    }
    return render(request, "levy/supplement_propose.html", context)


@requires(Permission.VIEW_RUNS)
@require_safe
def correction_list(request: HttpRequest) -> HttpResponse:
    """Waiting corrections first, then the approved ones."""
    visible = _corrections().within_right(request.user, Permission.VIEW_RUNS)
    waiting = Paginator(visible.filter(approved_at=None).order_by("pk"), PER_PAGE)
    approved = Paginator(visible.exclude(approved_at=None), PER_PAGE)
    context = {
        "waiting": waiting.get_page(request.GET.get("waiting")),
        "approved": approved.get_page(request.GET.get("page")),
    }
    return render(request, "levy/correction_list.html", context)


@requires(Permission.VIEW_RUNS)
@require_safe
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    found = _correction(request, pk, Permission.VIEW_RUNS)
    steps = allowed(found, CORRECTION_TRANSITIONS, actor=request.user, region_code=found.new.run.region_id)
    context = {
        "correction": found,
        "steps": compared(explain(found.old), explain(found.new)) if found.old else explain(found.new).steps,
        "may_approve": APPROVE_CORRECTION in steps,
        "may_reject": REJECT_CORRECTION in steps,
        "is_own": _is_own(request, found),
        "is_stale": not found.approved_at and is_stale(found),
        "trail": _trail(found)[:20],
    }
    return render(request, "levy/correction.html", context)


@requires(Permission.CONFIRM_ASSESSMENT)
@keeps_typing
@require_http_methods(["GET", "POST"])
def correction_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    found = _correction(request, pk, Permission.CONFIRM_ASSESSMENT)
    year = resolve_url("portal:employer_year", found.new.employer.uscc, found.new.levy_year)
    page = decision_page(
        CORRECTIONS,
        found,
        step,
        request.user,
        words=CORRECTION_WORDS if found.old else SUPPLEMENT_WORDS,
        facts="levy/_correction_facts.html",
        context={"correction": found},
        crumbs=[(reverse("levy:correction_list"), _("更正")), (found.get_absolute_url(), found.new.employer)],
        onwards=lambda: year,
    )
    return step_page(request, page)


def _trail(found: Supersession) -> QuerySet[AuditEntry]:
    if found.old:
        return trail_of(found.old)
    return supplements_trail(found.new.employer, found.new.levy_year)


def _is_own(request: HttpRequest, found: Supersession) -> bool:
    return found.proposed_by_id == request.user.pk


def _corrections() -> RegionScopedQuerySet:
    return Supersession.objects.order_by("-pk").select_related(
        "new__employer",
        "old__employer",
        "old__region",
        "new__region",
        "old__run",
        "new__run",
        "proposed_by",
        "approved_by",
    )


def _correction(request: HttpRequest, pk: int, permission: Permission) -> Supersession:
    found = _corrections().select_related("old__run__policy_version", "new__run__policy_version")
    return scoped_object(found, request.user, permission, region_of="subject.region_id", pk=pk)
