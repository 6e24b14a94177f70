"""Runs, corrections, parameters and divisions that wait, the latest run, and the menu entries."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Count, F, Min, Q, Sum, When
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from casework.decisions import ProposalState
from casework.desk import Latest, MenuEntry, Money, Place, Waiting, menu, source
from levy.models import AssessmentRun, ParameterChange, RegionChange, RunState, Supersession

# Its panels, the buttons of floors above, take the run.
RUN = Place("levy:run_detail")
PARAMETER_READERS = (Permission.MANAGE_PARAMETERS, Permission.VIEW_AUDIT)
REGION_READERS = (Permission.MANAGE_REGIONS, *PARAMETER_READERS)
menu(
    MenuEntry(40, "levy:run_list", gettext_lazy("核定批次"), (Permission.VIEW_RUNS,)),
    MenuEntry(50, "levy:correction_list", gettext_lazy("更正"), (Permission.VIEW_RUNS,)),
    MenuEntry(100, "levy:parameter_list", gettext_lazy("参数"), PARAMETER_READERS),
    MenuEntry(110, "levy:region_list", gettext_lazy("行政区划"), REGION_READERS),
)
DIFFERENCE = Case(When(old=None, then=F("new__payable")), default=F("new__payable") - F("old__payable"))


@source
def runs_to_act_on(user: User) -> Iterable[Waiting | Latest]:
    """Runs whose next step this person may take, and the latest run that the person may see."""
    runs = AssessmentRun.objects.filter(is_correction=False)
    steps = (
        (Permission.RUN_ASSESSMENT, Q(state=RunState.PARTIAL), "started_at", _("核定批次未能全部算完")),
        (Permission.RUN_ASSESSMENT, Q(state=RunState.DRAFT), "finished_at", _("核定批次待核对")),
        (
            Permission.CONFIRM_ASSESSMENT,
            Q(state=RunState.CHECKED) & ~Q(checked_by=user),
            "checked_at",
            _("核定批次待核定"),
        ),
    )
    for permission, states, since, label in steps:
        if user.may_somewhere(permission):
            yield waiting_runs(label, runs.within_right(user, permission).filter(states), since)
    if user.may_somewhere(Permission.VIEW_RUNS):
        latest = runs.visible_to(user).exclude(state=RunState.DISCARDED).select_related("region").first()
        if latest:
            words = {"year": latest.levy_year, "region": latest.region, "state": latest.status.label}
            text = _("%(region)s%(year)s年度，%(state)s") % words
            yield Latest(_("核定批次"), text, latest.get_absolute_url())


@source
def corrections_to_approve(user: User) -> Iterable[Waiting]:
    """Corrections that another person has proposed, with their total change of the amounts due."""
    if user.may_somewhere(Permission.CONFIRM_ASSESSMENT):
        waiting = Supersession.objects.within_right(user, Permission.CONFIRM_ASSESSMENT).filter(approved_at=None)
        found = waiting.exclude(proposed_by=user).aggregate(
            count=Count("pk"), since=Min("proposed_at"), known=Count(DIFFERENCE), yuan=Sum(DIFFERENCE)
        )
        # A sum without those that have no figures would look like the whole.
        whole = found["count"] and found["known"] == found["count"]
        money = Money(found["yuan"], _("应缴费额增减")) if whole else None
        url = reverse("levy:correction_list")
        yield Waiting(_("更正待批准"), found["count"], url, found["since"], money=money)


@source
def parameters_to_approve(user: User) -> Iterable[Waiting]:
    """Changes of parameters that another parameter administrator has proposed."""
    if user.may_somewhere(Permission.MANAGE_PARAMETERS):
        changes = ParameterChange.objects.within_right(user, Permission.MANAGE_PARAMETERS)
        yield _of_others(_("参数变更待批准"), user, changes, "levy:parameter_change_list")


@source
def divisions_to_approve(user: User) -> Iterable[Waiting]:
    """Changes of divisions that another administrator has proposed."""
    if user.may_somewhere(Permission.MANAGE_REGIONS):
        inside = Q(pk__in=[])
        for prefix in user.prefixes(Permission.MANAGE_REGIONS):
            inside |= Q(code__startswith=prefix)
        yield _of_others(_("行政区划变更待批准"), user, RegionChange.objects.filter(inside), "levy:region_list")


def _of_others(label: str, user: User, changes: Any, page: str) -> Waiting:
    """A line of the proposals that wait and are not the person's own."""
    others = changes.filter(state=ProposalState.PROPOSED).exclude(proposed_by=user)
    found = others.aggregate(count=Count("pk"), since=Min("proposed_at"))
    return Waiting(label, found["count"], reverse(page), found["since"])


def waiting_runs(label: str, runs: Any, since: str) -> Waiting:
    """A line of runs, which leads to the run itself where there is one only. A run not yet whole has no total."""
    found = runs.aggregate(count=Count("pk"), only=Min("pk"), since=Min(since), yuan=Sum("payable_total"))
    single = found["count"] == 1
    url = reverse("levy:run_detail", args=[found["only"]]) if single else reverse("levy:run_list")
    money = None if found["yuan"] is None else Money(found["yuan"], _("应缴费额合计"))
    return Waiting(label, found["count"], url, found["since"], money=money)
