"""What waits for an administrator: changes of access."""

from collections.abc import Iterable

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from access.queries.reach import changes_in_reach
from accounts.models import User
from accounts.permissions import Permission
from accounts.waiting import Waiting, source
from casework.decisions import ProposalState


@source
def access_changes(user: User) -> Iterable[Waiting]:
    """Changes of access that somebody else has proposed."""
    if user.may_somewhere(Permission.MANAGE_PEOPLE):
        proposed = changes_in_reach(user).filter(state=ProposalState.PROPOSED)
        others = proposed.exclude(proposed_by=user).exclude(person=user)
        count = others.order_by().aggregate(count=Count("pk"))["count"]
        yield Waiting(_("权限变更待批准"), count, reverse("access:change_list"))
