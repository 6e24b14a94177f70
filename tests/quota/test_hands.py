"""Who loaded the evidence of a person, or issued the employer's sign-in code, does not verify the claim."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Region, User
from accounts.permissions import Role
from accounts.services import appoint
from audit.errors import SecondPersonNeeded
from casework.desk import Waiting, all_lines
from exchange.engine.loading import Mode, load_file
from exchange.kinds import KINDS
from exchange.models import FileState, ImportedFile
from exchange.services.approvals import decision_about
from exchange.services.uploads import order_writing, read_file, receive_file, write_file
from quota.enums import ReturnState
from quota.models import Certificate, Employer, HeadcountReturn, Placement
from quota.queries.evidence import barred_returns
from quota.queries.origins import origins_of
from quota.services.batches import agreeing, review_agreeing, verify_agreeing, verify_region
from quota.services.checks import run_checks
from quota.services.filing import open_return, save_return, submit_return
from quota.services.sign_in_codes import issue_sign_in_code
from quota.services.verification import decide_placement, review_return, verify_return
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import csv_bytes, source
from tests.quota.factories import (
    EmployerFactory,
    employer_never_late,
    filed_return,
    identity_number,
    placement,
    regional_number,
)

pytestmark = pytest.mark.django_db
COUNTY = "140105"
NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)
AGENCY, HOST = "91140105MA01000604", "91140105MA0100057Q"

Rows = Callable[[str], list[list[str]]]
# One row of each kind about the person; every row is new or changes the stored one.
LOADS: dict[str, Rows] = {
    "placements": lambda person: [
        [AGENCY, "2025", "郭秀兰", person, "残疾人证", f"{person}43", "劳动合同", "2024-01-01", "", "门卫"]
    ],
    "certificates": lambda person: [
        ["残疾人证", f"{person}43", "郭秀兰", person, "4", "3", "2020-01-01", "2031-01-01", "有效"]
    ],
    "insurance": lambda person: [[AGENCY, person, "2025-03", "1", "1", "1", "0"]],
    "wages": lambda person: [[AGENCY, person, "2025-03", "2999.00"]],
    "dispatch_agreements": lambda person: [[AGENCY, HOST, person, "2025-02-01", "", "派遣单位"]],
}


@pytest.fixture
def person() -> str:
    return identity_number()


@pytest.fixture
def filed(person: str) -> HeadcountReturn:
    """A checked return of an employer that claims one person, whose evidence nobody of the office loaded."""
    regional_number("minimum_wage", "2000")
    employer = EmployerFactory(uscc=AGENCY, region=RegionFactory(code=COUNTY))
    EmployerFactory(uscc=HOST, region=RegionFactory(code=COUNTY))
    placement(employer, identity=person)
    Certificate.objects.update(region=COUNTY)
    made = filed_return(employer)
    run_checks(levy_year=2025, region_code=COUNTY)
    return checked(made)


def checked(filed: HeadcountReturn) -> HeadcountReturn:
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.CHECKED)
    filed.refresh_from_db()
    return filed


def bar_of(filed: HeadcountReturn, person: User) -> str:
    return origins_of(filed).bar(person)


def waits(person: User) -> int:
    """The returns that the desk offers for the first review."""
    return sum(line.count for line in all_lines(person) if isinstance(line, Waiting) and "待初审" in line.label)


def verifier_and_loader() -> User:
    """A verifier who was given the other post as well."""
    both = officer(Role.VERIFIER, COUNTY)
    appoint(user=both, role=Role.SERVICE_OFFICER, region=Region.objects.get(pk=COUNTY), actor=None)
    return both


def received(kind: str, rows: list[list[str]], loader: User) -> ImportedFile:
    """A file brought through the pages."""
    content = csv_bytes([KINDS[kind].headings, *rows])
    return receive_file(kind=KINDS[kind], upload=SimpleUploadedFile(f"{kind}.csv", content), actor=loader)


def upload(kind: str, rows: list[list[str]], loader: User, writer: User | None = None) -> ImportedFile:
    """A file brought through the pages and written."""
    file = received(kind, rows, loader)
    read_file(file=file)
    file.refresh_from_db()
    assert (file.state, file.fault_count) == (FileState.CHECKED, 0), file.faults
    if file.needs_second:
        second = writer or officer(Role.SERVICE_OFFICER, COUNTY)
        decision_about(file).approve(file, actor=second, reason="已与原件核对")
    else:
        order_writing(file=file, only_sound_rows=False, actor=writer or loader)
    write_file(file=ImportedFile.objects.get(pk=file.pk))
    file.refresh_from_db()
    assert file.state == FileState.APPLIED
    return file


@pytest.mark.parametrize("kind", LOADS)
def test_who_loaded_evidence_of_a_claimed_person_takes_no_step(filed: HeadcountReturn, person: str, kind: str) -> None:
    both = verifier_and_loader()
    upload(kind, LOADS[kind](person), both)
    checked(filed)
    with pytest.raises(SecondPersonNeeded):
        review_return(headcount_return=filed, actor=both)
    with pytest.raises(SecondPersonNeeded):
        decide_placement(placement=Placement.objects.first(), decided=[0] * 12, reason="R02", actor=both)
    HeadcountReturn.objects.filter(pk=filed.pk).update(
        state=ReturnState.REVIEWED, reviewed_by=officer(Role.VERIFIER, COUNTY), reviewed_at=filed.submitted_at or NOON
    )
    with pytest.raises(SecondPersonNeeded):
        verify_return(headcount_return=filed, actor=both)
    assert str(KINDS[kind].label) in bar_of(filed, both)
    assert barred_returns(both) == [filed.pk]


@pytest.mark.parametrize("kind", LOADS)
def test_twin_a_colleague_who_loaded_nothing_may_take_the_step(filed: HeadcountReturn, person: str, kind: str) -> None:
    upload(kind, LOADS[kind](person), verifier_and_loader())
    checked(filed)
    assert review_return(headcount_return=filed, actor=officer(Role.VERIFIER, COUNTY)).state == ReturnState.REVIEWED


def test_who_only_ordered_the_writing_is_barred_too(filed: HeadcountReturn, person: str) -> None:
    writer = verifier_and_loader()
    upload("wages", LOADS["wages"](person), verifier_and_loader(), writer)
    assert bar_of(filed, writer)


def test_evidence_of_other_people_and_years_bars_nobody(filed: HeadcountReturn, person: str) -> None:
    both = verifier_and_loader()
    upload("wages", [[AGENCY, identity_number(), "2025-03", "2999.00"], [AGENCY, person, "2024-03", "2999.00"]], both)
    assert bar_of(filed, both) == ""
    assert barred_returns(both) == []


def test_who_loaded_the_return_itself_is_barred_as_uploader_and_as_writer(filed: HeadcountReturn) -> None:
    row = [AGENCY, "2025", "2026-05-06", *["90"] * 12, "5400000.00"]
    loader, writer = officer(Role.VERIFIER, COUNTY), officer(Role.VERIFIER, COUNTY)
    upload("returns", [row], loader, writer)
    checked(filed)
    for one in (loader, writer):
        with pytest.raises(SecondPersonNeeded):
            review_return(headcount_return=filed, actor=one)


def test_the_command_line_bars_nobody_and_is_named(filed: HeadcountReturn, person: str) -> None:
    both = verifier_and_loader()
    content = csv_bytes([KINDS["wages"].headings, *LOADS["wages"](person)])
    load_file(kind=KINDS["wages"], source=source(content), mode=Mode.APPLY, actor=both)
    assert bar_of(filed, both) == ""
    (origin,) = [one for one in origins_of(filed).all if one.kind == "wages" and one.file]
    assert origin.who == f"命令行（{both}）"
    assert not origins_of(filed).uploads


def test_batches_leave_out_what_the_person_had_a_hand_in(filed: HeadcountReturn, person: str) -> None:
    region, both, other = Region.objects.get(pk=COUNTY), verifier_and_loader(), officer(Role.VERIFIER, COUNTY)
    upload("wages", LOADS["wages"](person), both)
    names = {"levy_year": 2025, "region": region}
    assert agreeing(**names, actor=both, source=ReturnState.CHECKED).returns == 0
    assert review_agreeing(**names, actor=both).returns == 0
    assert verify_region(**names, first=both, second=other).returns == 0
    assert verify_region(**names, first=other, second=both).returns == 0
    assert review_agreeing(**names, actor=other).returns == 1
    assert agreeing(**names, actor=both, source=ReturnState.REVIEWED).returns == 0
    assert verify_agreeing(**names, actor=both).returns == 0
    assert verify_agreeing(**names, actor=officer(Role.VERIFIER, COUNTY)).returns == 1


def test_the_desk_does_not_offer_it_and_the_page_tells_why(
    filed: HeadcountReturn, person: str, signed_in: Callable[..., Client]
) -> None:
    both = verifier_and_loader()
    assert waits(both) == 1
    upload("wages", LOADS["wages"](person), both)
    assert waits(both) == 0
    page = signed_in(both).get(f"/verification/{filed.pk}/").content.decode()
    assert "工资发放由您导入，审核须由他人办理。" in page
    assert f"/verification/{filed.pk}/review/" not in page


def test_the_second_person_is_told_who_loaded_what(
    filed: HeadcountReturn, person: str, signed_in: Callable[..., Client]
) -> None:
    loader = officer(Role.SERVICE_OFFICER, COUNTY)
    User.objects.filter(pk=loader.pk).update(name="王一")
    file = upload("wages", LOADS["wages"](person), loader)
    client = signed_in(Role.VERIFIER, COUNTY)
    for address in ("", "review/"):
        page = client.get(f"/verification/{filed.pk}/{address}").content.decode()
        assert "王一" in page
        assert f"wages.csv（第{file.pk}号文件）" in page


def test_a_step_asks_no_more_for_many_people_than_for_few(filed: HeadcountReturn) -> None:
    both = verifier_and_loader()
    upload("wages", LOADS["wages"](identity_number()), both)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            bar_of(filed, both)
            barred_returns(both)
            origins_of(filed)
        return len(captured)

    few = asked()
    for _each in range(6):
        placement(filed.employer)
    assert asked() == few


# Sign-in codes


def filed_online(employer: Employer, account: User) -> HeadcountReturn:
    draft = open_return(employer=employer, levy_year=2025, actor=account)
    draft = save_return(
        headcount_return=draft, version=draft.version, staff_by_month=[10] * 12, total_wages=600000, actor=account
    )
    return checked(submit_return(headcount_return=draft, version=draft.version, actor=account))


def test_who_issued_the_sign_in_code_does_not_verify_what_was_filed_with_it() -> None:
    employer = employer_never_late(region=RegionFactory(code=COUNTY))
    issuer = officer(Role.VERIFIER, COUNTY)
    account, _code = issue_sign_in_code(employer=employer, actor=issuer)
    online = filed_online(employer, account)
    with pytest.raises(SecondPersonNeeded, match="登录码"):
        review_return(headcount_return=online, actor=issuer)
    region = Region.objects.get(pk=COUNTY)
    assert review_agreeing(levy_year=2025, region=region, actor=issuer).returns == 0
    assert barred_returns(issuer) == [online.pk]
    assert review_return(headcount_return=online, actor=officer(Role.VERIFIER, COUNTY)).state == ReturnState.REVIEWED


def test_an_older_code_bars_too_and_a_newer_one_takes_its_place() -> None:
    """Issued in the levy year itself, kept, and used in January."""
    employer = employer_never_late(region=RegionFactory(code=COUNTY))
    first, second = officer(Role.VERIFIER, COUNTY), officer(Role.VERIFIER, COUNTY)
    account, _code = issue_sign_in_code(employer=employer, actor=first)
    online = filed_online(employer, account)
    HeadcountReturn.objects.filter(pk=online.pk).update(levy_year=online.submitted_at.year)
    online.refresh_from_db()
    assert "登录码" in bar_of(online, first)
    assert barred_returns(first) == [online.pk]
    other = EmployerFactory(region=employer.region)
    issue_sign_in_code(employer=other, actor=first)
    account, _code = issue_sign_in_code(employer=other, actor=second)
    later = filed_online(other, account)
    assert (bar_of(later, first), barred_returns(second)) == ("", [later.pk])


def test_a_code_issued_after_the_filing_bars_nobody() -> None:
    employer = employer_never_late(region=RegionFactory(code=COUNTY))
    account, _code = issue_sign_in_code(employer=employer, actor=officer(Role.VERIFIER, COUNTY))
    online = filed_online(employer, account)
    late = officer(Role.VERIFIER, COUNTY)
    issue_sign_in_code(employer=employer, actor=late)
    assert bar_of(online, late) == ""


# Posts


def test_verifiers_do_not_load_registers_and_service_officers_do_not_verify() -> None:
    RegionFactory(code=COUNTY)
    verifier, loader = officer(Role.VERIFIER, COUNTY), officer(Role.SERVICE_OFFICER, COUNTY)
    assert not verifier.can("load_registers", COUNTY)
    assert loader.can("load_registers", COUNTY)
    assert not loader.can("verify_return", COUNTY)
    assert not loader.can("load_filings", COUNTY)
