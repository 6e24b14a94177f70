"""审核认定书 on paper: how many person-months the federation verified, month by month, without naming anybody."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString

from accounts.models import Region
from design.document_codes import check_address, derived_code, grouped
from design.pdf import Pdf, render_pdf, sheet
from design.qr import qr_path
from quota.models import PlacementCheck, VerifiedHeadcount
from quota.queries.parameters import months_averaged_for
from quota.queries.verification import numbered_seed

TITLE = "用人单位安排残疾人就业情况审核认定书"


def certificate_code(headcount: VerifiedHeadcount) -> str:
    """The verification code of a certificate. It never changes, because paper outlives every key."""
    return derived_code((headcount.code_seed or numbered_seed(headcount.number)).bytes)


def certificate_of_code(*, number: str, code: str) -> VerifiedHeadcount | None:
    """The certificate with this number, if the code is its own."""
    headcount = VerifiedHeadcount.objects.filter(number=number).select_related("employer").first()
    return headcount if headcount and constant_time_compare(certificate_code(headcount), code) else None


def certificate_sheet(headcount: VerifiedHeadcount) -> SafeString:
    """The certificate as an <article>."""
    region_code = headcount.employer.region_id
    region = Region.objects.full_names([region_code])[region_code]
    code = certificate_code(headcount)
    context = {
        "headcount": headcount,
        "employer": headcount.employer,
        "filed_on": headcount.headcount_return.filed_on,
        "is_late": headcount.headcount_return.is_late,
        "months_averaged": months_averaged_for(headcount.employer, headcount.levy_year),
        "region": region,
        "issuer": settings.DOCUMENTS["certificate_issuer"].replace("{region}", region) or region,
        "code": grouped(code),
        "qr": qr_path(check_address(code, headcount.number)),
    }
    return sheet("quota/_headcount_certificate_sheet.html", context | _counted(headcount))


def certificate_pdf(headcount: VerifiedHeadcount) -> Pdf:
    """One page, dated by its issue."""
    dated = timezone.localtime(headcount.issued_at)
    return render_pdf(title=TITLE, dated=dated, sheets=[certificate_sheet(headcount)])


def _counted(headcount: VerifiedHeadcount) -> dict[str, Any]:
    """People and months behind the figure, where what was decided still is what was certified."""
    checks = PlacementCheck.objects.filter(
        placement__employer=headcount.employer_id, placement__levy_year=headcount.levy_year
    )
    years = list(checks.values_list("decided", flat=True))
    months = [sum(year[month] for year in years) for month in range(12)]
    if sum(months) != headcount.credited_months:
        return {}
    counted = checks.filter(decided__contains=[1]) | checks.filter(decided__contains=[2])
    people = counted.aggregate(
        people=Count("placement__person_key", distinct=True),
        severe=Count("placement__person_key", distinct=True, filter=Q(weight=2)),
    )
    return {"months": months, **people}
