"""Uploaded files that wait for a decision, and their menu entry."""

from collections.abc import Iterable

from django.db.models import Count, DecimalField, Min, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from casework.desk import Due, MenuEntry, Money, Waiting, menu, source
from exchange.models import FileState, ImportedFile
from exchange.queries import kinds_for
from exchange.services.uploads import KEPT_FOR

LOADING = (
    Permission.LOAD_FILINGS,
    Permission.LOAD_REGISTERS,
    Permission.LOAD_TAX_FILES,
    Permission.MANAGE_PARAMETERS,
)
menu(MenuEntry(90, "exchange:file_list", gettext_lazy("文件导入"), LOADING))

YUAN = DecimalField(max_digits=18, decimal_places=2)


@source
def files_to_look_at(user: User) -> Iterable[Waiting]:
    """Checked uploads that wait for a decision, with and without faults; those of others that need a second person,
    until their contents are removed."""
    kinds = kinds_for(user)
    if not kinds:
        return
    mine = Q(pk__in=[])
    for kind in kinds:
        for prefix in user.prefixes(kind.permission):
            mine |= Q(kind=kind.name, region__code__startswith=prefix)
    checked = ImportedFile.objects.filter(mine, state=FileState.CHECKED)
    alone = Q(needs_second=False)
    sound, faulty = alone & Q(fault_count=0), alone & Q(fault_count__gt=0)
    second = Q(needs_second=True, sound_rows__gt=0) & ~Q(loaded_by=user)
    found = checked.aggregate(
        sound=Count("pk", filter=sound),
        sound_since=Min("created_at", filter=sound),
        faulty=Count("pk", filter=faulty),
        faulty_since=Min("created_at", filter=faulty),
        second=Count("pk", filter=second),
        second_since=Min("created_at", filter=second),
        second_touched=Min("touched_at", filter=second),
        # As typed from the other office's paper: the files' own sums stay hidden until then (promise A16).
        second_money=Sum(Cast(KT("control__received"), YUAN), filter=second),
    )
    files = reverse("exchange:file_list")
    due = found["second_touched"] and Due(localdate(found["second_touched"] + KEPT_FOR), _("文件内容届时清除"))
    money = found["second_money"] and Money(found["second_money"], _("已对账的缴费金额"))
    yield Waiting(_("导入文件待第二人批准"), found["second"], files, found["second_since"], due, money)
    yield Waiting(_("导入文件待确认写入"), found["sound"], files, found["sound_since"])
    yield Waiting(_("导入文件有错，待处理"), found["faulty"], files, found["faulty_since"])
