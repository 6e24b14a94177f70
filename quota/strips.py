"""A placement's year as twelve cells: what the page shows for each month, and why."""

from typing import Any

from django.utils.translation import gettext as _

from quota.models import PlacementCheck
from quota.rules import Reason
from quota.words import translated

NOT_CLAIMED = frozenset({Reason.OUTSIDE_CONTRACT, Reason.NOT_CLAIMED})


def month_cells(check: PlacementCheck) -> list[dict[str, Any]]:
    """Cells of {month, kind, weight, reason} as components/months.html takes them, from what was decided."""
    months = zip(check.reasons, check.decided, check.computed, strict=True)
    return [
        {"month": number, "kind": _kind(Reason(reason), decided), "weight": decided, "reason": _words(check, *month)}
        for number, month in enumerate(months, start=1)
        for reason, decided, _computed in [month]
    ]


def _kind(reason: Reason, decided: int) -> str:
    if decided:
        return "counted"
    if reason in NOT_CLAIMED:
        return "unclaimed"
    if reason is Reason.TWO_EMPLOYERS:
        return "open"
    return "nodata" if reason.is_lack_of_data else "not"


def _words(check: PlacementCheck, reason: int, decided: int, computed: int) -> str:
    """Why a month is as it is; a month that an officer decided otherwise says so. Counted months need no words."""
    if decided != computed:
        return _("%(note)s（认定）") % {"note": check.decision_note} if check.decision_note else _("按认定")
    return "" if decided or Reason(reason) in NOT_CLAIMED else str(translated(Reason(reason).label))
