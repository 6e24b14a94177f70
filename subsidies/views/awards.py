"""Awards: the list with its file, one award with its calculation, and the steps that decide it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.kept_forms import keeps_typing, start
from accounts.frame.refusals import turned_back
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from audit.errors import DomainError
from audit.queries import trail_of
from audit.workflow import allowed
from design.csv_lines import escape_formula
from design.law_words import official_words
from law.codes import EntityType
from law.support.rewards import reward
from subsidies.forms import AwardFilter, ReasonForm
from subsidies.models import Award, AwardState
from subsidies.services import awards as services
from subsidies.workflow import APPROVE, AWARD_TRANSITIONS, GIVING, PAY, REFUSE, WITHDRAW

PER_PAGE = 25
REASONED = {REFUSE.name, WITHDRAW.name}
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
HEADINGS = (
    "统一社会信用代码", "单位名称", "行政区划代码", "单位类型", "费款所属年度", "职工人月", "安排人月",
    "安排人月（重度计1）", "月最低工资", "奖励人月", "奖励金额", "奖励办法", "状态",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """How a step is announced: the button, the question, what follows from it."""

    button: str
    question: str
    consequence: str


def acts() -> dict[str, Act]:
    return {
        APPROVE.name: Act(_("批准"), _("确认批准奖励"), _("批准后可以拨付。计算人不能批准。")),
        REFUSE.name: Act(_("不予奖励"), _("确认不予奖励"), _("单位可以看到理由。重新计算不会恢复本项。")),
        PAY.name: Act(_("登记拨付"), _("确认已拨付"), _("登记后本项办结，不能撤回。")),
        WITHDRAW.name: Act(
            _("撤销批准"), _("确认撤销批准奖励"), _("撤销后本项回到待批准，重新计算时按现行核定结果更新。")
        ),
    }


class Echo:
    """A file that hands every line straight on."""

    def write(self, line: str) -> str:
        return line


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


def _lines(awards: Any) -> Iterator[str]:
    sheet = csv.writer(Echo())
    yield BOM + sheet.writerow(HEADINGS)
    for award in awards.iterator(chunk_size=2_000):
        yield sheet.writerow(_cells(award))


def _cells(award: Award) -> list[Any]:
    employer = award.employer
    return [
        employer.uscc,
        escape_formula(employer.name),
        award.region_id,
        official_words(EntityType)[award.entity_type],
        award.levy_year,
        award.staff_months,
        award.credited_months,
        award.head_months,
        award.minimum_wage,
        award.rewarded_months,
        award.amount,
        escape_formula(award.programme.document_number),
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
        "steps": [(step.name, acts()[step.name].button) for step in steps],
        "trail": trail_of(award)[:20],
    }
    return render(request, "subsidies/award_detail.html", context)


@requires(Permission.DECIDE_AWARD)
@keeps_typing
@require_http_methods(["GET", "POST"])
def award_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    if step not in acts():
        raise Http404
    award = _award(request, pk)
    form = ReasonForm(**start(request)) if step in REASONED else None
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            _take(step, award, request, form)
        except DomainError as refusal:
            return turned_back(request, refusal, form, award)
        messages.success(request, _("已办理：%s。") % acts()[step].button)
        return redirect(award)
    return render(request, "subsidies/award_step.html", {"award": award, "act": acts()[step], "form": form})


def _take(step: str, award: Award, request: HttpRequest, form: ReasonForm | None) -> None:
    if form is not None:
        act = services.refuse_award if step == REFUSE.name else services.withdraw_award
        act(award=award, actor=request.user, reason=form.cleaned_data["reason"])
    else:
        act = services.approve_award if step == APPROVE.name else services.pay_award
        act(award=award, actor=request.user)


def _listed(request: HttpRequest) -> Any:
    """Awards of the regions where the person decides, the newest year first."""
    return (
        _awards()
        .within_right(request.user, Permission.DECIDE_AWARD)
        .order_by("-levy_year", "region", "employer__uscc")
    )


def _awards() -> Any:
    return Award.objects.select_related("employer", "programme", "region", "proposed_by")


def _award(request: HttpRequest, pk: int) -> Award:
    return scoped_object(_awards().select_related("approved_by"), request.user, Permission.DECIDE_AWARD, pk=pk)
