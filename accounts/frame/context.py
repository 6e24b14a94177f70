"""The context of every page's frame."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, gettext_lazy

from accounts.frame.display import preferences
from accounts.models import User
from accounts.permissions import Permission
from accounts.sign_in.session_store import session_ends_at

# The page of each right, in the order of the menu. Names only: this floor may not import the apps above.
OFFICERS_MENU = (
    (Permission.FILE_RETURN, "quota:my_employers", gettext_lazy("我的单位")),
    (Permission.FILE_RETURN, "portal:my_documents", gettext_lazy("文书")),
    (Permission.VERIFY_RETURN, "quota:queue", gettext_lazy("待审核")),
    (Permission.VIEW_RUNS, "levy:run_list", gettext_lazy("核定批次")),
    (Permission.VIEW_RUNS, "levy:correction_list", gettext_lazy("更正")),
    (Permission.DOWNLOAD_LEVY_LIST, "collection:list_choose", gettext_lazy("征收清单")),
    (Permission.DOWNLOAD_LEVY_LIST, "collection:collection", gettext_lazy("征缴情况")),
    (Permission.VIEW_EMPLOYERS, "portal:employer_search", gettext_lazy("单位查询")),
    (Permission.LOAD_FILINGS, "exchange:file_list", gettext_lazy("文件导入")),
    (Permission.LOAD_TAX_FILES, "exchange:file_list", gettext_lazy("文件导入")),
    (Permission.MANAGE_PARAMETERS, "exchange:file_list", gettext_lazy("文件导入")),
    (Permission.MANAGE_PARAMETERS, "levy:parameter_list", gettext_lazy("参数")),
    (Permission.VIEW_AUDIT, "levy:parameter_list", gettext_lazy("参数")),
    (Permission.MANAGE_PARAMETERS, "levy:region_list", gettext_lazy("行政区划")),
    (Permission.VIEW_AUDIT, "levy:region_list", gettext_lazy("行政区划")),
    (Permission.DECIDE_AWARD, "subsidies:award_list", gettext_lazy("奖励")),
    (Permission.PUBLISH, "disclosure:publication_list", gettext_lazy("公示")),
    (Permission.ISSUE_SIGN_IN_CODES, "quota:sign_in_codes", gettext_lazy("单位登录码")),
    (Permission.MANAGE_PEOPLE, "accounts:people", gettext_lazy("人员与岗位")),
    (Permission.VIEW_AUDIT, "accounts:audit_log", gettext_lazy("办理记录")),
)
PUBLIC_MENU = (
    ("disclosure:search", gettext_lazy("单位查询")),
    ("disclosure:regions", gettext_lazy("各地情况")),
    ("disclosure:how_it_works", gettext_lazy("怎样计算")),
    ("disclosure:calculator", gettext_lazy("费额测算")),
    ("disclosure:document_check", gettext_lazy("文书核验")),
    ("disclosure:open_data", gettext_lazy("开放数据")),
)


def chrome(request: HttpRequest) -> dict[str, Any]:
    """The variables of layout/base.html beside the page's own context."""
    return {
        "nav_items": nav_items(request),  # of {url, label, current, count}
        "scope": scope(request),  # 地区 · 岗位
        "display": preferences(request),
        "other_language": other_language(),
        "env_banner": settings.ENVIRONMENT_NOTE,
        **session_left(request),
    }


def other_language() -> dict[str, str]:
    """The language that the header offers: {code, name}, the name in that language itself."""
    code = next(code for code, _name in settings.LANGUAGES if code != get_language())
    return {"code": code, "name": get_language_info(code)["name_local"]}


def session_left(request: HttpRequest) -> dict[str, Any]:
    """session_ends, the end of the session without a further action, and session_seconds, the time until then."""
    if not signed_in(request):
        return {"session_ends": None}
    ends = session_ends_at(request.session)
    return {"session_ends": ends, "session_seconds": int((ends - timezone.now()).total_seconds())}


def nav_items(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages that the person may open, each address once; the public menu for all others."""
    user = signed_in(request)
    if user:
        entries = [(name, label) for right, name, label in OFFICERS_MENU if user.may_somewhere(right)]
    else:
        entries = list(PUBLIC_MENU)
    items: dict[str, dict[str, Any]] = {}
    for name, label in entries:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        items.setdefault(url, {"url": url, "label": label, "current": request.path.startswith(url)})
    return list(items.values())


def signed_in(request: HttpRequest) -> User | None:
    """The signed-in person. A request refused before authentication has no user at all."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def scope(request: HttpRequest) -> str:
    """The person's region and role; "" for the public."""
    user = signed_in(request)
    appointments = user.current_appointments if user else []
    return f"{appointments[0].region} · {appointments[0].get_role_display()}" if appointments else ""
