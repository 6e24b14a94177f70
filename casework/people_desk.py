"""What the administration of people, on the floor below, puts on the desk; and the desk's own entry of the menu."""

from collections.abc import Iterable

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AccessChange, User
from accounts.permissions import Permission
from accounts.queries.people import changes_in_reach
from casework.desk import MenuEntry, Waiting, menu, source

menu(
    MenuEntry(0, "casework:desk", gettext_lazy("工作台")),
    MenuEntry(160, "accounts:people", gettext_lazy("人员与岗位"), (Permission.MANAGE_PEOPLE,)),
    MenuEntry(170, "accounts:audit_log", gettext_lazy("办理记录"), (Permission.VIEW_AUDIT,)),
)


@source
def access_changes(user: User) -> Iterable[Waiting]:
    """Changes of access that somebody else has proposed."""
    if user.may_somewhere(Permission.MANAGE_PEOPLE):
        proposed = changes_in_reach(user).filter(state=AccessChange.State.PROPOSED)
        others = proposed.exclude(proposed_by=user).exclude(person=user)
        found = others.order_by().aggregate(count=Count("pk"), since=Min("proposed_at"))
        yield Waiting(_("权限变更待批准"), found["count"], reverse("accounts:change_list"), found["since"])
