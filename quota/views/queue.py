"""The queue of returns to verify, and the quick lane."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, requires
from audit.errors import DomainError
from quota.enums import ReturnState
from quota.forms import QueueForm, QuickForm
from quota.queries import queue as waiting
from quota.services.batches import BatchTotals, agreeing, review_agreeing, verify_agreeing

PER_PAGE = 25


@requires(Permission.VERIFY_RETURN, Permission.VIEW_PERSONS)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    form = QueueForm(request.GET, user=request.user)
    selection = selection_of(request, form)
    counts = waiting.counts(selection.counted())
    pages = Paginator(selection.returns().select_related("employer"), PER_PAGE)
    pages.count = counts.by_state.get(selection.state, 0)  # already counted for the tabs
    page = pages.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "selection": selection,
        "tabs": _tabs(request, counts, selection.state),
        "agreeing": counts.agreeing,
        "page": page,
        "rows": waiting.queue_rows(page.object_list),
        "can_verify": request.user.may_somewhere(Permission.VERIFY_RETURN),
    }
    return render(request, "quota/queue.html", context)


@requires(Permission.VERIFY_RETURN, Permission.VIEW_PERSONS)
@require_safe
def queue_file(request: HttpRequest) -> StreamingHttpResponse:
    """The same list as CSV, streamed."""
    selection = selection_of(request, QueueForm(request.GET, user=request.user))
    name = f"returns-{selection.filters['levy_year']}-{selection.state}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    lines = waiting.queue_csv(selection.returns())
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def selection_of(request: HttpRequest, form: QueueForm) -> waiting.Selection:
    """The selection in the address; an invalid part is ignored."""
    form.is_valid()
    filters = {"levy_year": form.fields["levy_year"].empty_value} | form.cleaned_data
    state, sort = request.GET.get("state", ""), request.GET.get("sort", "")
    return waiting.Selection(
        user=request.user,
        filters=filters,
        state=state if state in waiting.STATES else ReturnState.CHECKED.value,
        sort=sort if sort.removeprefix("-") in waiting.SORTS else waiting.FIRST_SORT,
        page=request.GET.get("page", ""),
    )


def _tabs(request: HttpRequest, counts: waiting.Counts, current: str) -> list[dict[str, object]]:
    """One tab per state; the filters stay."""
    tabs = []
    for state in waiting.STATES:
        kept = request.GET.copy()
        kept["state"] = state
        kept.pop("page", None)
        url = f"{reverse('quota:queue')}?{kept.urlencode()}"
        count = counts.by_state.get(state, 0)
        tabs.append({"url": url, "label": state.label, "count": count, "current": state == current})
    return tabs


@requires(Permission.VERIFY_RETURN)
@require_http_methods(["GET", "POST"])
def quick(request: HttpRequest) -> HttpResponse:
    """Choose year and region, see the number of returns that agree, take the first or second step for all."""
    form = QuickForm((request.POST if request.method == "POST" else request.GET) or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            done = _take_quick_step(request, form)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("已办理%(returns)s户。") % {"returns": f"{done.returns:,}"})
        chosen = {"levy_year": form.cleaned_data["levy_year"], "region": form.cleaned_data["region"].pk}
        return redirect(reverse("quota:quick", query=chosen))
    steps = _quick_steps(request, form) if form.is_valid() else []
    return render(request, "quota/quick.html", {"form": form, "steps": steps})


def _take_quick_step(request: HttpRequest, form: QuickForm) -> BatchTotals:
    step = verify_agreeing if request.POST.get("step") == "verify" else review_agreeing
    return step(actor=request.user, **form.cleaned_data)


@dataclass(frozen=True, slots=True)
class QuickStep:
    """One of the two steps, its button, and the returns that it decides at once."""

    name: str
    title: str
    button: str
    due: BatchTotals


def _quick_steps(request: HttpRequest, form: QuickForm) -> list[QuickStep]:
    steps = (
        ("review", ReturnState.CHECKED, _("初审"), _("全部初审通过")),
        ("verify", ReturnState.REVIEWED, _("复审"), _("全部复审认定")),
    )
    return [
        QuickStep(name, title, button, agreeing(actor=request.user, source=state, **form.cleaned_data))
        for name, state, title, button in steps
    ]
