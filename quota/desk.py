"""What waits for the federation's officers and for employers: returns to review, to verify, to mend."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.waiting import Waiting, source
from quota.enums import ReturnState
from quota.models import HeadcountReturn


@source
def returns_to_decide(user: User) -> Iterable[Waiting]:
    """By year and step; the second step only of what somebody else has reviewed."""
    if not user.may_somewhere(Permission.VERIFY_RETURN):
        return
    labels = {
        ReturnState.CHECKED: _("%(year)s年度申报待初审"),
        ReturnState.REVIEWED: _("%(year)s年度申报待复审"),
    }
    returns = HeadcountReturn.objects.in_force().counted_within_right(user, Permission.VERIFY_RETURN)
    mine = Q(state=ReturnState.CHECKED) | (Q(state=ReturnState.REVIEWED) & ~Q(reviewed_by=user))
    for row in (
        returns.filter(mine).order_by("-levy_year", "state").values("levy_year", "state").annotate(count=Count("pk"))
    ):
        chosen = urlencode({"levy_year": row["levy_year"], "state": row["state"]})
        label = labels[ReturnState(row["state"])] % {"year": row["levy_year"]}
        yield Waiting(label, row["count"], f"{reverse('quota:queue')}?{chosen}")


@source
def returns_to_file(user: User) -> Iterable[Waiting]:
    """Returns of the person's own employers that were sent back or are not yet sent."""
    if not user.may_somewhere(Permission.FILE_RETURN):
        return
    own = HeadcountReturn.objects.filter(employer__memberships__user=user)
    counts = own.aggregate(
        sent_back=Count("pk", filter=Q(state=ReturnState.SENT_BACK, is_in_force=True)),
        drafts=Count("pk", filter=Q(state=ReturnState.DRAFT)),
    )
    yield Waiting(_("申报待补正"), counts["sent_back"], reverse("quota:my_employers"))
    yield Waiting(_("申报草稿待提交"), counts["drafts"], reverse("quota:my_employers"))
