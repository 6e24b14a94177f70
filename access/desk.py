"""The changes of access that wait for a second administrator, and the page of people in the menu."""

from collections.abc import Iterable

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.queries.reach import changes_in_reach
from accounts.models import User
from accounts.permissions import Permission
from casework.decisions import ProposalState
from casework.desk import MenuEntry, Waiting, menu, source

menu(MenuEntry(160, "access:people", gettext_lazy("人员与岗位"), (Permission.MANAGE_PEOPLE,)))


@source
def access_changes(user: User) -> Iterable[Waiting]:
    """Changes of access that another person has proposed."""
    if user.may_somewhere(Permission.MANAGE_PEOPLE):
        proposed = changes_in_reach(user).filter(state=ProposalState.PROPOSED)
        others = proposed.exclude(proposed_by=user).exclude(person=user)
        found = others.order_by().aggregate(count=Count("pk"), since=Min("proposed_at"))
        yield Waiting(_("权限变更待批准"), found["count"], reverse("access:change_list"), found["since"])
