"""文书核验: anyone with a document can check that it is genuine and still in force."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.frame.throttle import come_back_later, is_too_often
from disclosure.forms import DocumentCheckForm
from levy.queries.documents import check_document

CHECKS_PER_MINUTE = 60  # enough for a queue at a counter behind one address, too few to guess codes


@login_not_required
@never_cache
@require_safe
def document_check(request: HttpRequest) -> HttpResponse:
    if not request.GET:
        return render(request, "disclosure/document_check.html", {"form": DocumentCheckForm()})
    if is_too_often(request, "document-check", CHECKS_PER_MINUTE):
        return come_back_later(request)
    form = DocumentCheckForm(request.GET)
    context = {"form": form}
    if form.is_valid():
        context |= {"is_asked": True, "answer": check_document(**form.cleaned_data)}
    return render(request, "disclosure/document_check.html", context)
