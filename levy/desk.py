"""What waits for levy and tax officers: runs, corrections, exchange files; and the latest run."""

from collections.abc import Iterable

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.waiting import Latest, Waiting, source
from levy.models import AssessmentRun, RunState, Supersession


@source
def runs_to_act_on(user: User) -> Iterable[Waiting | Latest]:
    """Runs whose next step this person may take, and the latest one in sight."""
    runs = AssessmentRun.objects.filter(is_correction=False)
    steps = (
        (Permission.RUN_ASSESSMENT, Q(state=RunState.PARTIAL), _("核定批次未能全部算完")),
        (Permission.RUN_ASSESSMENT, Q(state=RunState.DRAFT), _("核定批次待核对")),
        (Permission.CONFIRM_ASSESSMENT, Q(state=RunState.CHECKED) & ~Q(checked_by=user), _("核定批次待核定")),
        (Permission.TAKE_OVER_LIST, Q(state=RunState.CONFIRMED), _("征收清单待接收")),
    )
    for permission, states, label in steps:
        if user.may_somewhere(permission):
            found = runs.within_right(user, permission).filter(states).aggregate(count=Count("pk"), only=Min("pk"))
            single = found["count"] == 1
            url = reverse("levy:run_detail", args=[found["only"]]) if single else reverse("levy:run_list")
            yield Waiting(label, found["count"], url)
    if user.may_somewhere(Permission.VIEW_RUNS):
        latest = runs.visible_to(user).exclude(state=RunState.DISCARDED).select_related("region").first()
        if latest:
            words = {"year": latest.levy_year, "region": latest.region, "state": latest.status.label}
            text = _("%(region)s%(year)s年度，%(state)s") % words
            yield Latest(_("核定批次"), text, latest.get_absolute_url())


@source
def corrections_to_approve(user: User) -> Iterable[Waiting]:
    """Corrections that somebody else has proposed."""
    if user.may_somewhere(Permission.CONFIRM_ASSESSMENT):
        waiting = Supersession.objects.within_right(user, Permission.CONFIRM_ASSESSMENT).filter(approved_at=None)
        count = waiting.exclude(proposed_by=user).count()
        yield Waiting(_("更正待批准"), count, reverse("levy:correction_list"))


@source
def corrections_to_take_over(user: User) -> Iterable[Waiting]:
    """Approved corrections and supplements: each is a run of one employer, taken over by itself."""
    if user.may_somewhere(Permission.TAKE_OVER_LIST):
        approved = AssessmentRun.objects.filter(is_correction=True, state=RunState.CONFIRMED)
        found = approved.within_right(user, Permission.TAKE_OVER_LIST).aggregate(count=Count("pk"), only=Min("pk"))
        single = found["count"] == 1
        url = reverse("levy:run_detail", args=[found["only"]]) if single else reverse("levy:run_list")
        yield Waiting(_("更正或补充核定待接收"), found["count"], url)
