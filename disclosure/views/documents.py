"""文书核验: anybody who holds a document can ask whether it is genuine and still in force."""

import math

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.throttling import SimpleRateThrottle

from disclosure.forms import DocumentCheckForm
from levy.services.notices import check_document


class CheckThrottle(SimpleRateThrottle):
    """Enough for a queue at a counter behind one address, too little to hunt for codes."""

    rate = "60/min"

    def get_cache_key(self, request: HttpRequest, view: object) -> str:
        return f"document-check-{self.get_ident(request)}"


@login_not_required
@never_cache
@require_safe
def document_check(request: HttpRequest) -> HttpResponse:
    if not request.GET:
        return render(request, "disclosure/document_check.html", {"form": DocumentCheckForm()})
    throttle = CheckThrottle()
    if not throttle.allow_request(request, None):
        response = render(request, "errors/429.html", status=429)
        response["Retry-After"] = str(math.ceil(throttle.wait() or 1))
        return response
    form = DocumentCheckForm(request.GET)
    context = {"form": form}
    if form.is_valid():
        context |= {"is_asked": True, "answer": check_document(**form.cleaned_data)}
    return render(request, "disclosure/document_check.html", context)
