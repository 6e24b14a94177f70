"""试算: the amount of a return during typing, on a separate page; with a script, beside the form."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.frame.kept_forms import keeps_typing, taken_back
from accounts.permissions import Permission, requires
from levy.queries.facts import FactsBasis
from portal.queries.forecasts import forecast
from quota.forms import ReturnForm
from quota.models import HeadcountReturn
from quota.queries.returns import EDITABLE


@requires(Permission.FILE_RETURN)
@keeps_typing
@require_http_methods(["GET", "POST"])
def return_amount(request: HttpRequest, pk: int) -> HttpResponse:
    """Saves nothing: the page takes the typed values back to the form, or on to saving."""
    own = HeadcountReturn.objects.filter(employer__memberships__user=request.user, state__in=EDITABLE)
    draft = get_object_or_404(own.select_related("employer__region"), pk=pk)
    typed = request.POST if request.method == "POST" else taken_back(request)
    if not typed:
        return redirect("quota:return", draft.pk)
    form, assessed = ReturnForm(typed), None
    if form.is_valid():
        given = form.numbers()
        assessed = forecast(draft, given["staff_by_month"], given["total_wages"])
    context = {"draft": draft, "form": form, "assessed": assessed, "basis": FactsBasis.DECLARED}
    return render(request, "portal/return_amount.html", context)
