"""Uploaded files that wait for a decision, and their menu entry."""

from collections.abc import Iterable

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from casework.desk import MenuEntry, Waiting, menu, source
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from exchange.queries import kinds_for

LOADING = (
    Permission.LOAD_FILINGS,
    Permission.LOAD_REGISTERS,
    Permission.LOAD_TAX_FILES,
    Permission.MANAGE_PARAMETERS,
)
menu(MenuEntry(90, "exchange:file_list", gettext_lazy("文件导入"), LOADING))


@source
def files_to_look_at(user: User) -> Iterable[Waiting]:
    """Checked uploads that wait for a decision, with and without faults; for parameters only another person's."""
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
    sound, faulty = Q(fault_count=0), Q(fault_count__gt=0)
    found = checked.aggregate(
        sound=Count("pk", filter=sound),
        sound_since=Min("created_at", filter=sound),
        faulty=Count("pk", filter=faulty),
        faulty_since=Min("created_at", filter=faulty),
    )
    files = reverse("exchange:file_list")
    yield Waiting(_("导入文件待确认写入"), found["sound"], files, found["sound_since"])
    yield Waiting(_("导入文件有错，待处理"), found["faulty"], files, found["faulty_since"])
