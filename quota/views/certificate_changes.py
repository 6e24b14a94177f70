"""Returns whose certificates have changed: the list, and the officer's look at one."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.kept_forms import keeps_typing
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from casework.step_words import StepWords
from casework.steps import StepPage, step_page
from quota.models import HeadcountReturn
from quota.queries.certificate_changes import affected_returns, shown_of_changes, unseen_changes
from quota.services.certificate_changes import look_at_changes

PER_PAGE = 25
LOOKED = StepWords(
    gettext_lazy("证件变化已核对"),
    gettext_lazy("确认证件变化已核对"),
    gettext_lazy("只记录核对结果。需要重新认定的，另行办理。"),
)


@requires(Permission.VERIFY_RETURN, Permission.VIEW_PERSONS)
@require_safe
def certificate_changes(request: HttpRequest) -> HttpResponse:
    affected = affected_returns(request.user).select_related("employer__region").order_by("-levy_year", "pk")
    page = Paginator(affected, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "quota/certificate_changes.html", {"page": page})


@requires(Permission.VERIFY_RETURN)
@keeps_typing
@require_http_methods(["GET", "POST"])
def certificate_changes_seen(request: HttpRequest, pk: int) -> HttpResponse:
    returns = HeadcountReturn.objects.in_force().select_related("employer__region")
    filed = scoped_object(returns, request.user, Permission.VERIFY_RETURN, region_of="employer.region_id", pk=pk)
    stand = reverse("quota:case", args=[filed.pk])
    page = StepPage(
        words=LOOKED,
        facts="quota/_certificate_changes.html",
        context={"changes": unseen_changes(filed)},
        subject=filed,
        seen=lambda: shown_of_changes(filed),
        crumbs=[(reverse("quota:certificate_changes"), _("证件变化影响的申报")), (stand, filed.employer)],
        stand=stand,
        about=filed.employer,
        take=lambda form: look_at_changes(headcount_return=filed, actor=request.user, **form.cleaned_data),
        needs_reason=True,
    )
    return step_page(request, page)
