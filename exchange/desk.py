"""Uploaded files that wait for a decision."""

from collections.abc import Iterable

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.waiting import Waiting, source
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from exchange.queries import kinds_for


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
    yield Waiting(_("导入文件待确认写入"), counts["sound"], reverse("exchange:file_list"))
    yield Waiting(_("导入文件有错，待处理"), counts["faulty"], reverse("exchange:file_list"))
