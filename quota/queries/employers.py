"""Employers that a person may see."""

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest

from accounts.permissions import Permission
from quota.models import Employer, Membership


def visible_employer(request: HttpRequest, uscc: str) -> Employer:
    """The person's own employer (`is_own`), or one of an officer's region: 404 outside, 403 without the right."""
    own = Exists(Membership.objects.filter(employer=OuterRef("pk"), user=request.user))
    found = Employer.objects.visible_to(request.user).annotate(is_own=own).select_related("region")
    employer = found.filter(uscc=uscc).first()
    if employer is None:
        raise Http404
    if not employer.is_own and not request.user.can(Permission.VIEW_EMPLOYERS, employer.region_id):
        raise PermissionDenied
    return employer
