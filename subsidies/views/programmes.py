"""Programmes: the terms of a region's text, checking them, computing a year's awards, approving them as one list."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.frame.kept_forms import keeps_typing, start
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from casework.steps import StepPage, step_page
from subsidies.forms import CheckForm, ShownListForm, YearForm
from subsidies.models import AwardState, Programme
from subsidies.services import awards as services
from subsidies.services.awards import PROGRAMMES
from subsidies.workflow import CHECK_WORDS, LIST_WORDS


@requires(Permission.DECIDE_AWARD)
@require_safe
def programme_list(request: HttpRequest) -> HttpResponse:
    programmes = Programme.objects.within_right(request.user, Permission.DECIDE_AWARD).select_related("region")
    return render(request, "subsidies/programme_list.html", {"programmes": programmes})


@requires(Permission.DECIDE_AWARD)
@require_safe
def programme_detail(request: HttpRequest, pk: int) -> HttpResponse:
    programme = _programme(request, pk)
    years = (
        programme.awards.order_by("-levy_year", "state")
        .values("levy_year", "state")
        .annotate(count=Count("pk"), amount=Sum("amount"))
    )
    context = {
        "programme": programme,
        "years": [{**row, "state": AwardState(row["state"])} for row in years],
        "form": YearForm(),
        "trail": trail_of(programme)[:20],
    }
    return render(request, "subsidies/programme_detail.html", context)


@requires(Permission.DECIDE_AWARD)
@keeps_typing
@require_http_methods(["GET", "POST"])
def programme_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the programme into effect after a comparison with its text."""
    programme = _programme(request, pk)
    page = StepPage(
        words=CHECK_WORDS,
        subject=programme,
        facts="subsidies/_programme_to_check.html",
        context={"programme": programme},
        crumbs=_way_to(programme),
        stand=programme,
        take=lambda form: PROGRAMMES.approve(programme, actor=request.user, **form.cleaned_data),
        form=lambda: CheckForm(**start(request, seen=PROGRAMMES.seen(programme))),
    )
    return step_page(request, page)


@requires(Permission.DECIDE_AWARD)
@require_POST
def programme_compute(request: HttpRequest, pk: int) -> HttpResponse:
    programme = _programme(request, pk)
    form = YearForm(request.POST)
    if form.is_valid():
        try:
            count = services.compute_awards(programme=programme, actor=request.user, **form.cleaned_data)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已计算，%s户待批准。") % count)
    return redirect(programme)


@requires(Permission.DECIDE_AWARD)
@require_http_methods(["GET", "POST"])
def programme_approve(request: HttpRequest, pk: int, levy_year: int) -> HttpResponse:
    """Approve all proposals of one year, as listed on the page."""
    programme = _programme(request, pk)
    proposed = programme.awards.filter(levy_year=levy_year, state=AwardState.PROPOSED)
    shown = proposed.in_force().totals()
    page = StepPage(
        words=LIST_WORDS,
        facts="subsidies/_list_facts.html",
        context={
            "programme": programme,
            "levy_year": levy_year,
            "totals": shown,
            "replaced": proposed.count() - shown["count"],
        },
        crumbs=_way_to(programme),
        stand=programme,
        form=lambda: ShownListForm(request.POST if request.method == "POST" else None, initial=shown),
        take=lambda form: services.approve_proposed(
            programme=programme, levy_year=levy_year, actor=request.user, **form.cleaned_data
        ),
        done=_("已批准%s户。") % shown["count"],
    )
    return step_page(request, page)


def _way_to(programme: Programme) -> list[tuple[str, str]]:
    return [
        (reverse("subsidies:programme_list"), _("奖励办法")),
        (programme.get_absolute_url(), programme.document_number),
    ]


def _programme(request: HttpRequest, pk: int) -> Any:
    programmes = Programme.objects.select_related("region", "approved_by", "entered_by")
    return scoped_object(programmes, request.user, Permission.DECIDE_AWARD, pk=pk)
