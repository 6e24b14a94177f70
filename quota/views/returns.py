"""The employer's own pages: its years, the return in progress, the receipt."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.frame.enqueue import enqueue_or_warn
from accounts.frame.kept_forms import keeps_typing, taken_back
from accounts.permissions import Permission, requires
from audit.errors import DomainError
from quota.enums import ReturnState
from quota.errors import ReturnChanged
from quota.forms import PlacementForm, ReturnForm, SubmitForm, VersionForm, recent_years
from quota.models import DraftPlacement, Employer, HeadcountReturn
from quota.queries.month_strip import findings
from quota.queries.parameters import months_averaged_for
from quota.queries.returns import EDITABLE, to_act_on
from quota.queries.sign_in_codes import recent_codes
from quota.services import filing
from quota.tasks import check_return

PER_PAGE = 25
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class OwnYear:
    """A levy year of the person's own employer, and the return to act on, if there is one."""

    employer: Employer
    year: int
    filed: HeadcountReturn | None


@requires(Permission.FILE_RETURN)
@require_safe
def my_employers(request: HttpRequest) -> HttpResponse:
    own = Employer.objects.filter(memberships__user=request.user).select_related("region")
    page = Paginator(own, PER_PAGE).get_page(request.GET.get("page"))
    years = recent_years()
    filings = HeadcountReturn.objects.filter(employer__in=page.object_list, levy_year__in=years)
    of_year: dict[tuple[int, int], list[HeadcountReturn]] = defaultdict(list)
    for row in filings.order_by("pk"):
        of_year[row.employer_id, row.levy_year].append(row)
    codes = recent_codes(page.object_list)
    for employer in page.object_list:
        employer.code_issued = codes.get(employer.pk)
    rows = [
        (employer, [OwnYear(employer, year, to_act_on(of_year[employer.pk, year])) for year in years])
        for employer in page.object_list
    ]
    return render(request, "quota/my_employers.html", {"page": page, "rows": rows})


@requires(Permission.FILE_RETURN)
@require_POST
def return_open(request: HttpRequest, uscc: str, levy_year: int) -> HttpResponse:
    employer = get_object_or_404(Employer.objects.filter(memberships__user=request.user), uscc=uscc)
    try:
        draft = filing.open_return(employer=employer, levy_year=levy_year, actor=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("quota:my_employers")
    return redirect("quota:return", draft.pk)


@requires(Permission.FILE_RETURN)
@keeps_typing
@require_http_methods(["GET", "POST"])
def return_form(request: HttpRequest, pk: int) -> HttpResponse:
    draft = _own(request, pk)
    if draft.state not in EDITABLE and request.method != "POST":  # a POST keeps its typed values beside the refusal
        return redirect("quota:receipt", draft.pk)
    before = draft.employer.returns.in_force().filter(levy_year=draft.levy_year - 1).first()
    if "edit" in request.POST or request.POST.get("same_staff", "").strip():
        messages.info(request, _("以下内容尚未保存。"))
        return _return_page(request, draft, ReturnForm.still_typing(request.POST, before))
    typed = request.POST if request.method == "POST" else taken_back(request)
    form = ReturnForm(typed, before=before) if typed else ReturnForm.of(draft, before)
    if request.method != "POST" or not form.is_valid():
        return _return_page(request, draft, form)
    try:
        filing.save_return(headcount_return=draft, actor=request.user, **form.numbers())
    except ReturnChanged as conflict:
        return _return_page(request, draft, _keep_typing(form, draft, conflict), is_conflict=True)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _return_page(request, draft, form)
    messages.success(request, _("已保存。"))
    return redirect("quota:return_submit" if "submit" in request.POST else "quota:return", draft.pk)


def _return_page(
    request: HttpRequest, draft: HeadcountReturn, form: ReturnForm, *, is_conflict: bool = False
) -> HttpResponse:
    found = findings(draft) if draft.state == ReturnState.SENT_BACK else {}
    context = {
        "draft": draft,
        "form": form,
        "months_averaged": months_averaged_for(draft.employer, draft.levy_year),
        "months_before": months_averaged_for(draft.employer, draft.levy_year - 1),
        "people": [(row, found.get(row.pk)) for row in draft.draft_placements.all()],
        "figures": _figures(draft),
        "is_conflict": is_conflict,
    }
    return render(request, "quota/return.html", context, status=CONFLICT if is_conflict else 200)


def _figures(draft: HeadcountReturn) -> list[dict[str, Any]]:
    """The saved figures; the page above adds the amount as soon as a number changes."""
    return [
        {"label": _("在职职工"), "value": f"{draft.typed_staff_months:,}", "unit": _("人月")},
        {"label": _("预计应缴费额"), "value": "—", "unit": _("元")},
    ]


def _keep_typing(form: Any, draft: HeadcountReturn, conflict: ReturnChanged) -> Any:
    """Keep the typed values on top of the version that another person saved: the next save is a decision, not an
    accident."""
    draft.refresh_from_db()
    form.data = form.data.copy()
    form.data["version"] = draft.version
    form.add_error(None, str(conflict))
    return form


@requires(Permission.FILE_RETURN)
@keeps_typing
@require_http_methods(["GET", "POST"])
def placement_form(request: HttpRequest, pk: int, placement: int | None = None) -> HttpResponse:
    """Add a person to the draft, or change one."""
    draft = _own(request, pk)
    row = get_object_or_404(draft.draft_placements, pk=placement) if placement else None
    typed = request.POST if request.method == "POST" else taken_back(request)
    form = PlacementForm(typed, placement=row) if typed else PlacementForm.of(draft, row)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            _save_placement(request, draft, form, row)
        except ReturnChanged as conflict:
            form, status = _keep_typing(form, draft, conflict), CONFLICT
        except (DomainError, ValidationError) as refusal:
            form.add_error(None, _told(refusal))
        else:
            return redirect("quota:return", draft.pk)
    return render(request, "quota/placement.html", {"draft": draft, "row": row, "form": form}, status=status)


def _save_placement(
    request: HttpRequest, draft: HeadcountReturn, form: PlacementForm, row: DraftPlacement | None
) -> None:
    filing.save_placement(
        headcount_return=draft,
        version=form.cleaned_data["version"],
        typed=form.typed(),
        placement=row,
        actor=request.user,
    )


def _told(refusal: Exception) -> list[str] | str:
    return refusal.messages if isinstance(refusal, ValidationError) else str(refusal)


@requires(Permission.FILE_RETURN)
@require_POST
def placement_remove(request: HttpRequest, pk: int, placement: int) -> HttpResponse:
    draft = _own(request, pk)
    row = get_object_or_404(draft.draft_placements, pk=placement)
    return _change_people(request, draft, filing.remove_placement, placement=row)


@requires(Permission.FILE_RETURN)
@require_POST
def copy_last_year(request: HttpRequest, pk: int) -> HttpResponse:
    return _change_people(request, _own(request, pk), filing.copy_last_year, told=_copied)


def _copied(people: int) -> str:
    if not people:
        return _("没有可以带入的：上年没有名单，合同已到期，或已在名单中。")
    return _("已带入%(count)s条。") % {"count": f"{people:,}"}


def _change_people(
    request: HttpRequest,
    draft: HeadcountReturn,
    act: Any,
    *,
    told: Callable[[int], str] | None = None,
    **arguments: Any,
) -> HttpResponse:
    form = VersionForm(request.POST)
    try:
        version = form.cleaned_data["version"] if form.is_valid() else 0
        changed = act(headcount_return=draft, version=version, actor=request.user, **arguments)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        if told:
            messages.info(request, told(changed))
    return redirect("quota:return", draft.pk)


@requires(Permission.FILE_RETURN)
@require_http_methods(["GET", "POST"])
def return_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """The page before the filing: the figures, and the declaration that they are true."""
    draft = _own(request, pk)
    if draft.state not in EDITABLE and request.method != "POST":
        return redirect("quota:receipt", draft.pk)
    form = SubmitForm(request.POST) if request.method == "POST" else SubmitForm(initial={"version": draft.version})
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            filed = filing.submit_return(headcount_return=draft, version=version, actor=request.user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect("quota:return", draft.pk)
        with enqueue_or_warn(request):
            check_return.apply_async((filed.pk,), retry=False)
        return redirect("quota:receipt", filed.pk)
    context = {
        "draft": draft,
        "form": form,
        "months_averaged": months_averaged_for(draft.employer, draft.levy_year),
        "people": draft.draft_placements.count(),
    }
    return render(request, "quota/return_submit.html", context)


@requires(Permission.FILE_RETURN)
@require_safe
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    filed = _own(request, pk)
    if filed.state == ReturnState.DRAFT:
        return redirect("quota:return", filed.pk)
    context = {"filed": filed, "months_averaged": months_averaged_for(filed.employer, filed.levy_year)}
    return render(request, "quota/receipt.html", context)


def _own(request: HttpRequest, pk: int) -> HeadcountReturn:
    """A return of the person's own employer; 404 for everybody else."""
    own = HeadcountReturn.objects.filter(employer__memberships__user=request.user)
    return get_object_or_404(own.select_related("employer__region"), pk=pk)
