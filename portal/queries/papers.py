"""The documents of an employer's year: receipts, certificates and notices, withdrawn and replaced ones included."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from levy.models import Notice
from quota.models import Employer, HeadcountReturn, VerifiedHeadcount


@dataclass(frozen=True, slots=True)
class Paper:
    """One document. `remark` gives the reason why it is no longer valid, "" if it is; `file_url` leads to its PDF, ""
    for none."""

    employer: Employer
    levy_year: int
    title: str
    number: str
    at: datetime
    url: str
    file_url: str = ""
    remark: str = ""


def papers_of(employers: Iterable[Employer], levy_year: int) -> list[Paper]:
    """All documents of these employers and the year, newest first, in three queries."""
    whose: dict[str, Any] = {"employer__in": employers, "levy_year": levy_year}
    notices = Notice.objects.filter(assessment__employer__in=employers, assessment__levy_year=levy_year)
    return papers_of_rows(
        HeadcountReturn.objects.filter(**whose).select_related("employer"),
        VerifiedHeadcount.objects.filter(**whose).select_related("employer"),
        notices.select_related("assessment__employer", "assessment__superseded_by"),
    )


def papers_of_rows(
    returns: Iterable[HeadcountReturn], headcounts: Iterable[VerifiedHeadcount], notices: Iterable[Notice]
) -> list[Paper]:
    """The documents of rows already loaded, newest first. Only employers see receipts: officers issue none."""
    papers = [
        *(_receipt(row) for row in returns if row.submitted_at),
        *(_certificate(row) for row in headcounts),
        *(_notice(row) for row in notices),
    ]
    return sorted(papers, key=lambda paper: paper.at, reverse=True)


def _receipt(filed: HeadcountReturn) -> Paper:
    url = reverse("quota:receipt", args=[filed.pk])
    remark = "" if filed.is_in_force else _("未取代此前的申报，或已由其他申报取代")
    return Paper(
        filed.employer, filed.levy_year, _("受理回执"), filed.receipt_number, filed.submitted_at, url, remark=remark
    )


def _certificate(headcount: VerifiedHeadcount) -> Paper:
    number = headcount.number
    return Paper(
        headcount.employer,
        headcount.levy_year,
        _("审核认定书"),
        number,
        headcount.issued_at,
        reverse("quota:certificate", args=[number]),
        reverse("quota:certificate_file", args=[number]),
        _("已撤回") if headcount.withdrawn_at else "",
    )


def _notice(notice: Notice) -> Paper:
    assessment = notice.assessment
    return Paper(
        assessment.employer,
        assessment.levy_year,
        _("征收核定通知书"),
        notice.number,
        notice.issued_at,
        reverse("levy:notice", args=[notice.number]),
        reverse("levy:notice_file", args=[notice.number]),
        _("已被更正替代") if notice.is_replaced else "",
    )
