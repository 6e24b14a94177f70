"""Answers whether a document is genuine, and what has replaced it."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils import timezone

from accounts.models import Region
from design.document_codes import LENGTH, tidied
from law.counting import MONTHS
from levy.documents.notice import TITLE as NOTICE_TITLE
from levy.documents.notice import amount_band
from levy.models import Assessment, Notice
from quota.documents.headcount_certificate import TITLE as CERTIFICATE_TITLE
from quota.documents.headcount_certificate import certificate_of_code
from quota.models import VerifiedHeadcount
from quota.queries.parameters import months_averaged_for


def replacement_of(assessment: Assessment) -> Assessment | None:
    """The assessment in force instead of this one, after any number of corrections; None if this one is in force.

    A correction counts once a second person approved it.
    """
    found = assessment
    while (correction := getattr(found, "superseded_by", None)) and correction.approved_at:
        found = correction.new
    return None if found is assessment else found


class DocumentStanding(StrEnum):
    """The answers of the check about a document that was really issued."""

    VALID = "valid"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """The public facts about a genuine document: enough to compare it with the paper, no personal data."""

    title: str
    number: str
    standing: DocumentStanding
    issued_on: date
    region: str
    levy_year: int
    uscc_tail: str
    amount_band: str = ""  # of a notice
    credited_months: int | None = None  # of a certificate
    months_averaged: int = MONTHS
    replaced_by: str = ""


def check_document(*, code: str, number: str = "") -> DocumentAnswer | None:
    """The document with this verification code, and with this number if one is given; else None.

    A 审核认定书 is found by its number, so that check needs both.
    """
    code, number = tidied(code), _tidied_number(number)
    if len(code) != LENGTH:
        return None
    notice = Notice.objects.filter(verification_code=code).with_contents().first()
    if notice is not None:
        return _notice_answer(notice) if number in ("", notice.number) else None
    headcount = certificate_of_code(number=number, code=code)
    return _certificate_answer(headcount) if headcount else None


BRACKETS = str.maketrans("[]()【】（）", "〔〕〔〕〔〕〔〕")


def _tidied_number(text: str) -> str:
    """A typed number in its stored form: few keyboards have 〔 and 〕."""
    return "".join(unicodedata.normalize("NFKC", text).translate(BRACKETS).split())


def _notice_answer(notice: Notice) -> DocumentAnswer:
    assessment = notice.assessment
    replacement = replacement_of(assessment)
    successor = getattr(replacement, "notice", None)
    return DocumentAnswer(
        title=NOTICE_TITLE,
        number=notice.number,
        standing=DocumentStanding.REPLACED if replacement else DocumentStanding.VALID,
        issued_on=timezone.localdate(notice.issued_at),
        region=_full_name(assessment.region_id),
        levy_year=assessment.levy_year,
        uscc_tail=assessment.employer.uscc[-4:],
        amount_band=amount_band(assessment.payable),
        replaced_by=successor.number if successor else "",
    )


def _certificate_answer(headcount: VerifiedHeadcount) -> DocumentAnswer:
    successor = None
    standing = DocumentStanding.VALID
    if headcount.withdrawn_at is not None:
        current = VerifiedHeadcount.objects.current().filter(levy_year=headcount.levy_year)
        successor = current.filter(employer=headcount.employer_id).first()
        standing = DocumentStanding.REPLACED if successor else DocumentStanding.WITHDRAWN
    return DocumentAnswer(
        title=CERTIFICATE_TITLE,
        number=headcount.number,
        standing=standing,
        issued_on=timezone.localdate(headcount.issued_at),
        region=_full_name(headcount.employer.region_id),
        levy_year=headcount.levy_year,
        uscc_tail=headcount.employer.uscc[-4:],
        credited_months=headcount.credited_months,
        months_averaged=months_averaged_for(headcount.employer, headcount.levy_year),
        replaced_by=successor.number if successor else "",
    )


def _full_name(region_code: str) -> str:
    return Region.objects.full_names([region_code])[region_code]
