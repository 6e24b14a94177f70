"""People and changes of access within an administrator's regions."""

from collections.abc import Collection

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
    return admin.pk != person.pk and all(
        admin.can(Permission.MANAGE_PEOPLE, code) for code in regions_of_posts(person)
    )


def regions_of_posts(person: User) -> set[str]:
    """The regions of the person's posts and proposed posts; a disabled person keeps the posts."""
    posts = person.current_appointments if person.is_active else person.appointments.in_force()
    waiting = person.access_changes.filter(state=ProposalState.PROPOSED).values_list("region_id", flat=True)
    return {post.region_id for post in posts} | set(waiting)


def givers_of_access(person: User) -> set[int]:
    """Find who proposed or approved a change of this person's access, now waiting or in effect."""
    taken = AccessChange.objects.filter(person=person).exclude(state=ProposalState.REJECTED)
    return {giver for pair in taken.values_list("proposed_by", "approved_by") for giver in pair if giver}


def password_issuers(person: User, givers: Collection[int]) -> list[User]:
    """Some administrators who may issue the person's password: all its posts are in their regions, and they are not
    among the givers of its access. The nearest come first."""
    codes = regions_of_posts(person)
    above = {code for region in codes for code in Region(code=region).lineage()}
    posts = Appointment.objects.in_force().filter(role=Role.ADMINISTRATOR, region__in=above, user__is_active=True)
    others = posts.exclude(user__in=[*givers, person.pk]).select_related("user", "region")
    found: dict[int, User] = {}
    reached: dict[int, set[str]] = {}
    for post in others.order_by("-region__level", "pk"):
        reach = reached.setdefault(post.user_id, set())
        reach |= {code for code in codes if post.region.contains(code)}
        if reach == codes:
            found.setdefault(post.user_id, post.user)
    return list(found.values())[:MOST_ISSUERS]
