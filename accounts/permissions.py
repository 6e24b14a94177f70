"""The table from role to permission, and the guard that every view has."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    EMPLOYER = "employer", _("用人单位经办人")
    VERIFIER = "verifier", _("残联审核人员")
    SERVICE_OFFICER = "service_officer", _("残联就业服务人员")
    LEVY_OFFICER = "levy_officer", _("费额核定人员")
    TAX_OFFICER = "tax_officer", _("税务征收人员")
    FINANCE_OFFICER = "finance_officer", _("财政人员")
    AUDITOR = "auditor", _("审计人员")
    ADMINISTRATOR = "administrator", _("系统管理员")
    PARAMETER_ADMINISTRATOR = "parameter_administrator", _("参数管理员")


class Permission(StrEnum):
    VIEW_EMPLOYERS = "view_employers"
    VIEW_PERSONS = "view_persons"
    REVEAL_IDENTITY = "reveal_identity"
    FILE_RETURN = "file_return"
    VERIFY_RETURN = "verify_return"
    ISSUE_SIGN_IN_CODES = "issue_sign_in_codes"
    LOAD_FILINGS = "load_filings"
    LOAD_REGISTERS = "load_registers"
    LOAD_TAX_FILES = "load_tax_files"
    VIEW_RUNS = "view_runs"
    RUN_ASSESSMENT = "run_assessment"
    CONFIRM_ASSESSMENT = "confirm_assessment"
    DOWNLOAD_LEVY_LIST = "download_levy_list"
    TAKE_OVER_LIST = "take_over_list"
    DECIDE_AWARD = "decide_award"
    PUBLISH = "publish"
    VIEW_AUDIT = "view_audit"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_REGIONS = "manage_regions"
    MANAGE_PARAMETERS = "manage_parameters"


P = Permission
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.EMPLOYER: frozenset({P.FILE_RETURN}),
    Role.VERIFIER: frozenset(
        {
            P.VIEW_EMPLOYERS,
            P.VIEW_PERSONS,
            P.REVEAL_IDENTITY,
            P.VERIFY_RETURN,
            P.ISSUE_SIGN_IN_CODES,
            P.LOAD_FILINGS,
        }
    ),
    # Registers are evidence: whoever loads them does not verify claims by them.
    Role.SERVICE_OFFICER: frozenset({P.LOAD_REGISTERS}),
    Role.LEVY_OFFICER: frozenset(
        {P.VIEW_EMPLOYERS, P.VIEW_RUNS, P.RUN_ASSESSMENT, P.CONFIRM_ASSESSMENT, P.DOWNLOAD_LEVY_LIST}
    ),
    Role.TAX_OFFICER: frozenset(
        {P.VIEW_EMPLOYERS, P.VIEW_RUNS, P.DOWNLOAD_LEVY_LIST, P.TAKE_OVER_LIST, P.LOAD_TAX_FILES}
    ),
    Role.FINANCE_OFFICER: frozenset({P.VIEW_EMPLOYERS, P.VIEW_RUNS, P.DOWNLOAD_LEVY_LIST, P.DECIDE_AWARD, P.PUBLISH}),
    Role.AUDITOR: frozenset({P.VIEW_EMPLOYERS, P.VIEW_PERSONS, P.VIEW_RUNS, P.DOWNLOAD_LEVY_LIST, P.VIEW_AUDIT}),
    Role.ADMINISTRATOR: frozenset({P.MANAGE_PEOPLE, P.MANAGE_REGIONS}),
    Role.PARAMETER_ADMINISTRATOR: frozenset({P.MANAGE_PARAMETERS}),
}
# 三权分立 (GB/T 22239-2019, 8.1.5.1 to 8.1.5.3): no person holds two of these at the same time.
SEPARATE_ROLES = (Role.ADMINISTRATOR, Role.PARAMETER_ADMINISTRATOR, Role.AUDITOR)


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have this permission."""
    return [role for role in Role if permission in ROLE_PERMISSIONS[role]]


View = Callable[..., HttpResponse]


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Open a view to people who have one of these permissions in at least one region; 403 for others.

    accounts.scoping.scoped_object checks the permission for the object itself.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.user.may_somewhere(permission) for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.required_permissions = permissions
        return guarded

    return decorate
