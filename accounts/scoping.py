"""Region scope: the first filter of every query of an officer's page."""

from collections.abc import Iterable
from typing import Any, Self

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import Http404

from accounts.models import User, region_prefix
from accounts.permissions import Permission


class RegionScopedQuerySet(models.QuerySet):
    """A queryset that can select the rows a person may see.

    `region_path` leads to the region's foreign key. `member_path`, if set, leads to the accounts that may see the row
    as their own employer's.
    """

    region_path = "region"
    member_path = ""

    def visible_to(self, user: User) -> Self:
        """Rows inside the person's regions, and rows of the person's own employers. Without an appointment, none."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        own = self._below({a.region.prefix for a in user.current_appointments if a.role != "employer"})
        if self.member_path:
            own |= Q(pk__in=self.filter(**{self.member_path: user.pk}).values("pk"))
        return self.filter(own)

    def within_right(self, user: User, *permissions: Permission) -> Self:
        """Rows of the regions where the person has one of these permissions; for lists."""
        return self.filter(self._below({prefix for one in permissions for prefix in user.prefixes(one)}))

    def _below(self, prefixes: Iterable[str]) -> Q:
        inside = Q(pk__in=[])
        for prefix in prefixes:
            inside |= Q(**{f"{self.region_path}__code__startswith": prefix})
        return inside

    def in_region(self, code: str) -> Self:
        """Rows of the region and everything below it. Raises ValueError on a malformed code."""
        return self.filter(**{f"{self.region_path}__code__startswith": region_prefix(code)})


def scoped_object(
    queryset: RegionScopedQuerySet, user: User, permission: Permission, *, region_of: str = "region_id", **lookup: Any
) -> Any:
    """The object of a view: 404 outside the person's scope, 403 inside it without the right.

    `region_of` is the dotted attribute path to the object's region code.
    """
    found = queryset.visible_to(user).filter(**lookup).first()
    if found is None:
        raise Http404
    code = found
    for attribute in region_of.split("."):
        code = getattr(code, attribute)
    if not user.can(permission, code):
        raise PermissionDenied
    return found
