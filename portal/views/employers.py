"""Employers, for officers and for themselves: search, and one employer's year with the explained amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from audit.models import AuditEntry
from audit.queries import trail_of
from law.policy import POLICY_YEARS
from levy.models import Notice, Supersession
from levy.models.assessments import WITHOUT_FIGURES
from levy.queries.corrections import run_that_missed, supplements_trail
from portal.queries.dates import Deadline, calendar, deadlines
from portal.queries.history import history
from portal.queries.papers import papers_of, papers_of_rows
from portal.queries.years import EmployerYear, comparison, employer_year, year_stages
from quota import names
from quota.forms import levy_years
from quota.models import Employer, HeadcountReturn, PlacementCheck
from quota.queries.employers import visible_employer
from quota.queries.month_strip import awaiting_cells, month_cells

PER_PAGE = 25
MOST_FOUND = 10 * PER_PAGE


@requires(Permission.VIEW_EMPLOYERS)
@require_safe
def employer_search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"q": text, "levy_year": max(POLICY_YEARS) - 1}
    if len(text) >= names.SHORTEST:
        matching = (
            Employer.objects.within_right(request.user, Permission.VIEW_EMPLOYERS)
            .search(text)
            .select_related("region")
        )
        found = list(matching[: MOST_FOUND + 1])
        context |= {
            "is_cut_off": len(found) > MOST_FOUND,
            "most": MOST_FOUND,
            "page": Paginator(found[:MOST_FOUND], PER_PAGE).get_page(request.GET.get("page")),
        }
    return render(request, "portal/employer_search.html", context)


@dataclass(frozen=True, slots=True)
class YearView:
    """One employer's year with the parts of its page that one reader may see.

    `is_own`: the reader is its clerk; `is_over`: returns of the year may be filed; `workers` is None where the reader
    may see counts only; `acts` are the officer's actions on the result.
    """

    employer: Employer
    levy_year: int
    year: EmployerYear
    is_own: bool
    is_over: bool
    dates: list[Deadline]
    workers: list[dict[str, Any]] | None
    acts: list[str]

    @property
    def is_awaited(self) -> bool:
        """The reader is the employer's clerk, and no officer has decided the return."""
        return self.is_own and (self.year.filed is None or self.year.declared_months is not None)

    @property
    def draft(self) -> HeadcountReturn | None:
        """The return that the reader may still edit."""
        return self.year.draft if self.is_own else None


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def employer_year_page(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    employer = visible_employer(request, uscc)
    today, is_own = timezone.localdate(), employer.is_own
    year = employer_year(employer, levy_year, is_own=is_own)
    notices = notices_of(employer, levy_year) if year.assessment else []
    corrections = corrections_of(employer, levy_year) if year.assessment and not is_own else []
    shown = YearView(
        employer=employer,
        levy_year=levy_year,
        year=year,
        is_own=is_own,
        is_over=levy_year < today.year,
        dates=deadlines(levy_year, year, today),
        workers=workers_of(request, employer, year, levy_year),
        acts=acts_of(request, employer, levy_year, year),
    )
    context = {
        "employer": employer,
        "levy_year": levy_year,
        "year": year,
        "shown": shown,
        "stages": year_stages(year),
        "comparison": comparison(year, levy_year),
        "papers": papers_of_rows(year.returns if is_own else [], year.headcounts, notices),
        "corrections": corrections,
        "events": history(employer, levy_year) if is_own else None,
        "trail": [] if is_own else officers_trail(employer, levy_year, year, corrections),
        "reads_corrections": request.user.can(Permission.VIEW_RUNS, employer.region_id),
    }
    return render(request, "portal/employer_year.html", context)


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def employer_dates(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    """The year's deadlines for a calendar program."""
    employer = visible_employer(request, uscc)
    year = employer_year(employer, levy_year, is_own=employer.is_own)
    days = deadlines(levy_year, year, timezone.localdate())
    answer = HttpResponse(calendar(employer, levy_year, days, timezone.now()), content_type="text/calendar")
    answer["Content-Disposition"] = f'attachment; filename="{uscc}-{levy_year}.ics"'
    return answer


@requires(Permission.FILE_RETURN)
@require_safe
def my_documents(request: HttpRequest) -> HttpResponse:
    """The documents of the clerk's own employers, one levy year at a time."""
    years = [year for year, _label in levy_years()]
    asked = request.GET.get("levy_year", "")
    levy_year = int(asked) if asked in map(str, years) else years[0]
    own = Employer.objects.filter(memberships__user=request.user)
    page = Paginator(papers_of(own, levy_year), PER_PAGE).get_page(request.GET.get("page"))
    tabs = [{"url": f"?levy_year={year}", "label": year, "current": year == levy_year} for year in years[:5]]
    return render(request, "portal/my_documents.html", {"page": page, "tabs": tabs})


def workers_of(
    request: HttpRequest, employer: Employer, year: EmployerYear, levy_year: int
) -> list[dict[str, Any]] | None:
    """The disabled workers with their twelve months; None for a reader who may see counts only. An employer's clerk
    sees nothing but the claimed months until an officer has decided the return (docs/decisions/0017)."""
    if employer.is_own and (year.filed is None or year.declared_months is not None):
        claimed = employer.placements.filter(levy_year=levy_year).order_by("pk")
        return [
            {"name": row.name, "identity": row.masked_identity, "cells": awaiting_cells(row, levy_year)}
            for row in claimed
        ]
    if not employer.is_own and not request.user.can(Permission.VIEW_PERSONS, employer.region_id):
        return None
    checks = PlacementCheck.objects.filter(placement__employer=employer, placement__levy_year=levy_year)
    return [
        {
            "name": check.placement.name,
            "identity": check.placement.masked_identity,
            "weight": check.weight,
            "credited": sum(check.decided),
            "cells": month_cells(check),
        }
        for check in checks.select_related("placement").order_by("placement__pk")
    ]


def acts_of(request: HttpRequest, employer: Employer, levy_year: int, year: EmployerYear) -> list[str]:
    """The officer's actions on a confirmed result: correct it, issue its notice.

    The result belongs to the region that assessed it; a correction also to the employer's present region. An employer
    that is missing in its region's confirmed run is assessed by a supplement.
    """
    if year.assessment is None:
        may_run = request.user.can(Permission.RUN_ASSESSMENT, employer.region_id)
        return ["supplement"] if may_run and run_that_missed(employer, levy_year) else []
    acts, assessed_in = [], year.assessment.region_id
    if all(request.user.can(Permission.RUN_ASSESSMENT, code) for code in (assessed_in, employer.region_id)):
        acts.append("correct")
    is_due = year.assessment.outcome not in WITHOUT_FIGURES and not hasattr(year.assessment, "notice")
    if is_due and request.user.can(Permission.CONFIRM_ASSESSMENT, assessed_in):
        acts.append("issue")
    return acts


def corrections_of(employer: Employer, levy_year: int) -> list[Supersession]:
    """Waiting and approved corrections of the year, newest first."""
    found = Supersession.objects.filter(new__employer=employer, new__levy_year=levy_year)
    return list(found.select_related("old", "new", "proposed_by").order_by("-pk"))


def notices_of(employer: Employer, levy_year: int) -> list[Notice]:
    """Every notice of the year, replaced ones too, newest first."""
    found = Notice.objects.filter(assessment__employer=employer, assessment__levy_year=levy_year)
    return list(found.select_related("assessment__employer", "assessment__superseded_by"))


def officers_trail(
    employer: Employer, levy_year: int, year: EmployerYear, corrections: Sequence[Supersession]
) -> QuerySet[AuditEntry]:
    """Actions on the year's return and results, with their authors."""
    corrected = (row for correction in corrections for row in (correction.old, correction.new))
    about = trail_of(*filter(None, {year.filed, year.assessment, *corrected}))
    return (about | supplements_trail(employer, levy_year))[:20]
