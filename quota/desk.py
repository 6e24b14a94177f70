"""What waits of the returns, for the federation's officers and for employers; the pages of both."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from casework.desk import Due, MenuEntry, Waiting, menu, source
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from quota.queries.parameters import filing_deadlines
from quota.queries.queue import READERS

menu(
    MenuEntry(10, "quota:my_employers", gettext_lazy("我的单位"), (Permission.FILE_RETURN,)),
    MenuEntry(30, "quota:queue", gettext_lazy("待审核"), READERS),
    MenuEntry(150, "quota:sign_in_codes", gettext_lazy("单位登录码"), (Permission.ISSUE_SIGN_IN_CODES,)),
)


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
    found = returns.filter(mine).order_by("-levy_year", "state").values("levy_year", "state")
    for row in found.annotate(count=Count("pk"), filed=Min("filed_on"), reviewed=Min("reviewed_at")):
        chosen = urlencode({"levy_year": row["levy_year"], "state": row["state"]})
        label = labels[ReturnState(row["state"])] % {"year": row["levy_year"]}
        since = row["filed"] if row["state"] == ReturnState.CHECKED else row["reviewed"]
        yield Waiting(label, row["count"], f"{reverse('quota:queue')}?{chosen}", since)


@source
def returns_to_file(user: User) -> Iterable[Waiting]:
    """Returns of the person's own employers that were sent back or are not yet sent."""
    if not user.may_somewhere(Permission.FILE_RETURN):
        return
    own = HeadcountReturn.objects.filter(employer__memberships__user=user)
    mine = Q(state=ReturnState.SENT_BACK, is_in_force=True) | Q(state=ReturnState.DRAFT)
    rows = own.filter(mine).order_by().values("state", "levy_year", "employer__region_id")
    found = list(rows.annotate(count=Count("pk"), since=Min("sent_back_at")))
    sent_back = [row for row in found if row["state"] == ReturnState.SENT_BACK]
    drafts = [row for row in found if row["state"] == ReturnState.DRAFT]
    page = reverse("quota:my_employers")
    since = min((row["since"] for row in sent_back), default=None)
    yield Waiting(_("申报待补正"), _count(sent_back), page, since)
    yield Waiting(_("申报草稿待提交"), _count(drafts), page, due=_filing_deadline(drafts))


def _count(rows: list[dict[str, Any]]) -> int:
    return sum(row["count"] for row in rows)


def _filing_deadline(rows: list[dict[str, Any]]) -> Due | None:
    """The earliest last day to file. What was sent back has been filed: no text gives a last day to mend it."""
    days = filing_deadlines({(row["employer__region_id"], row["levy_year"]) for row in rows})
    return Due(min(days.values()), _("申报截止")) if days else None
