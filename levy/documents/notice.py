"""征收核定通知书: the contents of the document. services.notices issues it, services.batches prints many."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from design.document_codes import check_address, grouped
from design.pdf import Pdf, render_pdf, sheet
from design.qr import qr_path
from law.amount import Step
from law.notation import number
from levy.models import Assessment, Notice, Supersession
from levy.queries.explanations import explain
from quota.models import VerifiedHeadcount

TITLE = "残疾人就业保障金征收核定通知书"
REGULATION = "财税〔2015〕72号"  # the notice defines it as 《办法》 and cites it by that name
ROUNDED = "，四舍五入到分"


@dataclass(frozen=True, slots=True)
class NoticePeriod:
    """A period for an act, with the text that sets it; `until` if it runs from the day of issue."""

    length: int
    source: str
    until: date


def notice_sheets(notices: Sequence[Notice]) -> list[SafeString]:
    """The <article> of each notice; the number of queries does not grow with them."""
    names = Region.objects.full_names({notice.assessment.region_id for notice in notices})
    headcounts = _headcount_numbers(notices)
    return [
        sheet("levy/_notice_sheet.html", _context(notice, names, headcounts.get(notice.pk, ""))) for notice in notices
    ]


def notice_pdf(notices: Sequence[Notice], *, title: str = TITLE) -> Pdf:
    """One file with a notice per page, dated by the youngest of them. `page_of` has each notice's number."""
    dated = timezone.localtime(max(notice.issued_at for notice in notices))
    return render_pdf(title=title, dated=dated, sheets=notice_sheets(notices))


def _context(notice: Notice, names: Mapping[str, str], headcount_number: str) -> dict[str, Any]:
    assessment = notice.assessment
    region, assessed = names[assessment.region_id], explain(assessment)
    return {
        "notice": notice,
        "assessment": assessment,
        "steps": [_line(step) for step in assessed.steps],
        "rounded": [row for row, step in enumerate(assessed.steps, 1) if step.formula.endswith(ROUNDED)],
        "region": region,
        "issuer": settings.DOCUMENTS["issuer"].replace("{region}", region) or region,
        "policy": assessed.terms.policy,
        "surcharge": f"{number(assessed.terms.policy.surcharge_daily_rate.value * 1000)}‰",
        "headcount_number": headcount_number,
        "replaces": _replacement(assessment),
        "replaced_number": _replaced_number(assessment),
        "periods": {name: _period(name, notice) for name in PERIODS},
        "code": grouped(notice.verification_code),
        "qr": qr_path(check_address(notice.verification_code)),
    }


def _replacement(assessment: Assessment) -> Supersession | None:
    """The correction by which it replaced another; None for a first assessment, also for a supplement."""
    correction = getattr(assessment, "supersedes", None)
    return correction if correction and correction.old else None


def _replaced_number(assessment: Assessment) -> str:
    """The number of the notice that this one replaces: the last one served before it, across unserved corrections;
    none if no older assessment was served."""
    found = assessment
    while correction := _replacement(found):
        found = correction.old
        if notice := getattr(found, "notice", None):
            return notice.number
    return ""


def _line(step: Step) -> dict[str, Any]:
    """A step for the table: the unit of money beside its label, roundings in the remark below the table, the
    regulation by its short name."""
    return {
        "label": f"{step.label}（{step.unit}）" if step.unit == "元" else step.label,
        "formula": step.formula.removesuffix(ROUNDED),
        "value": step.value,
        "unit": step.unit,
        "citation": step.citation.replace(REGULATION, "《办法》"),
    }


PERIODS = ("payment_days", "objection_days", "review_days", "suit_months")


def _period(name: str, notice: Notice) -> NoticePeriod | None:
    """A period of the deployment's settings, or None if no text sets one."""
    stated = settings.DOCUMENTS[name]
    if stated is None:
        return None
    length, source = stated
    return NoticePeriod(length, source, timezone.localdate(notice.issued_at) + timedelta(days=length))


def _headcount_numbers(notices: Iterable[Notice]) -> dict[int, str]:
    """By notice, the 审核认定书 that was valid when the run computed: a later one does not change the notice."""
    computed_at = F("employer__assessments__run__finished_at")
    stood = Q(issued_at__lte=computed_at) & (Q(withdrawn_at=None) | Q(withdrawn_at__gt=computed_at))
    rows = VerifiedHeadcount.objects.filter(
        stood,
        employer__assessments__notice__in=[notice.pk for notice in notices],
        levy_year=F("employer__assessments__levy_year"),
    )
    return dict(rows.order_by("pk").values_list("employer__assessments__notice", "number"))


BANDS = (
    (Decimal(0), _("无需缴纳")),
    (Decimal(10_000), _("1万元以下")),
    (Decimal(100_000), _("1万元至10万元")),
    (Decimal(1_000_000), _("10万元至100万元")),
    (Decimal(10_000_000), _("100万元至1000万元")),
)


def amount_band(payable: Decimal) -> str:
    """An amount for the public check: precise enough to notice a changed figure, too rough to reveal it.

    A bound belongs to the lower band.
    """
    return str(next((band for limit, band in BANDS if payable <= limit), _("1000万元以上")))
