"""Adding, renaming and retiring a division: one administrator proposes, another one puts it into effect.

Nothing is re-keyed: employers, runs and documents of a retired code keep it.
"""

import re
from datetime import date
from operator import attrgetter

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Region, User, region_level
from audit.errors import ReasonMissing
from casework.services.decisions import Decision
from levy.errors import RegionPending, RegionRefused
from levy.models import RegionChange
from levy.queries.divisions import Attached, standing
from levy.workflow import APPROVE_DIVISION, REJECT_DIVISION

Kind = RegionChange.Kind


def propose_region_change(
    *,
    kind: RegionChange.Kind,
    code: str,
    document_number: str,
    reason: str,
    actor: User,
    name: str = "",
    successor: Region | None = None,
    last_day: date | None = None,
) -> RegionChange:
    """Ask a second administrator for a change. `successor` and `last_day` (today at the latest) are for retiring.

    Raises PermissionMissing, ReasonMissing, RegionRefused for an impossible change, RegionPending.
    """
    if not document_number.strip():
        raise ReasonMissing
    region = Region.objects.filter(code=code).first()
    former = region.name if region else ""
    change = RegionChange(
        kind=kind, code=code, name=name.strip() or former, former_name=former, successor=successor,
        last_day=last_day, document_number=document_number.strip(), reason=reason.strip(),
    )  # fmt: skip
    return DIVISIONS.propose(change, actor=actor, reason=change.reason)


def refuse_impossible(change: RegionChange, region: Region | None, attached: Attached | None) -> None:
    """Raise RegionRefused with the obstacle to the change. `region` and `attached` are those of `standing`."""
    if change.kind == Kind.ADD:
        _refuse_adding(change, region)
        return
    if region is None or attached is None or region.valid_until is not None or region.name != change.former_name:
        raise RegionRefused(_("该行政区划刚有变化，请按最新情况重新提出。"))
    if change.kind == Kind.RENAME:
        if change.name == region.name:
            raise RegionRefused(_("新名称与现名称相同。"))
        return
    _refuse_successor(change, region)
    _refuse_retiring(attached)


def _refuse_adding(change: RegionChange, known: Region | None) -> None:
    if not re.fullmatch("[1-9][0-9]{5}", change.code, re.ASCII) or change.code.endswith("0000"):
        raise RegionRefused(_("代码应为6位数字。省级行政区划由国家名录更新。"))
    if known is not None:
        raise RegionRefused(_("代码%(code)s已用于%(name)s，代码不重复使用。") % {"code": known.code, "name": known})
    parent = Region(code=change.code).parent_code
    if not Region.objects.filter(code=parent, valid_until=None).exists():
        raise RegionRefused(_("没有现行的上级行政区划%(code)s，请先新增上级。") % {"code": parent})


def _refuse_successor(change: RegionChange, region: Region) -> None:
    if region.level == Region.Level.PROVINCE:
        raise RegionRefused(_("省级行政区划由国家名录更新，不能在此撤销。"))
    into = Region.objects.filter(pk=change.successor_id, valid_until=None, level=region.level).first()
    if into is None or into == region or into.code[:2] != region.code[:2]:
        raise RegionRefused(_("请选择同省、同级、现行的另一个行政区划作为并入地。"))
    if change.last_day is None or change.last_day > timezone.localdate():
        raise RegionRefused(_("最后有效日不能晚于今天。"))


def _refuse_retiring(found: Attached) -> None:
    if found.below:
        raise RegionRefused(_("下级还有%(count)s个现行的行政区划，请先办理。") % {"count": found.below})
    if found.runs:
        numbers = _("、").join(str(number) for number in found.runs)
        raise RegionRefused(_("核定批次%(numbers)s正在办理，请先核定或者作废。") % {"numbers": numbers})
    if found.returns:
        raise RegionRefused(_("还有%(count)s份申报没有认定，请先办结。") % {"count": found.returns})


def _hold(change: RegionChange) -> None:
    """Lock the province's row, as for starting a run, and then the region's own."""
    rows = Region.objects.filter(code__in=[f"{change.code[:2]}0000", change.code]).order_by("code")
    list(rows.select_for_update(of=("self",), no_key=True))


def _shown(change: RegionChange) -> tuple[object, ...]:
    """The change, and the dependants of its division."""
    return (
        change.pk, change.state, change.kind, change.code, change.name, change.former_name, change.successor_id,
        change.last_day, change.document_number, change.reason, standing(change)[1],
    )  # fmt: skip


def _refuse(change: RegionChange, actor: User) -> None:
    refuse_impossible(change, *standing(change))


def _enter(change: RegionChange, actor: User) -> None:
    row, values = Region.objects.filter(code=change.code), {"document_number": change.document_number}
    if change.kind == Kind.ADD:
        Region.objects.create(code=change.code, name=change.name, level=region_level(change.code), **values)
    elif change.kind == Kind.RENAME:
        row.update(name=change.name, **values)
    else:
        row.update(valid_until=change.last_day, successor=change.successor_id, **values)


def _details(change: RegionChange) -> dict[str, str]:
    details = {"kind": change.kind, "code": change.code, "name": change.name, "document": change.document_number}
    if change.kind == Kind.RETIRE:
        details |= {"successor": change.successor_id, "last_day": change.last_day.isoformat()}
    return details


DIVISIONS = Decision(
    approval=APPROVE_DIVISION,
    rejection=REJECT_DIVISION,
    region_of=attrgetter("code"),
    hold=_hold,
    shown=_shown,
    refuse=_refuse,
    effect=_enter,
    details=_details,
    pending=RegionPending,
)
