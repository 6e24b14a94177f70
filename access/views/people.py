"""Administrators' pages: people, their appointments, and actions on their accounts."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from access.forms import AppointmentForm, PersonFilter, PersonForm, PersonState
from access.queries.reach import changes_in_reach, givers_of_access, may_manage, password_issuers, people_in_reach
from access.services import changes, people
from access.services.changes import Kind
from accounts.errors import NumberTaken
from accounts.frame.kept_forms import keeps_typing, start
from accounts.models import Appointment, Region, User
from accounts.permissions import Permission, requires
from accounts.sign_in import attempts
from audit.errors import DomainError
from audit.queries import trail_of
from casework.decisions import ProposalState
from casework.forms import ReasonForm

PER_PAGE = 25
ENTRIES = 30
PASSWORD = "password"


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    form = PersonFilter(request.GET, admin=request.user)
    if not form.is_valid():
        raise Http404
    reached = people_in_reach(request.user, with_employers=form.names_somebody)
    found = _chosen(reached, **form.cleaned_data)
    shown = found.select_related("second_factor").prefetch_related("appointments__region").order_by("username")
    context = {
        "form": form,
        "page": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "waiting": changes_in_reach(request.user).filter(state=ProposalState.PROPOSED).count(),
    }
    return render(request, "access/person_list.html", context)


def _chosen(people: QuerySet[User], *, who: str, region: Region | None, role: str, state: str) -> QuerySet[User]:
    """The people of one region and below, of one role and one state; a single post must match role and region."""
    in_force = Appointment.objects.in_force()
    posts = Appointment.objects.all() if state == PersonState.ENDED else in_force
    if region is not None:
        posts = posts.filter(region__code__startswith=region.prefix)
    if role:
        posts = posts.filter(role=role)
    if region is not None or role:
        people = people.filter(pk__in=posts.values("user"))
    if who:
        people = people.filter(Q(username__icontains=who) | Q(name__icontains=who))
    active = Q(is_active=True, pk__in=in_force.values("user"))
    if state == PersonState.ACTIVE:
        return people.filter(active)
    if state == PersonState.ENDED:
        return people.exclude(active)
    if state == PersonState.NO_SECOND_FACTOR:
        return people.filter(active, second_factor=None)
    return people.filter(pk__in=attempts.locked()) if state == PersonState.LOCKED else people


@requires(Permission.MANAGE_PEOPLE)
@keeps_typing
@require_http_methods(["GET", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    form = PersonForm(**start(request), admin=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            person = changes.create_person(**form.cleaned_data, actor=request.user)
        except DomainError as refusal:
            form.add_error("personnel_number" if isinstance(refusal, NumberTaken) else "username", str(refusal))
        else:
            messages.success(request, _("人员已建立，任职待另一位管理员批准。"))
            return redirect("access:person", person.pk)
    return render(request, "access/person_new.html", {"form": form})


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(people_in_reach(request.user).select_related("second_factor"), pk=pk)
    acts = [act for act in account_acts().values() if act.fits(shown)] if may_manage(request.user, shown) else []
    givers = givers_of_access(shown) if any(act.name == PASSWORD for act in acts) else set()
    is_barred = request.user.pk in givers
    context = {
        "person": shown,
        "appointments": shown.appointments.select_related("region"),
        "waiting": shown.access_changes.filter(state=ProposalState.PROPOSED).select_related("region"),
        "sessions": shown.sessions.count(),
        "has_second_factor": hasattr(shown, "second_factor"),
        "acts": [act for act in acts if not (is_barred and act.name == PASSWORD)],
        "is_barred": is_barred,
        "issuers": password_issuers(shown, givers) if is_barred else [],
        "is_own": shown.pk == request.user.pk,
        "trail": trail_of(shown)[:ENTRIES],
    }
    return render(request, "access/person.html", context)


@requires(Permission.MANAGE_PEOPLE)
@keeps_typing
@require_http_methods(["GET", "POST"])
def person_appoint(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(people_in_reach(request.user), pk=pk)
    form = AppointmentForm(**start(request), admin=request.user, person=shown)
    if request.method == "POST" and form.is_valid():
        try:
            changes.propose(kind=Kind.APPOINT, person=shown, actor=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已提出，待另一位管理员批准。"))
            return redirect("access:person", shown.pk)
    return render(request, "access/person_appoint.html", {"form": form, "person": shown})


@requires(Permission.MANAGE_PEOPLE)
@keeps_typing
@require_http_methods(["GET", "POST"])
def appointment_end(request: HttpRequest, pk: int) -> HttpResponse:
    appointment = get_object_or_404(
        Appointment.objects.in_force().select_related("user", "region"),
        pk=pk,
        user__in=people_in_reach(request.user),
    )
    if not request.user.can(Permission.MANAGE_PEOPLE, appointment.region_id):
        raise PermissionDenied
    form = ReasonForm(**start(request))
    if request.method == "POST" and form.is_valid():
        people.end_appointment(appointment=appointment, reason=form.cleaned_data["reason"], actor=request.user)
        messages.success(request, _("已离任，其全部登录均已结束。"))
        return redirect("access:person", appointment.user_id)
    return render(request, "access/appointment_end.html", {"form": form, "appointment": appointment})


@dataclass(frozen=True, slots=True)
class AccountAct:
    """One action of an administrator on an account: its button, its consequence, its condition, its service."""

    name: str
    button: str
    consequence: str
    do: Callable[[User, User, str], str | None]
    fits: Callable[[User], bool] = lambda shown: shown.is_active
    is_danger: bool = False


def _has_something_to_reset(shown: User) -> bool:
    return shown.is_active and (hasattr(shown, "second_factor") or shown.outside_identities.exists())


def account_acts() -> dict[str, AccountAct]:
    offered = (
        AccountAct(
            PASSWORD,
            _("签发初始密码"),
            _("原密码作废，全部登录结束。新密码只显示一次，30天内有效，本人登录后须立即修改。"),
            lambda shown, admin, reason: people.issue_first_password(person=shown, reason=reason, actor=admin),
            fits=lambda shown: shown.is_active and bool(shown.current_appointments),
        ),
        AccountAct(
            "unlock",
            _("解除登录暂停"),
            _("连续输错密码造成的等待立即取消。输错验证码的，等待到时自动结束，不能提前解除。"),
            lambda shown, admin, reason: people.unlock(person=shown, reason=reason, actor=admin),
        ),
        AccountAct(
            "end-sessions",
            _("结束全部登录"),
            _("此人在所有浏览器上的登录立即结束，可以重新登录。"),
            lambda shown, admin, reason: people.end_all_sessions(person=shown, reason=reason, actor=admin),
        ),
        AccountAct(
            "reset-second-factor",
            _("重置第二重验证"),
            _(
                "由另一位管理员批准后生效：原验证器应用和恢复码作废，与统一身份认证平台的绑定解除，本人下次登录时重新设置。"
            ),
            lambda shown, admin, reason: _propose(Kind.RESET_FACTOR, shown, admin, reason),
            fits=_has_something_to_reset,
        ),
        AccountAct(
            "disable",
            _("停用账号"),
            _("立即生效：不能再登录，已有登录全部结束。任职和办理记录保留。恢复账号须由另一位管理员批准。"),
            lambda shown, admin, reason: people.disable(person=shown, reason=reason, actor=admin),
            is_danger=True,
        ),
        AccountAct(
            "enable",
            _("恢复账号"),
            _("由另一位管理员批准后生效：可以重新登录，任职和权限不变。"),
            lambda shown, admin, reason: _propose(Kind.ENABLE, shown, admin, reason),
            fits=lambda shown: not shown.is_active,
        ),
    )
    return {act.name: act for act in offered}


def _propose(kind: Kind, shown: User, admin: User, reason: str) -> None:
    """Propose in the region of a present post of the person, else of the last post: its administrators decide."""
    posts = shown.appointments.select_related("region").order_by(F("ended_at").desc(nulls_first=True), "pk")
    regions = [post.region for post in posts if admin.can(Permission.MANAGE_PEOPLE, post.region_id)]
    if not regions:
        raise Http404
    changes.propose(kind=kind, person=shown, region=regions[0], reason=reason, actor=admin)


@requires(Permission.MANAGE_PEOPLE)
@never_cache
@keeps_typing
@require_http_methods(["GET", "POST"])
def person_act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    shown = get_object_or_404(people_in_reach(request.user), pk=pk)
    act = account_acts().get(name)
    if act is None or not act.fits(shown):
        raise Http404
    if not may_manage(request.user, shown):
        raise PermissionDenied
    form = ReasonForm(**start(request))
    if request.method == "POST" and form.is_valid():
        issued = act.do(shown, request.user, form.cleaned_data["reason"])
        if issued:
            return render(request, "access/issued_password.html", {"person": shown, "password": issued})
        messages.success(request, _("已办理：%s。") % act.button)
        return redirect("access:person", shown.pk)
    return render(request, "access/person_act.html", {"form": form, "person": shown, "act": act})
