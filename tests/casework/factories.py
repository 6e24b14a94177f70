"""Cases of the sample app and the people around them."""

from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import Region, User
from accounts.permissions import Role
from casework.case_kinds import DELIVERY_PROOF, CaseKind, PaperKind
from casework.models import CasePaper, Side
from casework.services.case_file import add_paper
from casework.services.cases import open_case
from tests.accounts.factories import RegionFactory, officer
from tests.casework.models import FULL, Request

COUNTY = "140105"


def clerk() -> User:
    """An officer who keeps cases in the county."""
    return officer(Role.LEVY_OFFICER, COUNTY)


def decider() -> User:
    return officer(Role.FINANCE_OFFICER, COUNTY)


def applicant() -> User:
    return officer(Role.EMPLOYER, COUNTY)


def request_of(
    person: User, *, kind: CaseKind = FULL, region: Region | None = None, opened_on: date | None = None, **given: Any
) -> Request:
    """A case opened at the counter, unless an actor and a side are given."""
    case = Request(
        applicant=person, region=region or RegionFactory(code=COUNTY), opened_on=opened_on or timezone.localdate()
    )
    return open_case(case=case, kind=kind, **({"actor": given.pop("actor", None) or clerk()} | given))


def paper_in(case: Request, kind: PaperKind = DELIVERY_PROOF, content: bytes = b"%PDF-1.7") -> CasePaper:
    return add_paper(case=case, kind=kind, name="回证.pdf", content=content, side=Side.OFFICE, actor=clerk())
