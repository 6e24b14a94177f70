"""Administrators' pages: waiting and decided changes of access, and the second person's decision."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from access.queries.reach import changes_in_reach
from access.services.changes import ACCESS
from access.workflow import CHANGE_TRANSITIONS, STEP_WORDS
from accounts.frame.kept_forms import keeps_typing
from accounts.permissions import Permission, requires
from audit.workflow import allowed
from casework.decisions import ProposalState
from casework.steps import decision_page, step_page

PER_PAGE = 25


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def change_list(request: HttpRequest) -> HttpResponse:
    """Waiting changes first, then the decided ones."""
    changes = changes_in_reach(request.user)
    waiting = [
        (change, allowed(change, CHANGE_TRANSITIONS, actor=request.user, region_code=change.region_id))
        for change in changes.filter(state=ProposalState.PROPOSED)
    ]
    decided = changes.exclude(state=ProposalState.PROPOSED).select_related("approved_by", "rejected_by")
    page = Paginator(decided, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "access/change_list.html", {"waiting": waiting, "page": page})


@requires(Permission.MANAGE_PEOPLE)
@keeps_typing
@require_http_methods(["GET", "POST"])
def change_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    change = get_object_or_404(changes_in_reach(request.user), pk=pk)
    page = decision_page(
        ACCESS,
        change,
        step,
        request.user,
        words=STEP_WORDS,
        facts="access/_change_facts.html",
        context={"change": change},
        crumbs=[(reverse("access:change_list"), _("权限变更"))],
        stand="access:change_list",
        about=change,
    )
    return step_page(request, page)
