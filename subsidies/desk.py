"""What waits for finance officers: awards to approve and to pay."""

from collections.abc import Iterable

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.waiting import Waiting, source
from subsidies.models import Award, AwardState


@source
def awards_to_decide(user: User) -> Iterable[Waiting]:
    """Awards that somebody else has proposed, and approved ones not yet paid."""
    if not user.may_somewhere(Permission.DECIDE_AWARD):
        return
    counts = Award.objects.within_right(user, Permission.DECIDE_AWARD).aggregate(
        proposed=Count("pk", filter=Q(state=AwardState.PROPOSED) & ~Q(proposed_by=user)),
        approved=Count("pk", filter=Q(state=AwardState.APPROVED)),
    )
    for label, count, state in (
        (_("奖励待批准"), counts["proposed"], AwardState.PROPOSED),
        (_("奖励待拨付"), counts["approved"], AwardState.APPROVED),
    ):
        yield Waiting(label, count, reverse("subsidies:award_list", query={"state": state.value}))
