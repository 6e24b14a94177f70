"""Employers for officers and for themselves: search, and one employer's year with the explained amount."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from audit.services import trail_of
from levy.models import Assessment, Notice, Supersession
from levy.models.assessments import WITHOUT_FIGURES
from levy.policy import POLICY_YEARS
from levy.services.years import EmployerYear, employer_year, stages
from quota import names
from quota.identifiers import mask_identity
from quota.identity import decrypt
from quota.models import Employer, PlacementCheck
from quota.strips import month_cells

PER_PAGE = 25
MOST_FOUND = 10 * PER_PAGE


@requires(Permission.VIEW_EMPLOYERS)
@require_safe
def employer_search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"q": text, "levy_year": max(POLICY_YEARS) - 1}
    if len(text) >= names.SHORTEST:
        matching = Employer.objects.visible_to(request.user).search(text).select_related("region")
        found = list(matching[: MOST_FOUND + 1])
        context |= {
            "is_cut_off": len(found) > MOST_FOUND,
            "most": MOST_FOUND,
            "page": Paginator(found[:MOST_FOUND], PER_PAGE).get_page(request.GET.get("page")),
        }
    return render(request, "levy/employer_search.html", context)


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def employer_year_page(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    employer = visible_employer(request, uscc)
    year = employer_year(employer, levy_year)
    context = {
        "employer": employer,
        "levy_year": levy_year,
        "year": year,
        "stages": stages(year),
        "years": years_of(employer, levy_year),
        "workers": workers_of(request, employer, levy_year),
        "corrections": corrections_of(employer, levy_year),
        "notices": notices_of(employer),
        "acts": acts_of(request, employer, year),
        "trail": trail_of(*filter(None, (year.filed, *employer.assessments.filter(levy_year=levy_year))))[:20],
    }
    return render(request, "levy/employer_year.html", context)


def visible_employer(request: HttpRequest, uscc: str) -> Employer:
    """The person's own employer, or one of an officer's region: 404 outside, 403 without the right."""
    employer = Employer.objects.visible_to(request.user).select_related("region").filter(uscc=uscc).first()
    if employer is None:
        raise Http404
    is_own = employer.memberships.filter(user=request.user).exists()
    if not is_own and not request.user.can(Permission.VIEW_EMPLOYERS, employer.region_id):
        raise PermissionDenied
    return employer


def workers_of(request: HttpRequest, employer: Employer, levy_year: int) -> list[dict[str, Any]] | None:
    """The disabled workers with their twelve months; None for whoever may see counts only."""
    is_own = employer.memberships.filter(user=request.user).exists()
    if not is_own and not request.user.can(Permission.VIEW_PERSONS, employer.region_id):
        return None
    checks = PlacementCheck.objects.filter(placement__employer=employer, placement__levy_year=levy_year)
    return [
        {
            "name": check.placement.name,
            "identity": mask_identity(decrypt(check.placement.identity_encrypted)),
            "weight": check.weight,
            "credited": sum(check.decided),
            "cells": month_cells(check),
        }
        for check in checks.select_related("placement").order_by("placement__pk")
    ]


def acts_of(request: HttpRequest, employer: Employer, year: EmployerYear) -> list[str]:
    """What the officer may do here about a confirmed result: correct it, issue its notice."""
    if year.assessment is None:
        return []
    acts = []
    if request.user.can(Permission.RUN_ASSESSMENT, employer.region_id):
        acts.append("correct")
    is_due = year.assessment.outcome not in WITHOUT_FIGURES and not hasattr(year.assessment, "notice")
    if is_due and request.user.can(Permission.CONFIRM_ASSESSMENT, employer.region_id):
        acts.append("issue")
    return acts


def corrections_of(employer: Employer, levy_year: int) -> list[Supersession]:
    """Waiting and approved corrections of the year, newest first."""
    found = Supersession.objects.filter(old__employer=employer, old__levy_year=levy_year)
    return list(found.select_related("old", "new", "proposed_by").order_by("-pk"))


def notices_of(employer: Employer) -> list[Notice]:
    """Every notice that was issued to the employer, newest first."""
    found = Notice.objects.filter(assessment__employer=employer)
    return list(found.select_related("assessment__superseded_by"))


def years_of(employer: Employer, levy_year: int) -> list[Assessment]:
    """Confirmed results of other years, newest first."""
    return list(
        Assessment.objects.current().filter(employer=employer).exclude(levy_year=levy_year).order_by("-levy_year")
    )
