"""Employers with a notice, and the words that a PDF's reader sees."""

import re
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from accounts.models import User
from accounts.permissions import Role
from levy.models import Assessment, Notice
from levy.services.notices import issue_notice
from quota.models import Employer
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import EmployerFactory, verified_year

COUNTY, NEIGHBOUR = "140105", "140106"


def name_regions() -> None:
    for code, name in (("140000", "山西省"), ("140100", "太原市"), (COUNTY, "小店区"), (NEIGHBOUR, "迎泽区")):
        RegionFactory(code=code, name=name)


def employer(
    name: str = "太原清和精密制造有限公司", *, staff: int = 218, credited: int = 27, **fields: Any
) -> Employer:
    """An employer whose year 2025 is verified; with these figures it owes 43,612.84 yuan."""
    made = EmployerFactory(name=name, **fields)
    verified_year(made, staff=staff, wages="18642350.00", credited=credited)
    return made


def levy_officer(region: str = COUNTY) -> User:
    return officer(Role.LEVY_OFFICER, region)


def issued(found: Employer, actor: User | None = None) -> Notice:
    """The notice of the employer's assessment in force, as the pages load it."""
    assessment = Assessment.objects.current().get(employer=found)
    notice = issue_notice(assessment=assessment, actor=actor or levy_officer("140000"))
    return Notice.objects.with_contents().get(pk=notice.pk)


def words(pdf: bytes) -> str:
    """The words that a reader sees, without line breaks."""
    return squeezed("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)
