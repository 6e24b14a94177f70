"""People and changes of access within an administrator's regions."""

from django.db.models import Q, QuerySet

from access.models import AccessChange
from accounts.models import Appointment, User
from accounts.permissions import Permission, Role
from casework.decisions import ProposalState


def people_in_reach(admin: User, *, with_employers: bool = True) -> QuerySet[User]:
    """People with a past, present or proposed post in the administrator's regions. They may include a million
    employers."""
    posts = Appointment.objects.all() if with_employers else Appointment.objects.exclude(role=Role.EMPLOYER)
    inside = Q(pk__in=[])
    for prefix in admin.prefixes(Permission.MANAGE_PEOPLE):
        inside |= Q(pk__in=posts.filter(region__code__startswith=prefix).values("user"))
        inside |= Q(pk__in=AccessChange.objects.filter(region__code__startswith=prefix).values("person"))
    return User.objects.filter(inside)


def changes_in_reach(admin: User) -> QuerySet[AccessChange]:
    """Waiting and decided changes of access in the administrator's regions, newest first."""
    inside = Q(pk__in=[])
    for prefix in admin.prefixes(Permission.MANAGE_PEOPLE):
        inside |= Q(region__code__startswith=prefix)
    return AccessChange.objects.filter(inside).select_related("person", "region", "proposed_by")


def may_manage(admin: User, person: User) -> bool:
    """True if all the person's posts and proposed posts are in the administrator's regions, so that no administrator
    reaches upwards."""
    waiting = person.access_changes.filter(state=ProposalState.PROPOSED)
    codes = {post.region_id for posts in (person.appointments.in_force(), waiting) for post in posts}
    return admin.pk != person.pk and all(admin.can(Permission.MANAGE_PEOPLE, code) for code in codes)
