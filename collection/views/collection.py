"""Collection: a region's year with the employers whose amounts differ, and one employer's account over the years."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from audit.errors import DomainError
from audit.services import record
from casework.desk import panels
from collection.desk import COLLECTION
from collection.forms import SurchargeForm
from collection.queries import account as ledger
from collection.queries.cases import CASES, CaseList, both_sides, cases_csv, collected, receipts_by_month
from law.policy import POLICY_YEARS, PolicyYearMissing
from levy.forms import ScopeForm
from quota.models import Employer
from quota.queries.employers import visible_employer

PER_PAGE = 50
DOWNLOAD = "levy.collection.download"


def _scope(request: HttpRequest) -> ScopeForm:
    """The year and region of the form; by default the newest closed year and the person's own region."""
    form = ScopeForm(user=request.user, permission=Permission.DOWNLOAD_LEVY_LIST)
    first = form.fields["region"].queryset.order_by("code").first()
    asked = {"levy_year": max(POLICY_YEARS) - 1, "region": first and first.pk} | request.GET.dict()
    return ScopeForm(asked, user=request.user, permission=Permission.DOWNLOAD_LEVY_LIST)


def _case(request: HttpRequest) -> str:
    case = request.GET.get("case", "arrears")
    if case not in CASES:
        raise Http404
    return case


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def collection(request: HttpRequest) -> HttpResponse:
    form, case = _scope(request), _case(request)
    context: dict[str, Any] = {"form": form, "case": case, "case_label": CASES[case]}
    if form.is_valid():
        year, region = form.cleaned_data["levy_year"], form.cleaned_data["region"]
        sides = both_sides(year, region)
        figures = collected(sides)
        page = Paginator(CaseList(sides, case), PER_PAGE)
        page.count = figures.counts[case]  # already known: counted together with the sums, by the same condition
        context |= {
            "levy_year": year,
            "region": region,
            "figures": figures,
            "months": receipts_by_month(sides),
            "tabs": [_tab(request, name, figures.counts[name], case) for name in CASES],
            "sum": figures.sums[case],
            "page": page.get_page(request.GET.get("page")),
            "panels": panels(COLLECTION, request.user, levy_year=year, region=region),
        }
    return render(request, "collection/collection.html", context)


def _tab(request: HttpRequest, name: str, count: int, current: str) -> dict[str, Any]:
    kept = request.GET.copy()
    kept["case"] = name
    kept.pop("page", None)
    return {"url": f"?{kept.urlencode()}", "label": CASES[name], "count": count, "current": name == current}


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def collection_file(request: HttpRequest) -> HttpResponse:
    """One of the lists as a file; the download is recorded."""
    form, case = _scope(request), _case(request)
    if not form.is_valid():
        raise Http404
    year, region = form.cleaned_data["levy_year"], form.cleaned_data["region"]
    sides = both_sides(year, region)
    details = {"levy_year": year, "case": case, "rows": collected(sides).counts[case]}
    record(actor=request.user, action=DOWNLOAD, target=region, region_code=region.code, details=details)
    response = StreamingHttpResponse(cases_csv(year, CaseList(sides, case)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{case}-{year}-{region.code}.csv"'
    return response


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def employer_account(request: HttpRequest, uscc: str) -> HttpResponse:
    employer = visible_employer(request, uscc)
    account = ledger.ledger_of(employer)
    owing = [year for year in account.years if year.open and year.open > 0]
    context: dict[str, Any] = {"employer": employer, "account": account, "owing": owing}
    if owing:
        asked = request.GET if "paid_on" in request.GET else None
        form = SurchargeForm(asked, years=[year.levy_year for year in owing])
        context |= {"form": form, "surcharge": _surcharge(form, employer, owing)}
    return render(request, "collection/employer_account.html", context)


def _surcharge(form: SurchargeForm, employer: Employer, owing: list[ledger.YearBalance]) -> dict[str, Any] | None:
    """The surcharge for the days of the form; None while the form is empty."""
    if not form.is_bound or not form.is_valid():
        return None
    year = next(year for year in owing if year.levy_year == form.cleaned_data["levy_year"])
    try:
        amount = ledger.surcharge_of(employer, year, form.cleaned_data["default_on"], form.cleaned_data["paid_on"])
    except (DomainError, PolicyYearMissing):
        form.add_error(None, _("缺少该年度的地区参数，不能测算。"))
        return None
    return {"amount": amount, "unpaid": year.open, "year": year.levy_year}
