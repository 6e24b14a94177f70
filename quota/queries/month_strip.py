"""A placement's year as twelve cells, each with its reason."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from design.law_words import translated
from law.counting import MONTHS, Reason, months_of_year
from quota.models import HeadcountReturn, PlacementCheck
from quota.models.returns import PlacementTerms, contract_of

NOT_CLAIMED = frozenset({Reason.OUTSIDE_CONTRACT, Reason.NOT_CLAIMED})


# The employer's cure for a month that was not counted; no entry where there is none.
CURES: Mapping[Reason, Promise] = {
    Reason.CERTIFICATE_UNKNOWN: gettext_lazy("请核对证件类型和号码。"),
    Reason.CERTIFICATE_OTHER_NAME: gettext_lazy("请对照证件核对姓名。"),
    Reason.CERTIFICATE_CANCELLED: gettext_lazy("请本人向户籍地残联核实证件状态。"),
    Reason.CERTIFICATE_FROZEN: gettext_lazy("请本人向户籍地残联核实证件状态。"),
    Reason.CERTIFICATE_EXPIRED: gettext_lazy("请核对证件号码；已换领新证的，填写新证号码。"),
    Reason.CONTRACT_TOO_SHORT: gettext_lazy("请核对合同起止日期。"),
    Reason.WAGE_NO_DATA: gettext_lazy("请核对身份证号，并向残联提交工资发放凭证。"),
    Reason.WAGE_BELOW_MINIMUM: gettext_lazy("当月工资另有发放的，请向残联提交凭证。"),
    Reason.INSURANCE_NO_DATA: gettext_lazy("请核对身份证号，并向残联提交社会保险缴费凭证。"),
    Reason.INSURANCE_INCOMPLETE: gettext_lazy("已补缴的，请向残联提交缴费凭证。"),
    Reason.TWO_EMPLOYERS: gettext_lazy("请向残联说明实际用工情况。"),
}


def month_cells(check: PlacementCheck) -> list[dict[str, Any]]:
    """Cells of {month, kind, weight, reason, citation, cure} for components/months.html, from the decided months. Only
    a month that the checks themselves left out has an article and a cure."""
    months = zip(check.reasons, check.decided, check.computed, strict=True)
    return [_cell(number, check, *month) for number, month in enumerate(months, start=1)]


def _cell(number: int, check: PlacementCheck, code: int, decided: int, computed: int) -> dict[str, Any]:
    reason, words = Reason(code), _words(check, code, decided, computed)
    is_ours = bool(words) and decided == computed
    return {
        "month": number,
        "kind": _kind(reason, decided),
        "weight": decided,
        "reason": words,
        "citation": reason.citation if is_ours else "",
        "cure": CURES.get(reason, "") if is_ours else "",
    }


def awaiting_cells(row: PlacementTerms, levy_year: int) -> list[dict[str, Any]]:
    """The cells of a placement that no officer has decided: the claimed months alike, whatever the registers say."""
    claimed = months_of_year(row.contract_start, row.contract_end, levy_year)
    return [_awaiting(number, is_claimed=number - 1 in claimed) for number in range(1, MONTHS + 1)]


def _awaiting(number: int, *, is_claimed: bool) -> dict[str, Any]:
    kind, words = ("open", _("待残联审核")) if is_claimed else ("unclaimed", "")
    return {"month": number, "kind": kind, "weight": 0, "reason": words, "citation": "", "cure": ""}


def findings(draft: HeadcountReturn) -> dict[int, list[dict[str, Any]]]:
    """The cells of each person on a return that was sent back, by the draft's row: the findings under the same
    contract. Two queries."""
    checks = PlacementCheck.objects.filter(
        placement__employer=draft.employer_id, placement__levy_year=draft.levy_year
    ).select_related("placement")
    found = {contract_of(check.placement): month_cells(check) for check in checks}
    return {row.pk: found[contract_of(row)] for row in draft.draft_placements.all() if contract_of(row) in found}


def _kind(reason: Reason, decided: int) -> str:
    if decided:
        return "counted"
    if reason in NOT_CLAIMED:
        return "unclaimed"
    if reason is Reason.TWO_EMPLOYERS:
        return "open"
    return "nodata" if reason.is_lack_of_data else "not"


def _words(check: PlacementCheck, reason: int, decided: int, computed: int) -> str:
    """The reason of a month; says so if an officer decided otherwise. Counted months need no words."""
    if decided != computed:
        return _("%(note)s（认定）") % {"note": check.decision_note} if check.decision_note else _("按认定")
    return "" if decided or Reason(reason) in NOT_CLAIMED else str(translated(Reason(reason).label))
