"""A reader's display settings: kept in cookies, applied by the server, without a script."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.frame.middleware import LANGUAGE_COOKIE
from accounts.services.people import prefer_language

COOKIE = "display"
YEAR = 365 * 24 * 3600


class DisplayForm(forms.Form):
    """The first choice of every field is the default without a cookie."""

    theme = forms.ChoiceField(
        label=_("颜色"), choices=[("system", _("随系统设置")), ("light", _("浅色")), ("dark", _("深色"))]
    )
    contrast = forms.ChoiceField(label=_("对比度"), choices=[("system", _("随系统设置")), ("more", _("加强"))])
    size = forms.ChoiceField(label=_("字号"), choices=[("standard", _("标准")), ("large", _("大字"))])
    language = forms.ChoiceField(label=_("界面语言"), choices=[("zh-hans", "简体中文"), ("en", "English")])
    keys = forms.ChoiceField(
        label=_("单键快捷键"),
        help_text=_("使用读屏软件或语音输入时，可以关闭。"),
        choices=[("on", _("开启")), ("off", _("关闭"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = forms.RadioSelect(choices=field.choices)


def preferences(request: HttpRequest) -> dict[str, str]:
    """The reader's settings; an unknown choice in the cookie counts as absent."""
    kept = dict(parse_qsl(request.COOKIES.get(COOKIE, "")))
    kept["language"] = get_language()
    chosen = {}
    for name, field in DisplayForm().fields.items():
        values = [value for value, _label in field.choices]
        chosen[name] = kept.get(name) if kept.get(name) in values else values[0]
    return chosen


@login_not_required
@require_http_methods(["GET", "POST"])
def display_settings(request: HttpRequest) -> HttpResponse:
    """Show and store the settings, then go back to the page the reader came from."""
    form = DisplayForm(request.POST or None, initial=preferences(request))
    back = way_back(request, otherwise=request.path)
    if not form.is_valid():
        return render(request, "accounts/display.html", {"form": form, "back": back})
    response = HttpResponseRedirect(back)
    chosen = dict(form.cleaned_data)
    keep_language(request, response, chosen.pop("language"))
    keep_cookie(request, response, COOKIE, urlencode(chosen))
    messages.success(request, _("显示设置已保存。"))
    return response


@csrf_exempt  # public pages are cached, so they have no token; another site's POST brings no session (SameSite=Lax)
@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The language switch in every page's header: the same page again. An unknown language changes nothing."""
    response = HttpResponseRedirect(way_back(request, otherwise="/"))
    if request.POST.get("language") in dict(settings.LANGUAGES):
        keep_language(request, response, request.POST["language"])
    return response


def way_back(request: HttpRequest, *, otherwise: str) -> str:
    """The page of this site that the reader came from."""
    back = request.POST.get("back") or request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else otherwise


def keep_language(request: HttpRequest, response: HttpResponse, chosen: str) -> None:
    """Store the language in this browser, and as the preference of a signed-in person for other browsers."""
    keep_cookie(request, response, LANGUAGE_COOKIE, chosen)
    if request.user.is_authenticated:
        prefer_language(person=request.user, language=chosen)


def keep_cookie(request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure())
