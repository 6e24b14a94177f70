"""费额测算: the rules of the annual run for any figures a reader enters, with every step. Stores nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.exceptions import ValidationError

from accounts.frame.throttle import come_back_later, is_too_often
from disclosure.forms import CalculatorForm
from disclosure.views.caching import public_page
from law.amount import Assessed, marginal
from levy.queries.estimates import assessed_estimate

ESTIMATES_PER_MINUTE = 60


@public_page
def calculator(request: HttpRequest) -> HttpResponse:
    """The form, and below it the answer. By GET, so that a reader can bookmark, share and print an answer."""
    form = CalculatorForm(request.GET if "levy_year" in request.GET else None)
    context: dict[str, Any] = {"form": form}
    if form.is_bound:
        if is_too_often(request, "estimate", ESTIMATES_PER_MINUTE):
            return come_back_later(request)
        if form.is_valid() and (assessed := _assessed(form)) is not None:
            context |= {"assessed": assessed, "margin": marginal(assessed.facts, assessed.terms)}
    return render(request, "disclosure/calculator.html", context)


def _assessed(form: CalculatorForm) -> Assessed | None:
    """The service behind the API; its refusals appear at the fields they name."""
    try:
        return assessed_estimate(form.payload())
    except ValidationError as refusal:
        form.take_refusals(refusal.detail)
        return None
