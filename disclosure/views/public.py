"""Public pages: home, search, an employer's years."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.frame.throttle import come_back_later, is_too_often
from accounts.models import Region
from disclosure.forms import SearchForm
from disclosure.models import Publication, PublishedEntry, PublishedRegion
from disclosure.models.published import EntryQuerySet
from disclosure.views.caching import public_page

SEARCHES_PER_MINUTE = 30
UNITS_PER_MINUTE = 120  # an office reads many behind one address
PER_PAGE = 20
MOST_FOUND = 10 * PER_PAGE


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """The tasks of the site, and the newest figures of each region that publishes for itself."""
    newest = Publication.objects.public().aggregate(year=Max("levy_year"))["year"]
    latest = Publication.objects.public().filter(levy_year=newest).select_related("region").order_by("region")
    return render(request, "disclosure/home.html", {"levy_year": newest, "publications": latest, "form": _form(None)})


@public_page
def search(request: HttpRequest) -> HttpResponse:
    form = _form(request.GET if "q" in request.GET else None)
    context: dict[str, Any] = {"form": form, "is_asked": form.is_bound, "most": MOST_FOUND}
    if form.is_bound:
        if is_too_often(request, "search", SEARCHES_PER_MINUTE):
            return come_back_later(request)
        if form.is_valid():
            found = list(_found(form).values_list("pk", flat=True)[: MOST_FOUND + 1])
            page = Paginator(found[:MOST_FOUND], PER_PAGE).get_page(request.GET.get("page"))
            # Read whole rows only for this page: reading them for all hits took most of a search's time.
            rows = PublishedEntry.objects.select_related("publication").in_bulk(page.object_list)
            page.object_list = [rows[pk] for pk in page.object_list]
            context |= {"is_cut_off": len(found) > MOST_FOUND, "page": page}
    return render(request, "disclosure/search.html", context)


def _form(asked: Any) -> SearchForm:
    years = list(Publication.objects.public().order_by("-levy_year").values_list("levy_year", flat=True).distinct())
    wide = PublishedRegion.objects.filter(
        publication__in=Publication.objects.public(), is_own=False, level__lt=Region.Level.COUNTY
    )
    regions = wide.order_by("code").values_list("code", "name").distinct("code")
    return SearchForm(asked, years=years, regions=list(regions))


def _found(form: SearchForm) -> EntryQuerySet:
    """Entries of the chosen year, or of the newest, in the order of an index, so that a broad search stops early."""
    years = [year for year, _label in form.fields["year"].choices]
    year = form.cleaned_data["year"] or (years[0] if years else 0)
    published = Publication.objects.public().filter(levy_year=year).values_list("pk", flat=True)
    entries = PublishedEntry.objects.filter(publication__in=list(published))
    if form.cleaned_data["region"]:
        entries = entries.filter(region_code__startswith=Region(code=form.cleaned_data["region"]).prefix)
    return entries.search(form.cleaned_data["q"]).order_by("publication_id", "uscc")


@public_page
def employer(request: HttpRequest, uscc: str, levy_year: int | None = None) -> HttpResponse:
    """One employer's year (the newest by default), and below it every published year."""
    if is_too_often(request, "unit", UNITS_PER_MINUTE):
        return come_back_later(request)
    entries = list(
        PublishedEntry.objects.public()
        .filter(uscc=uscc)
        .select_related("publication__region")
        .order_by("-publication__levy_year", "-publication__published_at")
    )
    entry = next((e for e in entries if levy_year in (None, e.publication.levy_year)), None)
    if entry is None:
        raise Http404
    return render(request, "disclosure/employer.html", {"entry": entry, "entries": entries})
