"""Awards that wait, the menu entry, and the panel with a year's rewards beside its collection."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Region, User
from accounts.permissions import Permission
from casework.desk import MenuEntry, Money, Waiting, beside, menu, source
from collection.desk import COLLECTION
from subsidies.models import Award, AwardState
from subsidies.queries.fund import rewards_of

menu(MenuEntry(120, "subsidies:award_list", gettext_lazy("奖励"), (Permission.DECIDE_AWARD,)))


@source
def awards_to_decide(user: User) -> Iterable[Waiting]:
    """Awards that somebody else has proposed, and approved ones not yet paid."""
    if not user.may_somewhere(Permission.DECIDE_AWARD):
        return
    proposed = Q(state=AwardState.PROPOSED) & ~Q(proposed_by=user)
    approved = Q(state=AwardState.APPROVED)
    found = Award.objects.within_right(user, Permission.DECIDE_AWARD).aggregate(
        proposed=Count("pk", filter=proposed),
        proposed_since=Min("proposed_at", filter=proposed),
        proposed_yuan=Sum("amount", filter=proposed),
        approved=Count("pk", filter=approved),
        approved_since=Min("approved_at", filter=approved),
        approved_yuan=Sum("amount", filter=approved),
    )
    for label, state in ((_("奖励待批准"), AwardState.PROPOSED), (_("奖励待拨付"), AwardState.APPROVED)):
        yuan = found[f"{state}_yuan"]
        money = None if yuan is None else Money(yuan, _("奖励金额"))
        url = reverse("subsidies:award_list", query={"state": state.value})
        yield Waiting(label, found[state.value], url, found[f"{state}_since"], money=money)


@beside(COLLECTION, "subsidies/_fund.html")
def rewards_beside_collection(reader: User, levy_year: int, region: Region) -> dict[str, Any] | None:
    """The year's rewards, for people who decide about rewards in the region; one query."""
    if not reader.can(Permission.DECIDE_AWARD, region.code):
        return None
    return {"rewards": rewards_of(levy_year, region), "levy_year": levy_year}
