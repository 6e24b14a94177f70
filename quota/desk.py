"""Returns that wait for the federation's officers and for employers, and the menu entries of both."""

from collections.abc import Iterable
from itertools import groupby
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from casework.desk import Due, MenuEntry, Waiting, menu, source
from quota.enums import ReturnState
from quota.forms import recent_years
from quota.models import HeadcountReturn
from quota.queries.certificate_changes import affected_own_returns, affected_returns
from quota.queries.evidence import barred_returns
from quota.queries.parameters import filing_deadlines
from quota.queries.queue import READERS
from quota.queries.returns import to_act_on

menu(
    MenuEntry(10, "quota:my_employers", gettext_lazy("我的单位"), (Permission.FILE_RETURN,)),
    MenuEntry(30, "quota:queue", gettext_lazy("待审核"), READERS),
    MenuEntry(150, "quota:sign_in_codes", gettext_lazy("单位登录码"), (Permission.ISSUE_SIGN_IN_CODES,)),
)


@source
def returns_to_decide(user: User) -> Iterable[Waiting]:
    """By year and step, without those that this person may not decide: reviewed or brought in by the same person."""
    if not user.may_somewhere(Permission.VERIFY_RETURN):
        return
    labels = {
        ReturnState.CHECKED: _("%(year)s年度申报待初审"),
        ReturnState.REVIEWED: _("%(year)s年度申报待复审"),
    }
    returns = HeadcountReturn.objects.in_force().counted_within_right(user, Permission.VERIFY_RETURN)
    mine = Q(state=ReturnState.CHECKED) | (Q(state=ReturnState.REVIEWED) & ~Q(reviewed_by=user))
    mine &= ~Q(submitted_by=user) | Q(submitted_by=None)
    if barred := barred_returns(user):
        mine &= ~Q(pk__in=barred)
    found = returns.filter(mine).order_by("-levy_year", "state").values("levy_year", "state")
    for row in found.annotate(count=Count("pk"), filed=Min("filed_on"), reviewed=Min("reviewed_at")):
        chosen = urlencode({"levy_year": row["levy_year"], "state": row["state"]})
        label = labels[ReturnState(row["state"])] % {"year": row["levy_year"]}
        since = row["filed"] if row["state"] == ReturnState.CHECKED else row["reviewed"]
        yield Waiting(label, row["count"], f"{reverse('quota:queue')}?{chosen}", since)


@source
def certificates_changed(user: User) -> Iterable[Waiting]:
    """Returns to look at again, for the office; for the employer only that the office will do so."""
    if user.may_somewhere(Permission.VERIFY_RETURN):
        count = affected_returns(user).count()
        yield Waiting(_("证件变化影响的申报"), count, reverse("quota:certificate_changes"))
    if user.may_somewhere(Permission.FILE_RETURN):
        count = affected_own_returns(user).count()
        yield Waiting(_("登记信息有变化，残联将重新核对"), count, reverse("quota:my_employers"))


@source
def returns_to_file(user: User) -> Iterable[Waiting]:
    """Returns of the person's own employers that were sent back or are not submitted yet, as their page offers
    them."""
    if not user.may_somewhere(Permission.FILE_RETURN):
        return
    rows = _own_to_act_on(user)
    sent_back = [row for row in rows if row.state == ReturnState.SENT_BACK]
    drafts = [row for row in rows if row.state == ReturnState.DRAFT]
    since = min((row.sent_back_at for row in sent_back), default=None)
    yield Waiting(_("申报待补正"), len(sent_back), _page_of(sent_back), since, _answering_deadline(sent_back))
    yield Waiting(_("申报草稿待提交"), len(drafts), _page_of(drafts), due=_filing_deadline(drafts))


def _own_to_act_on(user: User) -> list[HeadcountReturn]:
    own = HeadcountReturn.objects.filter(employer__memberships__user=user, levy_year__in=recent_years())
    columns = ("state", "levy_year", "is_in_force", "sent_back_at", "employer__region_id")
    rows = own.order_by("employer", "levy_year", "pk").select_related("employer").only(*columns)
    years = groupby(rows, key=lambda row: (row.employer_id, row.levy_year))
    return [row for _year, of_year in years if (row := to_act_on(of_year))]


def _page_of(rows: list[HeadcountReturn]) -> str:
    """The page of the return if there is only one, else the list."""
    return reverse("quota:return", args=[rows[0].pk]) if len(rows) == 1 else reverse("quota:my_employers")


def _answering_deadline(sent_back: list[HeadcountReturn]) -> Due | None:
    """The earliest last day on which a return sent back keeps its filing day."""
    days = [row.answer_by for row in sent_back if row.answer_by]
    return Due(min(days), _("补正期限")) if days else None


def _filing_deadline(drafts: list[HeadcountReturn]) -> Due | None:
    """The earliest last day to file."""
    days = filing_deadlines({(row.employer.region_id, row.levy_year) for row in drafts})
    return Due(min(days.values()), _("申报截止")) if days else None
