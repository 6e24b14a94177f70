"""The federation's counter: an employer shows its licence and gets a code to sign in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import tidied_name
from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from quota.models import Employer
from quota.services.sign_in_codes import issue_sign_in_code


@requires(Permission.ISSUE_SIGN_IN_CODES)
@require_safe
def find_employer(request: HttpRequest) -> HttpResponse:
    typed = request.GET.get("uscc", "")
    if uscc := tidied_name(typed):
        if Employer.objects.within_right(request.user, Permission.ISSUE_SIGN_IN_CODES).filter(uscc=uscc).exists():
            return redirect("quota:sign_in_code", uscc)
        messages.error(request, _("在您的管辖地区没有这个统一社会信用代码，请核对后重新填写。"))
    return render(request, "quota/sign_in_codes.html", {"typed": typed})


@requires(Permission.ISSUE_SIGN_IN_CODES)
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest, uscc: str) -> HttpResponse:
    """Show the employer, issue the code, and show it this once, to be printed."""
    employers = Employer.objects.select_related("region")
    employer = scoped_object(employers, request.user, Permission.ISSUE_SIGN_IN_CODES, uscc=uscc)
    if request.method == "POST":
        account, code = issue_sign_in_code(employer=employer, actor=request.user)
        return render(
            request, "quota/sign_in_code_slip.html", {"employer": employer, "account": account, "code": code}
        )
    accounts = [membership.user for membership in employer.memberships.select_related("user")]
    return render(request, "quota/sign_in_code.html", {"employer": employer, "accounts": accounts})
