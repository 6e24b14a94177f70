"""What waits for levy and tax officers: runs, corrections, exchange files; and the latest run."""

from collections.abc import Iterable

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.waiting import Latest, Waiting, source
from levy.exchange import KINDS
from levy.models import AssessmentRun, RunState, Supersession
from levy.services.files import kinds_for
from quota.models import ImportedFile
from quota.models.exchange import FileState


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


@source
def files_to_look_at(user: User) -> Iterable[Waiting]:
    """Uploads that were read and wait for a word, with and without faults; parameters only by somebody else."""
    kinds = kinds_for(user)
    if not kinds:
        return
    mine = Q(pk__in=[])
    for kind in kinds:
        for prefix in user.prefixes(kind.permission):
            mine |= Q(kind=kind.name, region__code__startswith=prefix)
    two_people = [kind.name for kind in KINDS.values() if kind.needs_two_people]
    checked = ImportedFile.objects.filter(mine, state=FileState.CHECKED)
    checked = checked.exclude(kind__in=two_people, loaded_by=user)
    counts = checked.aggregate(
        sound=Count("pk", filter=Q(fault_count=0)), faulty=Count("pk", filter=Q(fault_count__gt=0))
    )
    yield Waiting(_("导入文件待确认写入"), counts["sound"], reverse("levy:file_list"))
    yield Waiting(_("导入文件有错，待处理"), counts["faulty"], reverse("levy:file_list"))
