"""People and changes of access within an administrator's regions."""

from django.db.models import Q, QuerySet

from access.models import AccessChange
from accounts.models import Appointment, Region, User
from accounts.permissions import Permission, Role
from casework.decisions import ProposalState

MOST_ISSUERS = 5


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


def gave_access(admin: User, person: User) -> bool:
    """True if the administrator proposed or approved a change of this person's access, now waiting or in effect."""
    taken = AccessChange.objects.filter(person=person).exclude(state=ProposalState.REJECTED)
    return taken.filter(Q(proposed_by=admin) | Q(approved_by=admin)).exists()


def password_issuers(person: User) -> list[User]:
    """Some administrators who may issue the person's password: all its posts are in their regions, and they took no
    part in its access. The nearest come first."""
    codes = {post.region_id for post in person.appointments.in_force()}
    above = {code for region in Region.objects.filter(code__in=codes) for code in region.lineage()}
    posts = Appointment.objects.in_force().filter(role=Role.ADMINISTRATOR, region__in=above, user__is_active=True)
    found: dict[int, User] = {}
    for post in posts.select_related("user").order_by("-region__level", "pk"):
        if may_manage(post.user, person) and not gave_access(post.user, person):
            found.setdefault(post.user_id, post.user)
        if len(found) == MOST_ISSUERS:
            break
    return list(found.values())
