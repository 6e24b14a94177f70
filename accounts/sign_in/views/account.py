"""The own account: password, second factor, sessions."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import NewAppForm, OwnPasswordForm, PasswordChangeForm
from accounts.models import Session
from accounts.sign_in import second_factor
from accounts.sign_in.entry import repeats_password
from accounts.sign_in.passwords import change_password, last_issued
from accounts.sign_in.session_store import SECOND_FACTOR, session_ends_at
from accounts.sign_in.sessions import end_session, end_sessions
from accounts.sign_in.views.new_app import draft_of_new_app, forget_draft
from audit.queries import trail_of

ENTRIES = 20


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    own = Session.objects.filter(user=request.user, expire_date__gt=timezone.now()).order_by("-started_at")
    context = {
        "sessions": own,
        "own_key": request.session.session_key,
        "has_second_factor": second_factor.has_second_factor(request.user),
        "codes_left": request.user.recovery_codes.filter(used_at=None).count(),
        "issued": last_issued(request.user),
        "trail": trail_of(request.user)[:ENTRIES],
    }
    return render(request, "accounts/account.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        if repeats_password(request, request.user, form.cleaned_data["current"]):
            change_password(
                person=request.user, password=form.cleaned_data["new"], session_key=request.session.session_key
            )
            update_session_auth_hash(request, request.user)  # and a new session id
            messages.success(request, _("密码已修改，其他地方的登录均已结束。"))
            return redirect(settings.LOGIN_REDIRECT_URL)
        form.add_error("current", _("当前密码不正确。"))
    issued = last_issued(request.user) if request.user.password_issued_until else None
    return render(request, "accounts/password.html", {"form": form, "issued": issued})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def new_app(request: HttpRequest) -> HttpResponse:
    draft = draft_of_new_app(request, request.user)
    form = NewAppForm(request.POST or None, with_password=True)
    is_first = not second_factor.has_second_factor(request.user)
    if request.method == "POST" and form.is_valid():
        codes = None
        if not repeats_password(request, request.user, form.cleaned_data["password"]):
            form.add_error("password", _("当前密码不正确。"))
        else:
            code = form.cleaned_data["code"]
            codes = second_factor.set_up(person=request.user, secret=draft.secret, code=code, is_first=is_first)
        if codes is not None:
            forget_draft(request)
            request.session.cycle_key()
            request.session[SECOND_FACTOR] = True
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
        if not form.errors:
            form.add_error("code", _("验证码不正确。请核对手机时间是否准确，再填写新的验证码。"))
    return render(request, "accounts/new_app.html", {"form": form, "draft": draft})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    if not second_factor.has_second_factor(request.user):
        return redirect("accounts:new_app")
    form = OwnPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if repeats_password(request, request.user, form.cleaned_data["password"]):
            codes = second_factor.renew_recovery_codes(person=request.user)
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
        form.add_error("password", _("当前密码不正确。"))
    return render(request, "accounts/renew_recovery_codes.html", {"form": form})


@require_POST
def end_own_session(request: HttpRequest) -> HttpResponse:
    """End one session by its reference, or all others."""
    reference = request.POST.get("session", "")
    if reference == "others":
        end_sessions(person=request.user, but=request.session.session_key)
    else:
        end_session(person=request.user, reference=reference)
    messages.success(request, _("登录已结束。"))
    return redirect("accounts:account")


@require_http_methods(["GET", "POST"])
def session_state(request: HttpRequest) -> JsonResponse:
    """The time left in the session. A GET does not keep the session alive; a person's POST does."""
    left = session_ends_at(request.session) - timezone.now()
    return JsonResponse({"seconds": int(left.total_seconds()), "token": get_token(request)})
