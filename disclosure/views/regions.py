"""The pages of regions: the list, one region's year, two regions side by side."""

from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.frame.throttle import come_back_later, is_too_often
from accounts.models import Region
from disclosure.forms import CompareForm
from disclosure.models import Publication, PublishedRegion
from disclosure.queries.region_page import RegionPage, heads_chart, latest_year, ratio_chart, region_page, tables
from disclosure.views.caching import public_page
from disclosure.views.open_data import listed
from law.policy import POLICY_YEARS

FEWEST_YEARS_OF_A_CHART = 2
COMPARISONS_PER_MINUTE = 60


@public_page
def regions(request: HttpRequest) -> HttpResponse:
    """The regions that publish, each with its newest year."""
    published = (
        Publication.objects.public()
        .values("region_id", "region__name")
        .annotate(levy_year=Max("levy_year"))
        .order_by("region_id")
    )
    return render(request, "disclosure/regions.html", {"published": published})


@public_page
def region_newest(request: HttpRequest, code: str) -> HttpResponse:
    """A region's page in the year that the form asks for, else in its newest year."""
    region = get_object_or_404(Region, code=code)
    asked = request.GET.get("year", "")
    levy_year = next((year for year in POLICY_YEARS if asked == str(year)), None) or latest_year(region.code)
    if levy_year is None:
        return render(request, "disclosure/region_empty.html", {"region": region})
    return redirect("disclosure:region", code=code, levy_year=levy_year)


@public_page
def region(request: HttpRequest, code: str, levy_year: int) -> HttpResponse:
    page = region_page(code, levy_year)
    if page is None:
        place = get_object_or_404(Region, code=code)
        return render(request, "disclosure/region_empty.html", {"region": place, "levy_year": levy_year})
    context = {
        "page": page,
        "publication": page.publication,
        "files": listed(page.publication),
        "tables": tables(page),
    }
    return render(request, "disclosure/region.html", context | _charts(page))


def _charts(page: RegionPage) -> dict[str, Any]:
    if len(page.years) < FEWEST_YEARS_OF_A_CHART or page.required_ratio is None:
        return {}
    return {"heads": heads_chart(page.years), "ratio": ratio_chart(page.years, page.required_ratio)}


@public_page
def compare(request: HttpRequest) -> HttpResponse:
    """Two regions of one published year."""
    if is_too_often(request, "compare", COMPARISONS_PER_MINUTE):
        return come_back_later(request)
    form = CompareForm(request.GET if "second" in request.GET else None, initial=request.GET.dict(), places=_places())
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        chosen = form.cleaned_data
        context["pages"] = [region_page(chosen[name], chosen["year"]) for name in ("first", "second")]
        context["levy_year"] = chosen["year"]
    return render(request, "disclosure/region_compare.html", context)


def _places() -> list[tuple[int, str, str]]:
    """Year, code and name of every published region."""
    lines = PublishedRegion.objects.filter(publication__in=Publication.objects.public(), is_own=False)
    return list(lines.order_by("publication__levy_year", "code").values_list("publication__levy_year", "code", "name"))
