"""Pages in plain words: the levy, its terms, help, accessibility, personal information."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from disclosure.forms import ExampleForm
from disclosure.lexicon import GROUPS
from disclosure.queries.accessibility import statement
from disclosure.queries.worked_example import NEWEST, periods, worked_example
from disclosure.sources import SOURCES
from disclosure.views.caching import public_page


@public_page
def how_it_works(request: HttpRequest) -> HttpResponse:
    """The example with the parameters of a region and year; an unknown choice counts as no choice."""
    form = ExampleForm(request.GET if request.GET else {"levy_year": NEWEST})
    chosen = form.cleaned_data if form.is_valid() else {"levy_year": NEWEST, "region": ""}
    context = {
        "form": form,
        "example": worked_example(chosen["levy_year"], chosen["region"]),
        "periods": list(periods()),
        "first_unlisted": NEWEST + 1,
    }
    return render(request, "disclosure/how_it_works.html", context)


@public_page
def lexicon(request: HttpRequest) -> HttpResponse:
    return render(request, "disclosure/lexicon.html", {"groups": GROUPS, "sources": SOURCES})


@public_page
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "disclosure/help.html", {"contacts": settings.CONTACTS})


@public_page
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "disclosure/accessibility.html", {"statement": statement(), "contacts": settings.CONTACTS})


@public_page
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "disclosure/privacy.html", {"contacts": settings.CONTACTS})
