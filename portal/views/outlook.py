"""如果多安排: the effect of one more person from a month on, and the people needed to reach the next band."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from law.policy import POLICY_YEARS
from portal.forms import HireForm
from portal.queries.outlook import PLANNED_PEOPLE, outlook
from quota.queries.employers import visible_employer

ORDINARY = 1


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def what_if(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    """By GET, without storing anything, so that a reader can bookmark, print and share an answer."""
    employer, today = visible_employer(request, uscc), timezone.localdate()
    if not min(POLICY_YEARS) <= levy_year <= today.year + 1:
        raise Http404
    found = outlook(employer, levy_year, today, is_own=employer.is_own)
    context: dict[str, Any] = {
        "employer": employer,
        "levy_year": levy_year,
        "outlook": found,
        "tabs": _tabs(uscc, levy_year, today.year),
        "planned": PLANNED_PEOPLE,
    }
    if found is not None:
        form = HireForm(request.GET if "people" in request.GET else None, first_month=found.first_month)
        is_asked = form.is_bound and form.is_valid()
        context |= {
            "form": form,
            "change": found.change(**form.cleaned_data) if is_asked else None,
            "plan": found.plan(form.cleaned_data["weight"] if is_asked else ORDINARY),
        }
    return render(request, "portal/what_if.html", context)


def _tabs(uscc: str, levy_year: int, running: int) -> list[dict[str, Any]]:
    """The chosen year, the last finished one, the running one and the next one."""
    stages = {
        running - 1: _("%(year)s年度，已结束"),
        running: _("%(year)s年度，进行中"),
        running + 1: _("%(year)s年度"),
    }
    years = sorted({levy_year, *stages})
    return [
        {
            "url": reverse("portal:what_if", args=[uscc, year]),
            "label": stages.get(year, _("%(year)s年度，已结束")) % {"year": year},
            "current": year == levy_year,
        }
        for year in years
    ]
