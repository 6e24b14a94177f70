"""Awards: the list, on screen and as a file; one award with its calculation; the steps that decide it."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.kept_forms import keeps_typing
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.queries import trail_of
from audit.workflow import allowed
from casework.steps import StepPage, step_page
from design.csv_lines import csv_file
from design.law_words import official_words
from law.codes import EntityType
from law.support.rewards import reward
from subsidies.forms import AwardFilter
from subsidies.models import Award, AwardState
from subsidies.services.awards import AWARDS, pay_award, withdraw_award
from subsidies.workflow import APPROVE, AWARD_TRANSITIONS, AWARD_WORDS, GIVING, PAY, REFUSE, WITHDRAW

PER_PAGE = 25
STEPS = {
    APPROVE.name: (APPROVE, AWARDS.approve),
    REFUSE.name: (REFUSE, AWARDS.reject),
    PAY.name: (PAY, pay_award),
    WITHDRAW.name: (WITHDRAW, withdraw_award),
}
HEADINGS = (
    "统一社会信用代码", "单位名称", "行政区划代码", "单位类型", "费款所属年度", "职工人月", "安排人月",
    "安排人月（重度计1）", "月最低工资", "奖励人月", "奖励金额", "奖励办法", "状态",
)  # fmt: skip


@requires(Permission.DECIDE_AWARD)
@require_safe
def award_list(request: HttpRequest) -> HttpResponse:
    form = AwardFilter(request.GET)
    awards = _listed(request).filter(**form.chosen())
    page = Paginator(awards, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "subsidies/award_list.html", {"form": form, "page": page, "totals": awards.totals()})


@requires(Permission.DECIDE_AWARD)
@require_safe
def award_file(request: HttpRequest) -> StreamingHttpResponse:
    """The same list as CSV, streamed."""
    awards = _listed(request).filter(**AwardFilter(request.GET).chosen())
    headers = {"Content-Disposition": 'attachment; filename="awards.csv"'}
    return StreamingHttpResponse(_lines(awards), content_type="text/csv; charset=utf-8", headers=headers)


def _lines(awards: Any) -> Iterator[bytes]:
    return csv_file(HEADINGS, map(_cells, awards.iterator(chunk_size=2_000)))


def _cells(award: Award) -> list[Any]:
    employer = award.employer
    return [
        employer.uscc,
        employer.name,
        award.region_id,
        official_words(EntityType)[award.entity_type],
        award.levy_year,
        award.staff_months,
        award.credited_months,
        award.head_months,
        award.minimum_wage,
        award.rewarded_months,
        award.amount,
        award.programme.document_number,
        official_words(AwardState)[award.state],
    ]


@requires(Permission.DECIDE_AWARD)
@require_safe
def award_detail(request: HttpRequest, pk: int) -> HttpResponse:
    award = _award(request, pk)
    is_in_force = award.is_in_force
    open_steps = [step for step in AWARD_TRANSITIONS if is_in_force or step not in GIVING]
    steps = allowed(award, open_steps, actor=request.user, region_code=award.region_id)
    context = {
        "award": award,
        "is_in_force": is_in_force,
        "reads_programme": request.user.can(Permission.DECIDE_AWARD, award.programme.region_id),
        "result": reward(award.facts, award.programme.terms),
        "steps": [(step.name, AWARD_WORDS[step.name].button) for step in steps],
        "trail": trail_of(award)[:20],
    }
    return render(request, "subsidies/award_detail.html", context)


@requires(Permission.DECIDE_AWARD)
@keeps_typing
@require_http_methods(["GET", "POST"])
def award_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    if step not in STEPS:
        raise Http404
    transition, take = STEPS[step]
    award = _award(request, pk)
    page = StepPage(
        words=AWARD_WORDS[step],
        subject=award,
        facts="subsidies/_award_facts.html",
        context={"award": award},
        crumbs=[(reverse("subsidies:award_list"), _("超比例奖励")), (award.get_absolute_url(), award.employer.name)],
        stand=award,
        about=award.employer.name,
        take=lambda form: take(award, actor=request.user, **form.cleaned_data),
        needs_reason=transition.needs_reason,
        seen=None if transition.needs_reason else lambda: AWARDS.seen(award),
    )
    return step_page(request, page)


def _listed(request: HttpRequest) -> Any:
    """Awards of the regions in which the person decides, the newest year first."""
    return (
        _awards()
        .within_right(request.user, Permission.DECIDE_AWARD)
        .order_by("-levy_year", "region", "employer__uscc")
    )


def _awards() -> Any:
    return Award.objects.select_related("employer", "programme", "region", "proposed_by")


def _award(request: HttpRequest, pk: int) -> Award:
    return scoped_object(_awards().select_related("approved_by"), request.user, Permission.DECIDE_AWARD, pk=pk)
