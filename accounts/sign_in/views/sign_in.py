"""Signing in, step by step, and out."""

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import NoSuchAccount
from accounts.forms import CodeForm, NewAppForm, SignInForm
from accounts.frame.kept_forms import is_kept
from accounts.frame.refusals import refuse
from accounts.frame.throttle import come_back_later, is_too_often
from accounts.models import User
from accounts.services.trail import record_of_person
from accounts.sign_in import oidc, outside, pending, second_factor
from accounts.sign_in.devices import remember_device
from accounts.sign_in.entry import password_holder, shows_second_factor, start_session
from accounts.sign_in.views.new_app import draft_of_new_app, forget_draft
from audit.errors import DomainError

OIDC_PER_MINUTE = 240  # a large office signs in behind one address, with two requests a person


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    next_page = pending.safe_next(request)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = password_holder(request, **form.cleaned_data)
        if person is not None:
            return _after_password(request, person, next_page)
        form.add_error(None, _("用户名或密码不正确，请重新输入。"))
    other_way = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
    context = {"form": form, "next": next_page, "other_way": other_way, "is_kept": is_kept(request)}
    return render(request, "accounts/sign_in.html", context)


def _after_password(
    request: HttpRequest, person: User, next_page: str, identity: tuple[str, str] | None = None
) -> HttpResponse:
    """A person with a second factor shows it; an officer without one sets it up; all others are signed in."""
    pending.hold_sign_in(request, person, next_page=next_page, identity=identity)
    if second_factor.has_second_factor(person):
        return redirect("accounts:sign_in_code")
    if second_factor.needs_second_factor(person):
        return redirect("accounts:sign_in_set_up")
    return _enter(request, person, with_second_factor=False)


def _enter(request: HttpRequest, person: User, *, with_second_factor: bool) -> HttpResponse:
    next_page, identity = pending.release(request)
    if identity is not None:
        issuer, subject = identity
        outside.bind(person=person, issuer=issuer, subject=subject)
    start_session(request, person=person, with_second_factor=with_second_factor)
    response = redirect(next_page or settings.LOGIN_REDIRECT_URL)
    remember_device(request, response, person.username)
    return response


@login_not_required
@never_cache
@require_safe
def oidc_start(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    if is_too_often(request, "oidc", OIDC_PER_MINUTE):
        return come_back_later(request)
    return oidc.ask(request, next_page=pending.safe_next(request))


@login_not_required
@never_cache
@require_safe
def oidc_return(request: HttpRequest) -> HttpResponse:
    """The other authority brings its answer, which this browser may do once, whatever comes of it."""
    if not settings.OIDC_ISSUER:
        raise Http404
    if is_too_often(request, "oidc", OIDC_PER_MINUTE):  # each answer asks the other authority
        return come_back_later(request)
    try:
        response = _after_answer(request)
    except DomainError as refusal:
        response = refuse(request, 409, message=str(refusal), code=refusal.code)
    oidc.forget_question(response)
    return response


def _after_answer(request: HttpRequest) -> HttpResponse:
    """The other authority has identified the person; continue as after a right password."""
    identity, next_page = oidc.answer(request)
    person = outside.holder_of(identity)
    if person is None:
        raise NoSuchAccount
    return _after_password(request, person, next_page, identity=(identity.issuer, identity.subject))


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    person = pending.held(request)
    if person is None or not second_factor.has_second_factor(person):
        return redirect("accounts:sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if shows_second_factor(request, person, form.cleaned_data["code"]):
            return _enter(request, person, with_second_factor=True)
        form.add_error("code", _("验证码不正确或已用过。请等应用显示下一个验证码后再试。"))
    return render(request, "accounts/sign_in_code.html", {"form": form})


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_set_up(request: HttpRequest) -> HttpResponse:
    person = pending.held(request)
    if person is None or second_factor.has_second_factor(person):
        return redirect("accounts:sign_in")
    draft = draft_of_new_app(request, person)
    form = NewAppForm(request.POST or None, with_password=False)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        codes = second_factor.set_up(person=person, secret=draft.secret, code=code, is_first=True)
        if codes is not None:
            forget_draft(request)
            entered = _enter(request, person, with_second_factor=True)
            page = render(request, "accounts/recovery_codes.html", {"codes": codes, "next": entered.url})
            page.cookies = entered.cookies
            return page
        form.add_error("code", _("验证码不正确。请核对手机时间是否准确，再填写新的验证码。"))
    return render(request, "accounts/new_app.html", {"form": form, "draft": draft, "is_sign_in": True})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """POST only, so that no link can sign a person out."""
    record_of_person(action="accounts.user.sign_out", person=request.user, actor=request.user)
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)
